"""Who may use the local AWS: whoever signs as AWS demands it, with the secret that this start of it made.

Any user of this machine can reach a loopback port, so the port alone must give nothing away. The
secret is in the environment of our own processes, which no other user can read, and never in a request:
a presigned URL may be handed to a visitor, who learns no more from it than that one request.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from local.loopback import ASGIApp, Scope, fetch, refuse

OPEN = "prism.open"
"""Set in the scope of a request that was let through unsigned."""

_REFUSAL = "This local AWS takes requests signed with its own credentials only."
_ALGORITHM = "AWS4-HMAC-SHA256"


def new_secret() -> str:
    return secrets.token_urlsafe(30)


def ask(endpoint: str, path: str, *, credentials: Mapping[str, str], method: str = "GET", seconds: float = 30) -> bytes:
    """What the local AWS answers to a signed request of no AWS service; `credentials` are `AWS_…` variables. OSError."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method=method, url=f"{endpoint}{path}")
    identity = Credentials(credentials["AWS_ACCESS_KEY_ID"], credentials["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(identity, "prism", credentials["AWS_REGION"]).add_auth(request)
    return fetch(f"{endpoint}{path}", method=method, seconds=seconds, headers=dict(request.headers.items()))


@dataclass(frozen=True, kw_only=True)
class Locked:
    """An ASGI app that hears only of requests signed with the secret; all others get 403.

    Let through unsigned are the CORS preflights of `origins`, and what `is_open` says AWS itself takes so;
    the latter are marked with OPEN.
    """

    app: ASGIApp
    secret: str
    origins: frozenset[str]
    is_open: Callable[[Mapping[str, str], str], bool]
    """Of a request's headers, by lower-case name, and its path."""

    refusal: ASGIApp = refuse
    """Answers (scope, receive, send, reason) to all others; a service may word it as AWS does."""

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = _joined(scope["headers"])
        if scope["type"] == "http" and self.is_open(headers, scope["path"]):
            await self.app({**scope, OPEN: True}, receive, send)
            return
        if scope["type"] == "http" and self._is_preflight(scope["method"], headers):
            await self.app(scope, receive, send)
            return
        heard = _Heard(receive)
        if scope["type"] == "http" and await self._is_signed(scope, headers, heard):
            await self.app(scope, heard.receive, send)
        else:
            await self.refusal(scope, receive, send, _REFUSAL)

    def _is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        asks = method == "OPTIONS" and "access-control-request-method" in headers
        return asks and headers.get("origin") in self.origins

    async def _is_signed(self, scope: Scope, headers: Mapping[str, str], heard: "_Heard") -> bool:
        from ministack.core import sigv4

        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        presigned = "authorization" not in headers
        if presigned:
            signature = sigv4.parse_query_signature(query)
        elif headers["authorization"].startswith(_ALGORITHM + " "):
            signature = sigv4.parse_header_signature(headers)
        else:
            return False
        if not isinstance(signature, sigv4.HeaderSignature) or signature.region_set is not None:
            return False
        if presigned and not _is_in_time(signature.amz_date, query):
            return False
        digest = headers.get("x-amz-content-sha256", "")
        unread = digest and not digest.startswith("STREAMING-AWS4")
        body = b"" if unread or (presigned and signature.service == "s3") else await heard.whole_body()
        raw_path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        failure = sigv4.header_signature_failure(
            signature, self.secret, scope["method"], raw_path, query, headers, body, presigned=presigned
        )
        return failure is None


class _Heard:
    """A request's messages, of which the body can be read beforehand."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._read: list[Any] = []

    async def whole_body(self) -> bytes:
        body = bytearray()
        while True:
            message = await self._receive()
            self._read.append(message)
            body.extend(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body"):
                return bytes(body)

    async def receive(self) -> Any:
        return self._read.pop(0) if self._read else await self._receive()


def _is_in_time(signed_at: str, query: Mapping[str, list[str]]) -> bool:
    from ministack.core import sigv4

    try:
        return not sigv4.presigned_request_is_expired(signed_at, query["X-Amz-Expires"][0])
    except (KeyError, ValueError, OverflowError):
        return False


def _joined(headers: Any) -> dict[str, str]:
    """Header values by lower-case name; one sent twice is one list, as in what was signed."""
    joined: dict[str, str] = {}
    for key, value in headers:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """A file for a shell to `source`, readable by its owner only from the moment it exists."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"export {name}='{value}'\n" for name, value in variables.items())
    new.replace(path)
