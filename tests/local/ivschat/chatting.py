"""A chat room under test, and people in it."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.emulator import ACCESS_KEY_ID
from local.ivschat.app import SOCKET, ChatApp
from local.ivschat.settings import ChatSettings
from local.loopback import Guard, guarded
from local.signatures import new_secret
from tests.local.requests_here import Served

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROOM = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/a1b2c3d4e5f6"
SITE = "http://mira.localhost:8000"
EVERYTHING = ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")

Serve = Callable[..., "Chat"]


class HeldClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


@dataclass(kw_only=True)
class Chat:
    """A room that is served behind the guard of the media process."""

    app: ChatApp
    port: int
    secret: str = field(repr=False)
    clock: HeldClock
    loop: asyncio.AbstractEventLoop | None = None
    opened: ExitStack = field(default_factory=ExitStack, repr=False)

    @classmethod
    def start(cls, served: Served, **settings: Any) -> "Chat":
        secret, clock = new_secret(), HeldClock()
        defaults: dict[str, Any] = {
            "arn": ROOM,
            "name": "prism-mira",
            "look_seconds": 0.02,
            "clock": clock,
            "rate": 100,
        }
        app = ChatApp(ChatSettings(secret=secret, **(defaults | settings)))
        chat = cls(app=app, port=served.port, secret=secret, clock=clock)
        door = guarded(app, Guard(port=served.port, origins=frozenset({SITE})))

        async def serving(scope: Any, receive: Any, send: Any) -> None:
            chat.loop = asyncio.get_running_loop()
            await door(scope, receive, send)

        served.serve(serving)
        return chat

    def publish(self, name: str, **attributes: str) -> None:
        """Send an event to the room, where no rate counts."""

        async def publish() -> None:
            self.app.room.send_event(name, attributes)

        assert self.loop
        asyncio.run_coroutine_threadsafe(publish(), self.loop).result(10)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{SOCKET}"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/ivschat"

    def client(self, *, secret: str = "") -> Any:
        return boto3.client(
            "ivschat",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=secret or self.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def token(
        self,
        user_id: str = "fan",
        *,
        capabilities: Iterable[str] = ("SEND_MESSAGE",),
        attributes: Mapping[str, str] | None = None,
        minutes: int = 60,
    ) -> str:
        """Made in the process itself, as the control plane makes it."""
        made, _ = self.app.room.make_token(user_id, dict(attributes or {}), frozenset(capabilities), minutes)
        return made.token

    def join(self, user_id: str = "fan", **token: Any) -> "Person":
        return Person(self.open(self.token(user_id, **token)))

    def open(
        self, *subprotocols: str, origin: str | None = None, path: str = SOCKET, sleepy: bool = False
    ) -> ClientConnection:
        """A socket; InvalidStatus where the handshake is refused. A sleepy one takes little in before it is read."""
        options: dict[str, Any] = {"sock": _small(self.port)} if sleepy else {"max_queue": None}
        opening = connect(
            f"ws://127.0.0.1:{self.port}{path}",
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type]
            origin=origin,  # type: ignore[arg-type]
            proxy=None,
            compression=None,
            close_timeout=2,
            **options,
        )
        return self.opened.enter_context(opening)

    def refusal(self, *subprotocols: str, origin: str | None = None, path: str = SOCKET) -> int:
        """The status that a handshake is refused with, 101 where it is not."""
        try:
            self.open(*subprotocols, origin=origin, path=path).close()
        except InvalidStatus as refused:
            return refused.response.status_code
        return 101


def _small(port: int) -> socket.socket:
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    small.connect(("127.0.0.1", port))
    return small


class Person:
    """Someone with a socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.socket = connection

    def ask(self, action: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"Action": action, **fields}))

    def say(self, content: str, *, request_id: str = "r-1", **fields: Any) -> None:
        self.ask("SEND_MESSAGE", RequestId=request_id, Content=content, **fields)

    def hear(self, *, seconds: float = 10) -> dict[str, Any]:
        """The next thing that comes."""
        heard: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return heard

    def answer(self, content: str, **fields: Any) -> dict[str, Any]:
        self.say(content, **fields)
        return self.hear()

    def error(self, content: str, **fields: Any) -> int:
        """The code that a message is refused with."""
        heard = self.answer(content, **fields)
        assert heard["Type"] == "ERROR", heard
        return int(heard["ErrorCode"])

    def farewell(self, *, seconds: float = 10) -> tuple[int, str]:
        """The code and reason that the room closes the socket with, whatever it sends before."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=seconds)
        return self.socket.close_code or 0, self.socket.close_reason or ""
