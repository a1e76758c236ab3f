"""What a creator must never lose: the tables, the people's identities and their pictures."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.platform.storage import GUARDED, INCOMING, PUBLISHED, RECORDINGS
from lambdas.platform.tables import Definition, Index, Key, definition, table_name
from stacks.findings import accept

_TYPES = {"S": dynamodb.AttributeType.STRING, "N": dynamodb.AttributeType.NUMBER, "B": dynamodb.AttributeType.BINARY}


def media_bucket_name(creator_id: str) -> str:
    """The name in AWS, the same from every stack and region: prism-kasper-media-<account>."""
    return f"prism-{creator_id}-media-{cdk.Aws.ACCOUNT_ID}"


class DataStack(cdk.Stack):
    """Every table of every feature there is, switched on or not, the user pool and the bucket of media.

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
            description=f"PRISM {creator.id}: tables, identities and media, retained",
        )
        self.streams: dict[str, str] = {}
        for short_name, model in models.items():
            table = _table(self, creator.id, definition(model))
            if table.table_stream_arn is not None:
                self.streams[short_name] = table.table_stream_arn
        self.user_pool = _user_pool(self, creator)
        self.app_client = _app_client(self.user_pool)
        _media_bucket(self, creator)


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
    """Identities only: a person's id, and how they prove that it is they. All else of a person is rows of ours.

    Nobody signs up or recovers an account by Cognito's own ways: the `account` function proves the mailbox, then
    makes the identity or sets its password. See docs/decisions/0030-a-function-for-accounts.md.
    """
    pool = cognito.UserPool(
        stack,
        "identities",
        user_pool_name=f"prism-{creator.id}-people",
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(username=True),
        sign_in_case_sensitive=True,
        account_recovery=cognito.AccountRecovery.NONE,
        mfa=cognito.Mfa.OFF,
        passkey_relying_party_id=creator.domain,
        # A passkey stands for both factors: having the device, and unlocking it.
        passkey_user_verification=cognito.PasskeyUserVerification.REQUIRED,
        sign_in_policy=cognito.SignInPolicy(
            allowed_first_auth_factors=cognito.AllowedFirstAuthFactors(password=True, passkey=True)
        ),
        password_policy=cognito.PasswordPolicy(
            min_length=10,
            require_lowercase=False,
            require_uppercase=False,
            require_digits=False,
            require_symbols=False,
        ),
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    accept(
        pool,
        COG1="Length, not classes of characters, makes a password strong (NIST SP 800-63B 5.1.1.2 tells verifiers not "
        "to impose composition rules); ten characters are asked for, and sign-in is limited to 5 tries in 15 minutes.",
        COG2="The second factor is asked for by the account function, after Cognito has said that the password is right: "
        "TOTP with recovery codes of our own, and its secret is nowhere stored (docs/decisions/0030).",
        COG8="The Plus plan costs per monthly user. Sign-in is limited by person and by address before Cognito is asked.",
    )
    return pool


def _app_client(pool: cognito.UserPool) -> cognito.UserPoolClient:
    """What the `account` function signs people in by; what Cognito gives it is kept for a few minutes at most."""
    client = pool.add_client(
        "site",
        user_pool_client_name="site",
        # Only a function speaks to Cognito, so the client can keep a secret. Without it a password cannot be tried,
        # and with it only by who may call AdminInitiateAuth: there is no flow that the public may begin by itself
        # but the passkey's.
        generate_secret=True,
        disable_o_auth=True,
        auth_flows=cognito.AuthFlow(admin_user_password=True, user=True),
        prevent_user_existence_errors=True,
        enable_token_revocation=True,
        # The shortest that Cognito knows. Sessions are ours; a token serves to add or drop a passkey, at once.
        access_token_validity=cdk.Duration.minutes(5),
        id_token_validity=cdk.Duration.minutes(5),
        refresh_token_validity=cdk.Duration.hours(1),
    )
    client.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    return client


def _media_bucket(stack: DataStack, creator: Creator) -> s3.Bucket:
    """People's pictures and the creator's recordings: what came in, private and for a while, and what the worker made of it, for CloudFront."""
    bucket = s3.Bucket(
        stack,
        "media",
        bucket_name=media_bucket_name(creator.id),
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                noncurrent_version_expiration=cdk.Duration.days(30),
                expired_object_delete_marker=True,
                abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
            ),
            s3.LifecycleRule(
                prefix=INCOMING,
                expiration=cdk.Duration.days(1),
                noncurrent_version_expiration=cdk.Duration.days(1),
            ),
            # The worker removes a recording when it is a video. This is for one that nobody took: it must not cost for ever.
            s3.LifecycleRule(
                prefix=RECORDINGS,
                expiration=cdk.Duration.days(30),
                noncurrent_version_expiration=cdk.Duration.days(1),
            ),
        ],
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    # The distribution is made after this stack, in another region, from what this one says: naming it here would be a
    # circle. So the distributions of this account may read, which are its creator's, and only what is public or what
    # they give to those alone who have the cookies of its path.
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AllowCloudFront",
            principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
            actions=["s3:GetObject"],
            resources=[bucket.arn_for_objects(f"{PUBLISHED}*"), bucket.arn_for_objects(f"{GUARDED}*")],
            conditions={
                "ArnLike": {
                    "aws:SourceArn": stack.format_arn(
                        service="cloudfront", region="", resource="distribution", resource_name="*"
                    )
                }
            },
        )
    )
    accept(
        bucket,
        S1="Only CloudFront and the worker read this bucket. A second bucket of access logs would hold the addresses of "
        "everyone who has looked at a picture or a video.",
    )
    return bucket
