"""What a creator must never lose: the tables and the people's identities."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.platform.tables import Definition, Index, Key, definition, table_name
from stacks.findings import accept

_TYPES = {"S": dynamodb.AttributeType.STRING, "N": dynamodb.AttributeType.NUMBER, "B": dynamodb.AttributeType.BINARY}


class DataStack(cdk.Stack):
    """Every table of every feature there is, switched on or not, and the user pool.

    A switch never touches data, so it never changes this stack: a feature switched off leaves its
    tables (an idle one costs nothing), and switched on again it finds them. See
    docs/decisions/0010-every-table-is-always-there.md.
    """

    def __init__(
        self, scope: Construct, name: str, *, creator: Creator, models: Mapping[str, type[Any]], env: cdk.Environment
    ) -> None:
        super().__init__(
            scope,
            name,
            env=env,
            termination_protection=True,
            description=f"PRISM {creator.id}: tables and identities, retained",
        )
        self.streams: dict[str, str] = {}
        for short_name, model in models.items():
            table = _table(self, creator.id, definition(model))
            if table.table_stream_arn is not None:
                self.streams[short_name] = table.table_stream_arn
        self.user_pool = _user_pool(self, creator)


def _table(stack: DataStack, creator_id: str, table: Definition) -> dynamodb.TableV2:
    return dynamodb.TableV2(
        stack,
        table.short_name,
        table_name=table_name(creator_id, table.short_name),
        partition_key=_attribute(table.hash),
        sort_key=_attribute(table.range) if table.range else None,
        global_secondary_indexes=[_index(index) for index in table.indexes],
        time_to_live_attribute=table.ttl,
        dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if table.streamed else None,
        billing=dynamodb.Billing.on_demand(),
        # The key that AWS owns: encrypted, and nothing to pay while idle.
        encryption=dynamodb.TableEncryptionV2.dynamo_owned_key(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )


def _index(index: Index) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=index.name,
        partition_key=_attribute(index.hash),
        sort_key=_attribute(index.range) if index.range else None,
        projection_type=dynamodb.ProjectionType[index.projection],
        non_key_attributes=list(index.included) or None,
    )


def _attribute(key: Key) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=key.name, type=_TYPES[key.type])


def _user_pool(stack: DataStack, creator: Creator) -> cognito.UserPool:
    """Identities only: who somebody is and how they prove it. Names, roles and preferences are rows of ours."""
    pool = cognito.UserPool(
        stack,
        "people",
        user_pool_name=f"prism-{creator.id}-people",
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        self_sign_up_enabled=True,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        # The old address stays in use until the new one is confirmed.
        keep_original=cognito.KeepOriginalAttrs(email=True),
        standard_attributes=cognito.StandardAttributes(email=cognito.StandardAttribute(required=True, mutable=True)),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        passkey_relying_party_id=creator.domain,
        passkey_user_verification=cognito.PasskeyUserVerification.PREFERRED,
        sign_in_policy=cognito.SignInPolicy(
            allowed_first_auth_factors=cognito.AllowedFirstAuthFactors(password=True, passkey=True)
        ),
        password_policy=cognito.PasswordPolicy(
            min_length=10,
            require_lowercase=False,
            require_uppercase=False,
            require_digits=False,
            require_symbols=False,
            temp_password_validity=cdk.Duration.days(3),
        ),
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    accept(
        pool,
        COG1="Length, not classes of characters, makes a password strong (NIST SP 800-63B 5.1.1.2 tells verifiers not "
        "to impose composition rules); ten characters are asked for, and sign-in is limited to 5 tries in 15 minutes.",
        COG2="Fans choose a second factor (TOTP or passkey), they are not made to. The studio, where it matters, "
        "asks its own team for one.",
        COG8="The Plus plan costs per monthly user. Sign-in is limited by person and by address before Cognito is asked.",
    )
    pool.add_client(
        "site",
        user_pool_client_name="site",
        # Only the functions speak to Cognito, so the client can keep a secret.
        generate_secret=True,
        disable_o_auth=True,
        auth_flows=cognito.AuthFlow(user=True, user_password=True),
        prevent_user_existence_errors=True,
        enable_token_revocation=True,
        access_token_validity=cdk.Duration.minutes(60),
        id_token_validity=cdk.Duration.minutes(60),
        refresh_token_validity=cdk.Duration.days(30),
    ).apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    return pool
