"""What each function may touch, and nothing else, derived from the features that it serves."""

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import tables_of
from lambdas.platform.keys import parameter
from lambdas.platform.mail import Mailer
from lambdas.platform.storage import ASSET_MANIFEST
from lambdas.platform.tables import definition, table_name
from lambdas.web.edge import FunctionName, served

# Nothing ever scans a table, and no function describes, makes or deletes one.
_ROWS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
# Who makes or checks a session or a form's token.
_HOLDS_SESSION_KEY: frozenset[FunctionName] = frozenset({"api", "studio"})


def statements(
    function: FunctionName, *, stack: cdk.Stack, creator: Creator, features: tuple[Feature[Any], ...], site_bucket: str
) -> list[iam.PolicyStatement]:
    """The rights of one function over tables, keys, the site and mail."""
    mine = served(function, features)
    # Only what visitors ask is counted against limits.
    tables = [table for f in mine for table in f.tables] if function == "worker" else [*tables_of(mine).values()]
    granted = [_rows(stack, creator.id, tables)] if tables else []
    if function in _HOLDS_SESSION_KEY:
        granted.append(_session_key(stack, creator.id))
    if function != "webhooks":
        granted += _site(stack, creator, site_bucket, pages=("/404/",) if function == "api" else ())
    if function == "worker" and any(feature.mails for feature in features):
        granted.append(_mail(stack, creator))
    return granted


def _rows(stack: cdk.Stack, creator_id: str, models: Iterable[type[Any]]) -> iam.PolicyStatement:
    def arns() -> Iterable[str]:
        for model in models:
            table = definition(model)
            arn = stack.format_arn(
                service="dynamodb", resource="table", resource_name=table_name(creator_id, table.short_name)
            )
            yield arn
            yield from (f"{arn}/index/{index.name}" for index in table.indexes)

    return iam.PolicyStatement(actions=list(_ROWS), resources=list(arns()))


def _session_key(stack: cdk.Stack, creator_id: str) -> iam.PolicyStatement:
    # Decrypting needs no right of its own: the key that AWS manages for SSM allows whoever SSM allows.
    names = (parameter(creator_id, "session"), parameter(creator_id, "session-previous"))
    return iam.PolicyStatement(
        actions=["ssm:GetParameters"],
        resources=[stack.format_arn(service="ssm", resource="parameter", resource_name=name[1:]) for name in names],
    )


def _site(stack: cdk.Stack, creator: Creator, bucket: str, *, pages: Iterable[str]) -> list[iam.PolicyStatement]:
    """The manifest that pages and letters are rendered by and some published pages: public content, all of it."""
    arn = stack.format_arn(service="s3", region="", account="", resource=bucket)
    keys = [ASSET_MANIFEST]
    keys += [f"{creator.path(page, locale)[1:]}index.html" for page in pages for locale in creator.languages]
    return [
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{arn}/{key}" for key in keys]),
        # Without it S3 answers "forbidden" for what is not there, and a missing page could not be told from a fault.
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[arn]),
    ]


def _mail(stack: cdk.Stack, creator: Creator) -> iam.PolicyStatement:
    # While SES is in its sandbox the recipient must be an identity too, and is then asked about as well.
    identities = dict.fromkeys((creator.domain, str(creator.email)))
    return iam.PolicyStatement(
        actions=["ses:SendEmail", "ses:SendRawEmail"],
        resources=[stack.format_arn(service="ses", resource="identity", resource_name=name) for name in identities],
        conditions={"StringEquals": {"ses:FromAddress": Mailer(creator=creator).sender}},
    )
