"""CloudFront and API Gateway on this machine: the same behaviours, headers and events, by `lambdas.web.edge`.

A page comes out of the site's bucket, what is below an uncached path goes to its function, and what
the bucket does not have goes to the function of `$default`, each with the security headers of the
real site. So a fault of the content security policy, of a path or of a header shows here.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response

from lambdas.core.errors import Forbidden, PrismError, TooLarge, Unavailable
from lambdas.web import edge
from lambdas.web.problems import problem_response
from local import http_api
from local.loopback import Guard, guarded
from local.signed_cookies import DENIED, KeyGroup, Refusal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("prism.gateway")

MAX_BODY_BYTES = http_api.MAX_PAYLOAD_BYTES
_GIVE_UP_BYTES = 16 * MAX_BODY_BYTES
TOOLS = "/_local/"

_SITE_METHODS = ("GET", "HEAD", "OPTIONS")
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_CLIENT_MAY_NOT = ("cloudfront-", "x-prism-", "x-amz-cf-", "x-amzn-", "x-forwarded-", "x-edge-")
_OF_THE_OBJECT = {
    "ContentType": "content-type",
    "CacheControl": "cache-control",
    "ContentEncoding": "content-encoding",
    "ContentRange": "content-range",
    "ETag": "etag",
}


@dataclass(frozen=True, kw_only=True)
class LambdaContext:
    """What Lambda tells a function about itself."""

    function_name: str
    aws_request_id: str
    deadline: float
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = "arn:aws:lambda:local:000000000000:function:local"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def lambda_context(creator_id: str, function: str, seconds: float) -> LambdaContext:
    """For a call that begins now and may take so long."""
    return LambdaContext(
        function_name=f"prism-{creator_id}-{function}",
        aws_request_id=str(uuid.uuid4()),
        deadline=time.monotonic() + seconds,
    )


@dataclass(kw_only=True)
class Gateway:
    """The site of one creator, as an ASGI app.

    `bucket` holds the published site, `media` people's pictures. `functions` are the real handlers by
    name, `tools` the app below /_local/, `cloud_answers` says whether the emulator does. `seconds` is
    how long each function may take, `media_origins` where live comes from on this machine, `trusted` the keys that signed cookies are
    verified with.
    """

    creator_id: str
    port: int
    account: str
    region: str
    bucket: str
    media: str
    origin_secret: str = field(repr=False)
    routes: tuple[edge.Route, ...]
    uncached: tuple[str, ...]
    functions: Mapping[str, http_api.Function]
    s3: "S3Client"
    cloud_answers: Callable[[], bool]
    tools: Any
    media_origins: edge.MediaOrigins = edge.NO_MEDIA
    trusted: KeyGroup = field(default_factory=KeyGroup)
    seconds: Mapping[edge.FunctionName, float] = field(default_factory=lambda: edge.FUNCTION_SECONDS)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(32, "function"), repr=False)

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        headers = edge.security_headers(self.media_origins)
        # A host may not promise HTTPS over plain HTTP (RFC 6797, 7.2), and browsers would not listen.
        return {name: value for name, value in headers.items() if name != "strict-transport-security"}

    def app(self) -> Any:
        """The app behind its guard: it answers to <creator>.localhost, localhost and 127.0.0.1 with its port."""
        names = {f"{self.creator_id}.localhost", "localhost", "127.0.0.1"}
        return guarded(self, Guard(port=self.port, names=names.__contains__, same_origin=True, links=True))

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["path"].startswith(TOOLS):
            await self.tools(scope, receive, send)
            return
        request = HttpRequest(dict(scope), receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # This server is being replaced and has waited for its requests long enough: tell those who still ask.
            response = _problem(Unavailable("The platform is being started again.", fix="Try again in a moment."))
        except PrismError as error:
            response = _problem(error)
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            response = _problem(PrismError())
        for name, value in self._headers.items():
            response.headers[name] = value
        await response(dict(scope), receive, send)

    async def _answer(self, request: HttpRequest) -> Response:
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if any(fnmatchcase(path, pattern) for pattern in self.uncached):
            return await self._api(
                method=request.method,
                path=path,
                query=request.url.query,
                headers=(*_given(request), (edge.VIEWER_HOST_HEADER, request.headers["host"])),
                body=await _body(request),
                address=_address(request),
            )
        if request.method not in _SITE_METHODS:
            raise Forbidden("Pages can be read only.", fix="Send requests that change something to /api/.")
        if any(fnmatchcase(path, pattern) for pattern in (edge.MEDIA_PATHS, edge.GUARDED_PATHS)):
            return await self._of_media(request, path)
        found = edge.site_key(path, request.headers.get("accept-encoding", ""))
        if isinstance(found, edge.Redirect):
            query = request.url.query
            kept = {"cache-control": "public, max-age=3600"}
            return RedirectResponse(found.location + (f"?{query}" if query else ""), status_code=308, headers=kept)
        return await self._stored(request, self.bucket, found.key)

    async def _of_media(self, request: HttpRequest, path: str) -> Response:
        """What lies in the bucket of media: some of it for everyone, some for who has the cookies of its path."""
        if {".", ".."} & set(unquote(path).split("/")):
            # S3 takes this for a name, and has none such. The emulator's HTTP would take it for another path.
            return _refused(DENIED)
        if fnmatchcase(path, edge.GUARDED_PATHS):
            refusal = self.trusted.refuses(request.cookies, f"http://{request.headers['host']}{path}")
            if refusal is not None:
                return _refused(refusal)
            # Whoever has cookies for a folder may know what is not in it.
            return await self._object(request, self.media, unquote(path[1:])) or _refused(DENIED)
        return await self._stored(request, self.media, path[1:])

    async def _stored(self, request: HttpRequest, bucket: str, key: str) -> Response:
        """What a bucket has at this key (percent-encoded, as it was asked for), or what the API says where it has nothing."""
        response = await self._object(request, bucket, unquote(key))
        # The bucket does not have it: the other origin of the group is asked for the same key, and
        # told nothing of the visitor but the address.
        return response or await self._api(
            method=request.method,
            path=f"/{key}",
            query="",
            headers=(("user-agent", "Amazon CloudFront"),),
            body=b"",
            address=_address(request),
        )

    async def _object(self, request: HttpRequest, bucket: str, key: str) -> Response | None:
        """The object as CloudFront serves it, None where there is no such key."""
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if "if-none-match" in request.headers:
            wanted["IfNoneMatch"] = request.headers["if-none-match"].removeprefix("W/")
        if "range" in request.headers:
            wanted["Range"] = request.headers["range"]
        try:
            found = await self._in_thread(partial(self.s3.get_object, **wanted))
            body = await self._in_thread(found["Body"].read)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 304:
                etag = request.headers["if-none-match"]
                return Response(None, 304, {"etag": etag, "vary": "accept-encoding"})
            if status in {403, 404}:
                return None
            if status == 416:
                return Response(None, 416)
            raise
        except (BotoCoreError, OSError) as error:
            raise self._down() from error
        headers = {header: str(found[name]) for name, header in _OF_THE_OBJECT.items() if found.get(name)}
        headers["vary"] = "accept-encoding"
        headers["accept-ranges"] = "bytes"
        return Response(body, found["ResponseMetadata"]["HTTPStatusCode"], headers)

    async def _api(
        self, *, method: str, path: str, query: str, headers: tuple[tuple[str, str], ...], body: bytes, address: str
    ) -> Response:
        domain = f"local.execute-api.{self.region}.amazonaws.com"
        added = (
            ("host", domain),
            ("via", "1.1 local.cloudfront.net (CloudFront)"),
            ("x-forwarded-for", address.rpartition(":")[0]),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
            (edge.ORIGIN_SECRET_HEADER, self.origin_secret),
            (edge.VIEWER_ADDRESS_HEADER, address),
        )
        call = http_api.Request(method=method, path=path, query=query, headers=(*headers, *added), body=body)
        found = http_api.match(self.routes, http_api.decoded_path(path))
        event = http_api.event_of(
            call, found, account=self.account, domain=domain, source="127.0.0.1", at=datetime.now(UTC)
        )
        if len(event.get("body", "")) > MAX_BODY_BYTES:
            raise _too_large()
        answer = await self._invoke(found.route.function, event)
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in (*answer.headers, ("content-length", str(len(answer.body))))
            if name not in _HOP_BY_HOP
        ]
        return response

    async def _invoke(self, function: edge.FunctionName, event: http_api.Event) -> http_api.Answer:
        seconds = self.seconds[function]
        call = partial(self.functions[function], event, lambda_context(self.creator_id, function, seconds))
        try:
            result = await asyncio.wait_for(self._in_thread(call), seconds)
            answer = http_api.answer_of(result)
        except TimeoutError:
            log.error("%s took longer than %s s for %s", function, seconds, event["rawPath"])
            raise Unavailable(f"The {function} function took longer than {seconds:g} s.") from None
        except Exception:
            if not await self._in_thread(self.cloud_answers):
                raise self._down() from None
            log.exception("the %s function failed on %s", function, event["rawPath"])
            raise PrismError() from None
        if answer.status >= 500:
            log.warning("%s %s answered %s", event["requestContext"]["http"]["method"], event["rawPath"], answer.status)
            if not await self._in_thread(self.cloud_answers):
                raise self._down()
        return answer

    def _down(self) -> Unavailable:
        return Unavailable("The local AWS does not answer.", fix="Wait a moment; it is being started again.")

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _given(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """The headers as the client sent them, without those that only CloudFront may set."""
    return tuple(
        (name, value)
        for name, value in ((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in request.headers.raw)
        if name not in _HOP_BY_HOP and not name.startswith(_CLIENT_MAY_NOT) and name != "host"
    )


def _address(request: HttpRequest) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else "127.0.0.1:0"


def _problem(error: PrismError) -> Response:
    told = problem_response(error, correlation_id=uuid.uuid4().hex)
    return Response(told["body"], told["statusCode"], {**told["headers"], "cache-control": "no-store"})


def _refused(refusal: Refusal) -> Response:
    return Response(refusal.body, 403, {"content-type": "text/xml", "cache-control": "no-store"})


def _too_large() -> TooLarge:
    return TooLarge("The body is larger than any route takes.", fix=f"Send at most {edge.MAX_BODY_BYTES} bytes.")


async def _body(request: HttpRequest) -> bytes:
    """The whole body; TooLarge for one too large, read to its end so that the sender is there to hear it."""
    body, length = bytearray(), 0
    async for part in request.stream():
        length += len(part)
        if length <= MAX_BODY_BYTES:
            body += part
        elif length > _GIVE_UP_BYTES:
            break
    if length > MAX_BODY_BYTES:
        raise _too_large()
    return bytes(body)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
