"""The functions' AWS clients, all of one session.

A session reads tables of endpoints and partitions that cost as much as a client itself, so there is
one a process. boto3 would add its own layer for nothing: its clients are botocore's.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_ivs import IVSClient
    from mypy_boto3_ivschat import IvschatClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_ssm import SSMClient

CALLS = {
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "cloudfront": ("CreateInvalidation",),
    "cognito-idp": (
        "AdminCreateUser",
        "AdminDeleteUser",
        "AdminInitiateAuth",
        "AdminRespondToAuthChallenge",
        "AdminSetUserPassword",
        "CompleteWebAuthnRegistration",
        "DeleteWebAuthnCredential",
        "DescribeUserPoolClient",
        "StartWebAuthnRegistration",
    ),
    "events": ("DisableRule", "EnableRule"),
    "ivs": (
        "BatchStartViewerSessionRevocation",
        "CreateStreamKey",
        "DeleteStreamKey",
        "GetStream",
        "GetStreamKey",
        "ListStreamKeys",
        "StopStream",
    ),
    "ivschat": ("CreateChatToken", "DeleteMessage", "DisconnectUser", "SendEvent"),
    "logs": ("DescribeLogStreams", "GetLogEvents"),
    "s3": ("CopyObject", "DeleteObject", "GetObject", "HeadObject", "ListObjectsV2", "PutObject"),
    "sesv2": ("GetAccount", "GetEmailIdentity", "SendEmail"),
    "ssm": ("GetParameters",),
}
"""All that functions ask of AWS, by service: their bundle carries the description of these calls and no other."""


@cache
def session() -> "Session":
    """The process's session: region, endpoint and credentials come from the environment."""
    from botocore.session import get_session

    return get_session()


@overload
def client(service: Literal["cloudfront"], *, region: str | None = None) -> "CloudFrontClient": ...
@overload
def client(service: Literal["cognito-idp"], *, region: str | None = None) -> "CognitoIdentityProviderClient": ...
@overload
def client(service: Literal["events"], *, region: str | None = None) -> "EventBridgeClient": ...
@overload
def client(service: Literal["ivs"], *, region: str | None = None) -> "IVSClient": ...
@overload
def client(service: Literal["ivschat"], *, region: str | None = None) -> "IvschatClient": ...
@overload
def client(service: Literal["logs"], *, region: str | None = None) -> "CloudWatchLogsClient": ...
@overload
def client(service: Literal["s3"], *, region: str | None = None) -> "S3Client": ...
@overload
def client(service: Literal["sesv2"], *, region: str | None = None) -> "SESV2Client": ...
@overload
def client(service: Literal["ssm"], *, region: str | None = None) -> "SSMClient": ...
def client(service: str, *, region: str | None = None) -> Any:
    """A client that can make the service's `CALLS`, in the function's own region unless another is named."""
    return session().create_client(service, region_name=region)
