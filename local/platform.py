"""A creator's resources in the local AWS: what the keys step, the stacks and the deploy make in the cloud; the tables from the same models."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.core.creator import Creator
from lambdas.core.errors import Conflict
from lambdas.features.registry import FEATURES, tables_of
from lambdas.platform.keys import StackKeys, ensure_keys
from lambdas.platform.sleeping import rule_name
from lambdas.platform.tables import Definition, Index, Key, Table, definition, table_name
from local.ivs_events import VISIBILITY_SECONDS, queue_name
from local.streams import Checkpoints
from local.user_pool import UserPool, ensure_user_pool

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient


class TableChanged(Conflict):
    code = "table_changed"
    title = "A table in the local AWS does not fit the code any more"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where a creator's resources are."""

    bucket: str
    media: str
    dead_letters: str
    ivs_events: str
    keys: StackKeys = field(repr=False)
    checkpoints: Checkpoints
    people: UserPool


def ensure_platform(creator: Creator, *, client: Callable[[str], Any]) -> Platform:
    """Make what is missing of a creator's tables, buckets, queues, rules, mail identity, user pool and keys; a second run changes nothing.

    `client` makes a boto3 client by its service's name. TableChanged where a table has other keys
    than its model.
    """
    dynamodb = client("dynamodb")
    ensure_tables(dynamodb, creator.id, tables_of(FEATURES))
    checkpoints = Checkpoints(dynamodb=dynamodb, table=table_name(creator.id, "local-checkpoints"))
    checkpoints.ensure()
    bucket, media = f"prism-{creator.id}-site", media_bucket_name(creator.id)
    s3 = client("s3")
    # us-east-1 is the one region that may not be named as a constraint.
    place: Any = (
        {} if creator.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": creator.region}}
    )
    for name in (bucket, media):
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=name, **place)
    ses = client("sesv2")
    with suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=creator.domain)
    _ensure_sleepers(client("events"), creator.id)
    return Platform(
        bucket=bucket,
        media=media,
        dead_letters=client("sqs").create_queue(QueueName=f"prism-{creator.id}-dead-letters")["QueueUrl"],
        ivs_events=ensure_ivs_events(client("sqs"), creator.id),
        keys=ensure_keys(client("ssm"), creator.id),
        checkpoints=checkpoints,
        people=ensure_user_pool(client("cognito-idp"), creator.id, site=f"{creator.id}.localhost"),
    )


def media_bucket_name(creator_id: str) -> str:
    return f"prism-{creator_id}-media"


def ensure_ivs_events(sqs: "SQSClient", creator_id: str) -> str:
    """The URL of the queue that the channel's events go through on their way to the worker; made where there is none."""
    attributes: Any = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    return sqs.create_queue(QueueName=queue_name(creator_id), Attributes=attributes)["QueueUrl"]


def _ensure_sleepers(events: "EventBridgeClient", creator_id: str) -> None:
    """Rules for the schedules that sleep, disabled where they are new. None has a target: `local.schedules` looks whether it is awake."""
    for feature in FEATURES:
        for name, schedule in feature.schedules.items():
            if not schedule.asleep:
                continue
            rule = rule_name(creator_id, name)
            try:
                events.describe_rule(Name=rule)
            except events.exceptions.ResourceNotFoundException:
                minutes = int(schedule.every.total_seconds() // 60)
                rate = f"rate({minutes} minute{'s' if minutes > 1 else ''})"
                events.put_rule(Name=rule, ScheduleExpression=rate, State="DISABLED")


def ensure_tables(dynamodb: "DynamoDBClient", creator_id: str, models: Mapping[str, type[Table]]) -> None:
    """Make the tables that are not there, and add what a model has gained: indexes, a stream, expiry."""
    there = {name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    for model in models.values():
        wanted = definition(model)
        name = table_name(creator_id, wanted.short_name)
        if name not in there:
            create_table(dynamodb, name, wanted)
        _complete(dynamodb, name, wanted)


def create_table(dynamodb: "DynamoDBClient", name: str, wanted: Definition) -> None:
    """Make one table, without the expiry of its items."""
    request: Any = {
        "TableName": name,
        "KeySchema": _schema(wanted.hash, wanted.range),
        "AttributeDefinitions": _attributes([wanted, *wanted.indexes]),
        "BillingMode": "PAY_PER_REQUEST",
    }
    if wanted.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in wanted.indexes]
    if wanted.streamed:
        request["StreamSpecification"] = _STREAM
    dynamodb.create_table(**request)


def _complete(dynamodb: "DynamoDBClient", name: str, wanted: Definition) -> None:
    table: Any = dynamodb.describe_table(TableName=name)["Table"]
    if table["KeySchema"] != _schema(wanted.hash, wanted.range):
        raise TableChanged(
            f"The table {name} has other keys than its model.",
            fix="Its data cannot be kept: delete the folder `state` of this creator below .prism/ and start again.",
        )
    present = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())}
    for index in wanted.indexes:
        if index.name not in present:
            update: Any = {"Create": _index(index)}
            dynamodb.update_table(
                TableName=name, AttributeDefinitions=_attributes([index]), GlobalSecondaryIndexUpdates=[update]
            )
    if wanted.streamed and not table.get("StreamSpecification", {}).get("StreamEnabled"):
        dynamodb.update_table(TableName=name, StreamSpecification=_STREAM)  # type: ignore[arg-type]
    if wanted.ttl:
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if expiry.get("AttributeName") != wanted.ttl:
            dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": wanted.ttl}
            )


_STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def _schema(hash_key: Key, range_key: Key | None) -> list[dict[str, str]]:
    roles = [("HASH", hash_key), *([("RANGE", range_key)] if range_key else [])]
    return [{"AttributeName": key.name, "KeyType": role} for role, key in roles]


def _attributes(keyed: Iterable[Definition | Index]) -> Any:
    keys = {key.name: key.type for one in keyed for key in (one.hash, one.range) if key}
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()]


def _index(index: Index) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    return {"IndexName": index.name, "KeySchema": _schema(index.hash, index.range), "Projection": projection}
