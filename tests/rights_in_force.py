"""IAM, which the emulator does not play: what a function asks of AWS in a test is refused where its role would not allow it.

So a right that is missing in `stacks/rights.py` fails in the test of the feature that needs it, and not in the cloud.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.web.edge import FunctionName
from stacks.right import Place, Right
from stacks.rights import rights

_ACCOUNT = "123456789012"
_POOL = f"arn:aws:cognito-idp:eu-central-1:{_ACCOUNT}:userpool/of-the-creator"
_CHANNEL = f"arn:aws:ivs:eu-central-1:{_ACCOUNT}:channel/of-the-creator"
_ROOM = f"arn:aws:ivschat:eu-central-1:{_ACCOUNT}:room/of-the-creator"
_CHAT_LOG = "the-chat-of-the-creator"
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
# These show a token of the person's own, or belong to nobody: IAM is not asked.
_WITHOUT_IAM = ("CompleteWebAuthnRegistration", "DeleteWebAuthnCredential", "StartWebAuthnRegistration")
_ACTIONS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket", "ListObjects": "ListBucket"}


@dataclass(frozen=True, kw_only=True)
class _Role:
    function: FunctionName
    place: Place
    rights: tuple[Right, ...]

    def refuses(self, action: str, resource: str) -> bool:
        return not any(
            action in right.actions and any(fnmatchcase(resource, allowed) for allowed in right.resources)
            for right in self.rights
        )


class NotAllowed(AssertionError):
    """A function did in a test what its role in AWS would not let it do."""


_acting = threading.local()
_really: Callable[..., Any] = BaseClient._make_api_call  # type: ignore[attr-defined]


@contextmanager
def in_force(
    function: FunctionName,
    *,
    creator: Creator,
    features: tuple[Feature[Any], ...],
    site_bucket: str,
    media_bucket: str,
) -> Iterator[None]:
    """What this thread asks of AWS meanwhile, it asks in a function's role; NotAllowed at the end where that was refused."""
    made = {feature.infrastructure for feature in features}
    chat = "stacks.constructs.chat:ChatResources" in made
    place = Place(
        partition="aws",
        region="eu-central-1",
        account=_ACCOUNT,
        site_bucket=site_bucket,
        media_bucket=media_bucket,
        user_pool=_POOL,
        channel=_CHANNEL if "stacks.constructs.live:LiveResources" in made else "",
        room=_ROOM if chat else "",
        chat_log=_CHAT_LOG if chat else "",
    )
    role = _Role(
        function=function, place=place, rights=rights(function, creator=creator, features=features, place=place)
    )
    refused: list[str] = []
    _acting.role, _acting.refused = role, refused
    try:
        yield
    finally:
        _acting.role = None
    if refused:
        raise NotAllowed(f"the role of {function} has no right to {', '.join(refused)}: see stacks/rights.py")


def _checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    role: _Role | None = getattr(_acting, "role", None)
    if role is not None:
        service = client.meta.service_model.service_name
        for action, resource in _needed(service, operation, parameters, role.place):
            if role.refuses(action, resource):
                _acting.refused.append(f"{action} on {resource}")
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": action}}, operation)
    return _really(client, operation, parameters)


BaseClient._make_api_call = _checked  # type: ignore[attr-defined]


def _needed(service: str, operation: str, given: dict[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    """What IAM asks of a call: actions, each on a resource."""
    match service:
        case "dynamodb":
            yield from (
                (f"dynamodb:{action}", place.arn("dynamodb", where)) for action, where in _rows(operation, given)
            )
        case "s3" if operation == "CopyObject":
            source = given["CopySource"]
            yield "s3:GetObject", place.bucket(f"{source['Bucket']}/{source['Key']}")
            yield "s3:PutObject", place.bucket(f"{given['Bucket']}/{given['Key']}")
        case "s3":
            key = f"/{given['Key']}" if "Key" in given else ""
            yield f"s3:{_ACTIONS.get(operation, operation)}", place.bucket(given["Bucket"] + key)
        case "ssm":
            for name in given["Names"]:
                region = "us-east-1" if name.endswith(("/distribution", "/media-key")) else place.region
                yield f"ssm:{operation}", place.arn("ssm", f"parameter{name}", region=region)
        case "cognito-idp" if operation not in _WITHOUT_IAM:
            yield f"cognito-idp:{operation}", place.user_pool
        case "sesv2" if operation == "GetAccount":
            yield "ses:GetAccount", "*"
        case "sesv2":
            sender = given.get("FromEmailAddress", "").rpartition("@")[2].strip(">") or given["EmailIdentity"]
            yield f"ses:{operation}", place.arn("ses", f"identity/{sender}")
        case "cloudfront":
            yield (
                f"cloudfront:{operation}",
                place.arn("cloudfront", f"distribution/{given['DistributionId']}", region=""),
            )
        # A channel, a room and their log are the creator's only ones: whichever a test has made stands for them.
        case "ivs" if operation in {"DeleteStreamKey", "GetStreamKey"}:
            yield f"ivs:{operation}", place.arn("ivs", "stream-key/of-the-creator")
        case "ivs":
            yield f"ivs:{operation}", _CHANNEL
        case "ivschat":
            yield f"ivschat:{operation}", _ROOM
        case "logs":
            stream = f":log-stream:{given['logStreamName']}" if "logStreamName" in given else ""
            yield f"logs:{operation}", place.arn("logs", f"log-group:{_CHAT_LOG}{stream}")
        case "events":
            yield f"events:{operation}", place.arn("events", f"rule/{given['Name']}")


def _rows(operation: str, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    match operation:
        case "BatchGetItem" | "BatchWriteItem":
            yield from ((operation, f"table/{table}") for table in given["RequestItems"])
        case "TransactGetItems":
            yield from (("GetItem", f"table/{item['Get']['TableName']}") for item in given["TransactItems"])
        case "TransactWriteItems":
            for item in given["TransactItems"]:
                yield from ((_TRANSACTED[kind], f"table/{of['TableName']}") for kind, of in item.items())
        case _:
            index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
            yield operation, f"table/{given['TableName']}{index}"
