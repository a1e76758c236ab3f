"""One client's socket: what it sends is read as it comes, what it is sent waits in a queue that has an end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from local.ivschat.limits import Rate
from local.ivschat.tokens import Grant

REQUESTS_PER_SECOND = 10
"""Of one connection (IVS Chat service quotas)."""

CLOSE_SECONDS = 5.0
"""A client that does not take the end of its connection within this has none any more."""

GOODBYE = 1000

log = logging.getLogger("prism.chat")


class Connection:
    """A client that has shown a token. `offer` and `end` return at once, whatever the client does."""

    def __init__(self, grant: Grant, *, ip: str, backlog: int) -> None:
        self.grant = grant
        self.ip = ip
        self.requests = Rate(REQUESTS_PER_SECOND)
        self.expelled = False
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue(backlog + 1)
        self._backlog = backlog
        self._ended = asyncio.Event()
        self._lost = asyncio.Event()

    def offer(self, text: str) -> None:
        """Send it when the client reads; one that has let too much pile up loses its connection."""
        if self._ended.is_set():
            return
        if self._outgoing.qsize() >= self._backlog:
            log.warning("a client read too slowly and lost its connection")
            self._ended.set()
            self._lost.set()
            return
        self._outgoing.put_nowait({"type": "websocket.send", "text": text})

    def end(self, reason: str) -> None:
        """Close the socket after what it was sent before; nothing it asks from now on is heard."""
        if self._ended.is_set():
            return
        self._outgoing.put_nowait({"type": "websocket.close", "code": GOODBYE, "reason": reason})
        self._ended.set()

    async def serve(self, receive: Any, send: Any, *, hear: Callable[[str], Awaitable[None]]) -> None:
        """Until the client has gone, or was ended; `hear` is called for each frame."""
        reading = asyncio.create_task(self._read(receive, hear))
        writing = asyncio.create_task(self._write(send))
        ended = asyncio.create_task(self._ended.wait())
        tasks = {reading, writing, ended}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.is_set() and not self._lost.is_set():
                await asyncio.wait({writing}, timeout=CLOSE_SECONDS)
        finally:
            self._ended.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, receive: Any, hear: Callable[[str], Awaitable[None]]) -> None:
        while not self._ended.is_set():
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            # The protocol is text; bytes are no JSON to it.
            await hear(message.get("text") or "")
            # Frames that came together are read without waiting: the others get their turn between them.
            await asyncio.sleep(0)

    async def _write(self, send: Any) -> None:
        with suppress(OSError):  # what uvicorn's ClientDisconnected is
            while True:
                message = await self._outgoing.get()
                await send(message)
                if message["type"] == "websocket.close":
                    return
