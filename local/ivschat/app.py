"""The local stand-in for Amazon IVS Chat, as one ASGI app below /ivschat: the control plane that boto3 asks, and the socket.

Clients connect to /ivschat/socket with a chat token as the sole subprotocol, which is echoed; without one that was just made
here they get 401. Unlike the real one, which takes any origin, the media process's guard lets in the creator's own pages and
programs only, so that no other site's page gets anything. Pings are uvicorn's, every 20 seconds; who does not answer is gone.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from local.ivs.settings import CHAT_PATH, Settings
from local.ivschat.connection import Connection
from local.ivschat.control import Control
from local.ivschat.log import ChatLog
from local.ivschat.review import Reviewer
from local.ivschat.room import Room
from local.ivschat.settings import ChatSettings
from local.loopback import ASGIApp, Scope

MESSAGES_A_SECOND = 10
"""Of the whole room, as the stacks make it in the cloud."""

SOCKET = f"{CHAT_PATH}/socket"


def chat_app(settings: Settings) -> ASGIApp:
    """The chat room of the media process, with the real review handler and the log of the local AWS.

    It starts and stops these by the ASGI lifespan.
    """
    environment = {
        **os.environ,
        "PRISM_CREATOR": settings.creator,
        "PRISM_REVIEW_SECONDS": str(settings.timing.review),
    }
    reviewer = Reviewer(environment=environment)
    room = ChatSettings(
        arn=settings.room,
        name=settings.channel_name,
        secret=settings.secret,
        rate=MESSAGES_A_SECOND,
        review=reviewer,
        review_uri=f"arn:aws:lambda:{settings.region}:{settings.account}:function:prism-{settings.creator}-chat-review",
        review_seconds=settings.timing.review,
        fallback="ALLOW" if settings.when_review_fails == "ALLOW" else "DENY",
        log=ChatLog(group=settings.chat_log, room=settings.room),
    )
    return ChatApp(room, reviewer=reviewer)


class ChatApp:
    """The room's ASGI app. `reviewer` is started and stopped with it, as is the room's log."""

    def __init__(self, settings: ChatSettings, *, reviewer: Reviewer | None = None) -> None:
        self.settings = settings
        self.room = Room(settings)
        self._reviewer = reviewer
        self._control = Control(self.room).app()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self._control(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            stage: Literal["startup", "shutdown"] = message["type"].removeprefix("lifespan.")
            if stage == "startup" and self._reviewer:
                await asyncio.to_thread(self._reviewer.start)
            elif stage == "shutdown":
                await self.stop()
            await send({"type": f"lifespan.{stage}.complete"})
            if stage == "shutdown":
                return

    async def stop(self) -> None:
        """Deliver what is under way and write the last lines of the log."""
        await self.room.stop()
        if self._reviewer:
            await asyncio.to_thread(self._reviewer.stop)
        if self.settings.log:
            await asyncio.to_thread(self.settings.log.stop)

    async def _connect(self, scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        if scope["path"] != SOCKET:
            await _reject(send, 404, "There is no such socket")
            return
        if len(self.room.connections) >= self.settings.connections:
            await _reject(send, 429, "Too many connections")
            return
        offered = scope["subprotocols"]
        grant = self.room.tokens.redeem(offered[0]) if len(offered) == 1 else None
        if grant is None:
            await _reject(send, 401, "The chat token is missing, unknown, used or expired")
            return
        connection = Connection(grant, ip=(scope.get("client") or ("",))[0], backlog=self.settings.backlog)
        # Whoever knows that they are in hears all that is said from then on.
        self.room.enter(connection)
        try:
            await send({"type": "websocket.accept", "subprotocol": offered[0]})
            await connection.serve(receive, send, hear=partial(self.room.hear, connection))
        finally:
            self.room.leave(connection)


async def _reject(send: Any, status: int, why: str) -> None:
    """Answer the handshake with a status, as IVS Chat does, in place of a socket that closes at once."""
    headers = [(b"content-type", b"application/json")]
    body: Mapping[str, Any] = {"message": why}
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": json.dumps(body).encode()})
