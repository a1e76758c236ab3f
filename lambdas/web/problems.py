"""Errors as problem+json (RFC 9457): one mapping for the whole API."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.errors import FieldError, Invalid, Malformed, NotFound, PrismError, Unavailable

CONTENT_TYPE = "application/problem+json"


class ProblemField(BaseModel):
    """One fault in one field of what was sent."""

    model_config = ConfigDict(defer_build=True)

    path: str = Field(description="The field, dotted: address.city")
    code: str = Field(description="Stable key of the fault, such as too_long")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(title="Problem", defer_build=True)

    type: str = Field(default="about:blank", description="Always about:blank: the code tells problems apart")
    title: str
    status: int
    code: str = Field(description="Stable key of the problem, such as too_many_requests")
    detail: str
    fix: str = Field(default="", description="What to do about it")
    correlation_id: str = Field(description="Names this request in the logs")
    errors: list[ProblemField] = Field(default_factory=list)


def problem_response(error: PrismError, *, correlation_id: str) -> dict[str, Any]:
    """The Lambda response (payload v2) that tells of an error."""
    body = Problem(
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.message,
        fix=error.fix,
        correlation_id=correlation_id,
        errors=[ProblemField(path=e.path, code=e.code, message=e.message) for e in error.fields],
    )
    return {
        "statusCode": error.status,
        "headers": {"content-type": CONTENT_TYPE, **error.headers},
        "body": json.dumps(body.model_dump()),
        "isBase64Encoded": False,
    }


# pydantic's names for what happens often, in the words the locales translate.
_CODES = {
    "missing": "missing",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "extra_forbidden": "unknown_field",
}


def invalid_from(errors: list[Mapping[str, Any]]) -> PrismError:
    """pydantic's errors as one of ours; Malformed where the body was no JSON at all."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Malformed("The body is no valid JSON.")
    return Invalid(fields=tuple(_field(error) for error in errors))


def _field(error: Mapping[str, Any]) -> FieldError:
    # loc is ("body", "email") or ("query", "page"): where it came from does not matter to the reader.
    path = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    kind = str(error["type"])
    params = {k: v for k, v in (error.get("ctx") or {}).items() if isinstance(v, int | str)}
    code = kind if kind in _OWN_CODES else _CODES.get(kind, "invalid")
    return FieldError(path=path, code=code, message=str(error.get("msg") or "This is not valid."), params=params)


_OWN_CODES = frozenset({"invalid_email", "control_characters", "surrounding_space", "too_short", "too_long"})


def aws_problem(error: Exception) -> Unavailable | None:
    """`Unavailable` where the error is AWS not answering or refusing, None where it is ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    if isinstance(error, BotoCoreError | ClientError | PynamoDBException):
        return Unavailable("A service behind this site does not answer.", fix="Try again in a moment.")
    return None


def nothing_here(method: str, path: str) -> NotFound:
    return NotFound(f"There is no {method} {path}.")
