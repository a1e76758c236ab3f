"""Requests to a local server, and waiting for what is to come true."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.loopback import server


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    port: int, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request to a server of this machine, exactly as given: `Host` too, where it is among the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": f"127.0.0.1:{port}"} | dict(headers or {})).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            cookies=tuple(response.headers.get_all("set-cookie") or ()),
            body=response.read(),
        )
    finally:
        connection.close()


class Served:
    """An ASGI app on a port of its own, in a thread."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None

    def serve(self, app: Any) -> None:
        self._server = server(app, grace=2)
        started = threading.Event()
        startup = self._server.startup

        async def tell(sockets: Any = None) -> None:
            await startup(sockets)
            started.set()

        self._server.startup = tell  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        assert started.wait(20)

    def stop(self) -> None:
        if self._thread:
            self._server.should_exit = True
            self._thread.join(20)
        self._socket.close()


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail when it does not within the time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        pause.wait(0.02)
