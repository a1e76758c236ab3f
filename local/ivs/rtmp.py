"""RTMP ingest: who publishes how, and who is turned away (Adobe, "RTMP specification 1.0", sections 5 and 7).

A connection proves itself in steps, each with a time limit; until it has a right key it is given little memory and no
word about why others would be welcome. Stream keys are never logged.
"""

import asyncio
import contextlib
import logging
import os
import struct
from dataclasses import dataclass
from typing import Any, Protocol

from local.ivs import amf, chunks
from local.ivs.chunks import Inbound, Message
from local.ivs.settings import Timing

HANDSHAKE_BYTES = 1536
OUR_CHUNK_SIZE = 4096
WINDOW = 2_500_000
READ_BYTES = 64 * 1024
MAX_CONNECTIONS = 32
LINGER_SECONDS = 1.0
PUBLISHED_STREAM = 1

log = logging.getLogger("prism.ivs.rtmp")


class Refused(Exception):
    """The publisher is told `code` (a NetStream status) and `description`, and let go."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Publication(Protocol):
    """What a publisher sends, taken by the channel."""

    def metadata(self, values: dict[str, amf.Value]) -> None: ...

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag's body; Refused where it is of a codec that is not taken."""

    def close(self, *, unpublished: bool) -> None:
        """The publisher has gone: `unpublished` where it said so, else its connection was lost."""


class Door(Protocol):
    """Who may publish."""

    def publish(self, *, app: str, key: str, end: "Hangup") -> Publication:
        """The publication for this key; Refused. `end` lets the publisher go later."""


class Hangup(Protocol):
    def __call__(self, code: str, description: str) -> None: ...


@dataclass(kw_only=True)
class Ingest:
    """The RTMP server: every publisher's connection."""

    door: Door
    timing: Timing
    _open: "set[asyncio.Task[None]] | None" = None
    _server: asyncio.Server | None = None

    async def start(self, listening: Any) -> None:
        self._open = set()
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=READ_BYTES)

    def close(self) -> None:
        """Take no new publishers."""
        if self._server:
            self._server.close()

    async def stop(self) -> None:
        """Let every publisher go and return when they are gone."""
        self.close()
        tasks = list(self._open or ())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert self._open is not None
        if len(self._open) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open.add(task)
        connection = Connection(reader=reader, writer=writer, door=self.door, timing=self.timing)
        try:
            await connection.run()
        except asyncio.CancelledError:
            pass
        except Exception:
            log.exception("a publisher's connection failed")
        finally:
            self._open.discard(task)
            with contextlib.suppress(Exception):
                connection.gone()
            writer.close()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), 2)


class Connection:
    """One connection, from its handshake to its end."""

    def __init__(
        self, *, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: Door, timing: Timing
    ) -> None:
        self._reader, self._writer = reader, writer
        self._door, self._timing = door, timing
        self._inbound = Inbound()
        self._sent_size = chunks.FIRST_CHUNK_SIZE
        self._app = ""
        self._read = self._acknowledged = 0
        self._window = WINDOW
        self._publication: Publication | None = None
        self._unpublished = False
        self._ended = self._refused = False
        self._task: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Serve it until it has ended, by whoever's wish."""
        self._task = asyncio.current_task()
        try:
            async with asyncio.timeout(self._timing.handshake):
                await self._handshake()
            async with asyncio.timeout(self._timing.connect):
                while self._publication is None and not self._ended:
                    await self._step()
            while not self._ended:
                async with asyncio.timeout(self._timing.idle):
                    await self._step()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, chunks.BadChunk, amf.BadAmf) as error:
            log.info("a publisher's connection ended: %s", str(error) or type(error).__name__)
        except Refused as refusal:
            self._refuse(refusal.code, refusal.description)
        except asyncio.CancelledError:
            if not self._ended or self._task is None or self._task.uncancel():
                raise
        if self._refused:
            self.gone()
            await self._linger()

    def gone(self) -> None:
        """Tell the channel, once."""
        if self._publication is not None:
            publication, self._publication = self._publication, None
            publication.close(unpublished=self._unpublished)

    def end(self, code: str, description: str) -> None:
        """Let the publisher go, as the channel wishes: its key died, or its stream was stopped."""
        if not self._ended:
            self._refuse(code, description)
            self._ended = True
            if self._task is not None and self._task is not asyncio.current_task():
                self._task.cancel()

    async def _linger(self) -> None:
        """Let the publisher hear why it is let go: closed with something unread, its computer would throw our last words away."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._writer.drain()
                while await self._reader.read(READ_BYTES):
                    pass

    async def _handshake(self) -> None:
        asked = await self._reader.readexactly(1 + HANDSHAKE_BYTES)
        if asked[0] != 3:
            raise chunks.BadChunk("this is not RTMP")
        # Time and zero, then anything: the simple handshake.
        self._writer.write(b"\x03" + bytes(8) + os.urandom(HANDSHAKE_BYTES - 8) + asked[1:])
        await self._reader.readexactly(HANDSHAKE_BYTES)

    async def _step(self) -> None:
        data = await self._reader.read(READ_BYTES)
        if not data:
            self._ended = True
            return
        self._read += len(data)
        if self._read - self._acknowledged >= self._window // 2:
            self._acknowledged = self._read
            self._send(chunks.ACKNOWLEDGEMENT, struct.pack(">I", self._read % (1 << 32)))
        for message in self._inbound.feed(data):
            if self._ended:
                return
            self._hear(message)
        await self._writer.drain()

    def _hear(self, message: Message) -> None:
        match message.kind:
            case chunks.AUDIO | chunks.VIDEO:
                if self._publication is not None and message.payload:
                    self._publication.media(message.kind, message.timestamp, message.payload)
            case chunks.WINDOW_SIZE if len(message.payload) == 4:
                self._window = max(WINDOW // 50, min(int.from_bytes(message.payload, "big"), WINDOW))
            case chunks.USER_CONTROL if message.payload[:2] == b"\x00\x06":
                self._send(chunks.USER_CONTROL, b"\x00\x07" + message.payload[2:6])
            case chunks.COMMAND_AMF0:
                self._command(amf.decode(message.payload))
            case chunks.COMMAND_AMF3:
                self._command(amf.decode(message.payload[1:]))
            case chunks.DATA_AMF0 | chunks.DATA_AMF3:
                self._data(amf.decode(message.payload[message.kind == chunks.DATA_AMF3 :]))

    def _data(self, values: list[amf.Value]) -> None:
        if self._publication is None:
            return
        named = values[1:] if values[:1] == ["@setDataFrame"] else values
        if len(named) > 1 and named[0] == "onMetaData" and isinstance(named[1], dict):
            self._publication.metadata(named[1])

    def _command(self, values: list[amf.Value]) -> None:
        name, transaction = [*values, None, None][:2]
        match name:
            case "connect":
                self._connect(transaction, values[2] if len(values) > 2 else None)
            case "createStream":
                self._call("_result", transaction, None, PUBLISHED_STREAM)
            case "releaseStream" | "_checkbw" | "getStreamLength":
                self._call("_result", transaction, None, None)
            case "FCPublish":
                self._call("onFCPublish", 0, None, _status("status", "NetStream.Publish.Start", "Ready."))
                self._call("_result", transaction, None, None)
            case "publish":
                self._publish(values)
            case "FCUnpublish" | "deleteStream" | "closeStream":
                self._unpublish()
            case "play" | "play2":
                raise Refused("NetStream.Play.StreamNotFound", "This server takes streams; players read them by HLS.")

    def _connect(self, transaction: amf.Value, told: amf.Value) -> None:
        app = told.get("app") if isinstance(told, dict) else None
        self._app = app.partition("?")[0].strip("/") if isinstance(app, str) else ""
        self._send(chunks.WINDOW_SIZE, struct.pack(">I", WINDOW))
        self._send(chunks.PEER_BANDWIDTH, struct.pack(">IB", WINDOW, 2))
        self._send(chunks.SET_CHUNK_SIZE, struct.pack(">I", OUR_CHUNK_SIZE))
        self._sent_size = OUR_CHUNK_SIZE
        properties: dict[str, amf.Value] = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}
        self._call(
            "_result",
            transaction,
            properties,
            {**_status("status", "NetConnection.Connect.Success", "Connected."), "objectEncoding": 0.0},
        )

    def _publish(self, values: list[amf.Value]) -> None:
        if self._publication is not None:
            raise Refused("NetStream.Publish.BadName", "This connection publishes already.")
        name = values[3] if len(values) > 3 else None
        # OBS and others may append a query to the key.
        key = name.partition("?")[0] if isinstance(name, str) else ""
        self._publication = self._door.publish(app=self._app, key=key, end=self.end)
        self._inbound.limit = chunks.MEDIA_BYTES
        self._send(chunks.USER_CONTROL, struct.pack(">HI", 0, PUBLISHED_STREAM))
        self._tell(_status("status", "NetStream.Publish.Start", "Go ahead."))

    def _unpublish(self) -> None:
        if self._publication is not None:
            self._unpublished = True
            self._tell(_status("status", "NetStream.Unpublish.Success", "Good bye."))
            self.gone()

    def _refuse(self, code: str, description: str) -> None:
        self._refused = True
        # The level is what publishers act upon; ffmpeg ends with an error, OBS shows the description.
        self._tell(_status("error", code, description))

    def _tell(self, status: dict[str, amf.Value]) -> None:
        self._call("onStatus", 0, None, status, stream=PUBLISHED_STREAM)

    def _call(self, *values: amf.Value | int, stream: int = 0) -> None:
        self._send(chunks.COMMAND_AMF0, amf.encode(values), number=5 if stream else 3, stream=stream)

    def _send(self, kind: int, payload: bytes, *, number: int = 2, stream: int = 0) -> None:
        if not self._writer.is_closing():
            self._writer.write(chunks.chunks(Message(kind, 0, stream, payload), number=number, size=self._sent_size))


def _status(level: str, code: str, description: str) -> dict[str, amf.Value]:
    return {"level": level, "code": code, "description": description}
