"""Domain errors: what happened, under a stable code, and what to do about it.

The web layer maps them once to problem+json (RFC 9457), the command line once to one line on
stderr. Nothing else turns an error into text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One fault in one field.

    `path` is dotted ("brand.primary"), `code` a stable key that locales translate
    ("too_long"), `message` plain English, `params` what the translation fills in ({"max": 80}).
    """

    path: str
    code: str
    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class PrismError(Exception):
    """Base of every error a user may see.

    `status` is the HTTP status it becomes, `code` never changes once released, `fix` says what
    the reader can do.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, message: str = "", *, fix: str = "", fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.fix = fix
        self.fields = fields

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error, by name."""
        return {}


class Invalid(PrismError):
    status = 422
    code = "invalid"
    title = "Some of what was sent cannot be accepted"


class Malformed(PrismError):
    status = 400
    code = "malformed"
    title = "The request cannot be read"


class NotSignedIn(PrismError):
    status = 401
    code = "not_signed_in"
    title = "Sign in first"


class Forbidden(PrismError):
    status = 403
    code = "forbidden"
    title = "This is not allowed"


class NotFound(PrismError):
    status = 404
    code = "not_found"
    title = "There is nothing here"


class Conflict(PrismError):
    status = 409
    code = "conflict"
    title = "Something else changed this at the same time"


class PreconditionFailed(PrismError):
    """Someone else has saved since this was read: nothing was written."""

    status = 412
    code = "changed_meanwhile"
    title = "Someone else has changed this in the meantime"


class TooLarge(PrismError):
    status = 413
    code = "too_large"
    title = "The request is too large"


class UnsupportedMedia(PrismError):
    status = 415
    code = "unsupported_media_type"
    title = "This content type is not understood here"


class TooManyRequests(PrismError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, message: str = "", *, retry_after: int, fix: str = "") -> None:
        super().__init__(message, fix=fix or f"Try again in {retry_after} seconds.")
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(PrismError):
    status = 503
    code = "unavailable"
    title = "This is not available right now"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}
