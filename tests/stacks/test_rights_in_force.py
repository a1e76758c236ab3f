"""The tests' own IAM refuses what the templates' roles would refuse."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.features.registry import FEATURES, active_features
from lambdas.web.edge import FunctionName
from tests.creators import a_creator
from tests.rights_in_force import NotAllowed, in_force


@contextmanager
def acting_as(function: FunctionName) -> Iterator[None]:
    creator = a_creator()
    features = active_features(creator, FEATURES)
    with in_force(function, creator=creator, features=features, site_bucket="site", media_bucket="media"):
        yield


KEY = {"id": {"S": "per_1"}}
CALLS = {
    "change a person": ("api", "dynamodb", "put_item", {"TableName": "prism-tester-people", "Item": KEY}),
    "delete what was done": ("studio", "dynamodb", "delete_item", {"TableName": "prism-tester-audit-log", "Key": KEY}),
    "scan": ("studio", "dynamodb", "scan", {"TableName": "prism-tester-team"}),
    "change a person in a transaction": (
        "api",
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "prism-tester-people", "Item": KEY}}]},
    ),
    "publish": ("studio", "s3", "put_object", {"Bucket": "site", "Key": "index.html", "Body": b""}),
    "read an upload": ("account", "s3", "get_object", {"Bucket": "media", "Key": "incoming/x"}),
    "read the second factors' key": (
        "studio",
        "ssm",
        "get_parameters",
        {"Names": ["/prism/tester/keys/second-factor"]},
    ),
    "set a password": (
        "studio",
        "cognito-idp",
        "admin_set_user_password",
        {"UserPoolId": "eu-central-1_x", "Username": "per_1", "Password": "four words of mine"},
    ),
    "read the stream key": (
        "api",
        "ivs",
        "get_stream_key",
        {"arn": "arn:aws:ivs:eu-central-1:123456789012:stream-key/abc"},
    ),
    "cut the stream off": (
        "worker",
        "ivs",
        "stop_stream",
        {"channelArn": "arn:aws:ivs:eu-central-1:123456789012:channel/abc"},
    ),
    "let somebody into the chat": (
        "worker",
        "ivschat",
        "create_chat_token",
        {"roomIdentifier": "arn:aws:ivschat:eu-central-1:123456789012:room/abc", "userId": "per_1"},
    ),
    "read what was said": (
        "account",
        "logs",
        "get_log_events",
        {"logGroupName": "/aws/vendedlogs/prism-tester-chat", "logStreamName": "a"},
    ),
    "wake the watch": ("api", "events", "enable_rule", {"Name": "prism-tester-live-watch"}),
    "wake what does not sleep": ("worker", "events", "enable_rule", {"Name": "prism-tester-live-sweep"}),
    "copy a recording": (
        "studio",
        "s3",
        "copy_object",
        {"Bucket": "media", "Key": "media/videos/v/x", "CopySource": {"Bucket": "media", "Key": "ivs/v1/x"}},
    ),
    "copy an upload to where it would be public": (
        "worker",
        "s3",
        "copy_object",
        {"Bucket": "media", "Key": "ivs/v1/x", "CopySource": {"Bucket": "media", "Key": "incoming/x"}},
    ),
    "mail": (
        "api",
        "sesv2",
        "send_email",
        {"FromEmailAddress": "Testa <hello@tester.example>", "Content": {"Simple": {}}},
    ),
}


@pytest.mark.parametrize("function, service, call, given", CALLS.values(), ids=CALLS.keys())  # noqa: PT006
def test_what_a_role_does_not_allow_is_refused_and_fails_the_test_that_asks(
    function: FunctionName, service: str, call: str, given: dict[str, object]
) -> None:
    client = getattr(boto3, "client")(service)  # noqa: B009  (its type wants the service as a literal)
    with (
        pytest.raises(NotAllowed, match=function),
        acting_as(function),
        pytest.raises(ClientError, match="AccessDenied"),
    ):
        getattr(client, call)(**given)


def test_what_a_role_allows_goes_through(emulator: object) -> None:
    dynamodb = boto3.client("dynamodb")
    with acting_as("account"), pytest.raises(ClientError, match="ResourceNotFound"):
        dynamodb.put_item(TableName="prism-tester-people", Item={"id": {"S": "per_1"}})


def test_outside_a_role_everything_is_allowed(emulator: object) -> None:
    with acting_as("api"):
        pass
    assert boto3.client("s3").list_buckets()["Buckets"] == []
