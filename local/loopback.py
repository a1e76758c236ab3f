"""Who may speak to a server on this machine: programs here, and the pages it serves itself.

Binding to loopback keeps other machines out, not other web sites: a page in the browser here can
send requests to 127.0.0.1, and a name it controls can be made to point here (DNS rebinding). So
every local server asks what the request calls itself (Host) and who sent it (Origin, Sec-Fetch-Site).
"""

import http.client
import json
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

Scope = Mapping[str, Any]
ASGIApp = Callable[..., Any]

LOOPBACK = "127.0.0.1"


def is_loopback_name(name: str) -> bool:
    """True for names that mean this machine wherever they are asked: no DNS server can point them elsewhere."""
    return name in {"127.0.0.1", "localhost", "[::1]"} or name.endswith(".localhost")


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Judges a request by its headers.

    `names` says which host names are ours, `port` which port must follow them. `same_origin` lets pages
    of the server itself send requests to it; else a request with an Origin is refused unless
    `origins` has it. `links` lets other sites link to it (a top-level GET).
    """

    port: int
    names: Callable[[str], bool] = is_loopback_name
    same_origin: bool = False
    origins: frozenset[str] = frozenset()
    links: bool = False

    def refusal(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Why the request is refused, None where it is welcome."""
        by_name: dict[str, list[str]] = {}
        for key, value in headers:
            by_name.setdefault(key.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = by_name.get("host", [])
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return "This server answers to names of this machine only."
        for origin in by_name.get("origin", []):
            if origin not in self.origins and not (self.same_origin and origin.lower() == f"http://{hosts[0].lower()}"):
                return "This server takes no requests from other sites."
        if "origin" not in by_name:
            return self._fetch_refusal(method, by_name)
        return None

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.lower().rpartition(":")
        if not name or port.endswith("]"):
            name, port = host.lower(), "80"
        return port == str(self.port) and self.names(name)

    def _fetch_refusal(self, method: str, headers: Mapping[str, list[str]]) -> str | None:
        site = headers.get("sec-fetch-site", ["none"])[0]
        if site == "none" or (self.same_origin and site == "same-origin"):
            return None
        # A frame is a navigation too, and would show the page inside another site's.
        whole_page = headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]
        if self.links and whole_page and method in {"GET", "HEAD"}:
            return None
        return "This server takes no requests from other sites."


def guarded(app: ASGIApp, guard: Guard) -> ASGIApp:
    """The ASGI app behind the guard: a stranger gets 403 and the app never hears of it."""

    async def door(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        reason = guard.refusal(scope.get("method", "GET"), scope["headers"])
        if reason is None:
            await app(scope, receive, send)
        else:
            await refuse(scope, receive, send, reason)

    return door


async def answer_json(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, receive: Any, send: Any, reason: str) -> None:
    """Answer 403 to a request, or close a web socket, and say why."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    problem = {"type": "about:blank", "title": "This is not allowed", "status": 403, "code": "forbidden"}
    await send({"type": "http.response.body", "body": json.dumps({**problem, "detail": reason}).encode()})


def server(app: ASGIApp, *, grace: int, keep_alive: int = 5, date: bool = True) -> uvicorn.Server:
    """A server for the app, which finishes requests at work for `grace` seconds when it is told to stop.

    `date` False is for an app that dates its answers itself.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            date_header=date,
            log_config=None,
            # uvicorn would take the client's address from a header that any client on this machine can set.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=grace,
            timeout_keep_alive=keep_alive,
        )
    )


def fetch(url: str, *, method: str = "GET", seconds: float = 30, headers: Mapping[str, str] | None = None) -> bytes:
    """What a server of this machine answers, asked directly whatever proxy the environment names; OSError."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    try:
        with direct.open(asked, timeout=seconds) as response:
            body: bytes = response.read()
    except http.client.HTTPException as error:
        # Such as an answer in the middle of which the server was killed.
        raise OSError(f"{url} has not answered whole") from error
    return body
