"""The functions' AWS clients, all of one session.

A session reads tables of endpoints and partitions that cost as much as a client itself, so there is
one a process. boto3 would add its own layer for nothing: its clients are botocore's.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
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
    "s3": ("GetObject",),
    "sesv2": ("SendEmail",),
    "ssm": ("GetParameters",),
}
"""All that functions ask of AWS, by service: their bundle carries the description of these calls and no other."""


@cache
def session() -> "Session":
    """The process's session: region, endpoint and credentials come from the environment."""
    from botocore.session import get_session

    return get_session()


@overload
def client(service: Literal["cognito-idp"]) -> "CognitoIdentityProviderClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["sesv2"]) -> "SESV2Client": ...
@overload
def client(service: Literal["ssm"]) -> "SSMClient": ...
def client(service: str) -> Any:
    """A client that can make the service's `CALLS`."""
    return session().create_client(service)
