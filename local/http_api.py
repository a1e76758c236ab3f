"""API Gateway's HTTP API: a request as the event (payload format 2.0) its functions get, and their answer as HTTP."""

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambdas.web.edge import Route

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""What Lambda takes, and what it may answer; a body that is no text grows by a third on its way there."""

_TEXTS = frozenset({"application/json", "application/xml", "application/javascript"})

Event = dict[str, Any]
Function = Callable[[Event, Any], Any]


class BadAnswer(Exception):
    """The function answered with what API Gateway does not take."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request as it reaches the API. `path` and `query` are percent-encoded, header names lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Match:
    route: Route
    parameters: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.route.path if self.route.path == "$default" else f"ANY {self.route.path}"


def match(routes: Iterable[Route], path: str) -> Match:
    """The route for a decoded path: the longest one that fits, `$default` where none does. LookupError without a default."""
    table = {route.path: route for route in routes}
    fitting = []
    for pattern, route in table.items():
        parameters = _parameters(pattern, path)
        if parameters is not None:
            fitting.append((len(pattern), Match(route=route, parameters=parameters)))
    if fitting:
        return max(fitting, key=lambda found: found[0])[1]
    return Match(route=table["$default"], parameters={})


def event_of(request: Request, found: Match, *, account: str, domain: str, source: str, at: datetime) -> Event:
    """The event of one request; `source` is the address it came from."""
    joined: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        else:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    path = decoded_path(request.path)
    event: Event = {
        "version": "2.0",
        "routeKey": found.key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": joined,
        "requestContext": {
            "accountId": account,
            "apiId": domain.partition(".")[0],
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": joined.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": found.key,
            "stage": "$default",
            "time": at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if found.parameters:
        event["pathParameters"] = dict(found.parameters)
    if request.query:
        values: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            values[name] = f"{values[name]},{value}" if name in values else value
        event["queryStringParameters"] = values
    if request.body:
        is_text = _is_text(joined.get("content-type", ""))
        event["isBase64Encoded"] = not is_text
        event["body"] = (
            request.body.decode("utf-8", "replace") if is_text else base64.b64encode(request.body).decode("ascii")
        )
    return event


def decoded_path(path: str) -> str:
    """`rawPath`, which is not raw: every escape is decoded but that of the percent sign itself."""
    return unquote(path.replace("%25", "%2525"), errors="replace")


def answer_of(result: Any) -> Answer:
    """What a function returned, as HTTP: a response of payload format 2.0, or any JSON, sent as such. BadAnswer."""
    try:
        if isinstance(result, Mapping) and "statusCode" in result:
            return _response(result)
        body = json.dumps(result).encode()
    except (TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(f"the function's answer is no response: {error}") from error
    return Answer(status=200, headers=(("content-type", "application/json"),), body=body)


def _response(result: Mapping[str, Any]) -> Answer:
    body = result.get("body") or ""
    raw = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode()
    headers = [(str(name).lower(), str(value)) for name, value in (result.get("headers") or {}).items()]
    cookies = [("set-cookie", str(cookie)) for cookie in result.get("cookies") or ()]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{len(raw)} bytes are more than Lambda may answer")
    return Answer(status=int(result["statusCode"]), headers=(*cookies, *headers), body=raw)


def _is_text(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXTS


def _parameters(pattern: str, path: str) -> dict[str, str] | None:
    """The values of {name} and {name+} where the pattern fits the path."""
    if not pattern.startswith("/"):
        return None
    parameters: dict[str, str] = {}
    wanted, given = pattern.split("/"), path.split("/")
    for place, part in enumerate(wanted):
        if part.endswith("+}"):
            parameters[part[1:-2]] = "/".join(given[place:])
            return parameters if len(given) > place else None  # /studio/ fits /studio/{proxy+}, /studio does not
        if place >= len(given):
            return None
        if part.startswith("{"):
            parameters[part[1:-1]] = given[place]
        elif part != given[place]:
            return None
    return parameters if len(wanted) == len(given) else None
