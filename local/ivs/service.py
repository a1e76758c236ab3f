"""Amazon IVS on this machine: the parts of it, put together."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from local.ivs.channel import Channel, Stream
from local.ivs.control import BODY_BYTES, Control
from local.ivs.events import Events
from local.ivs.keys import StreamKeys
from local.ivs.playback import Playback
from local.ivs.recording import BucketRefuses, Put, Recordings
from local.ivs.rtmp import Ingest
from local.ivs.settings import CONTROL_PATH, Settings
from local.ivs.state import Notes, Store
from local.ivs.tokens import Verifier
from local.ivs.viewers import Viewers
from local.ivs.window import Segment
from local.loopback import ASGIApp, Scope, refuse
from local.signatures import Locked

STORE_LAST_SECONDS = 12.0
SEND_LAST_SECONDS = 3.0
"""Together less than whoever stops us waits. What is not done by then is done by the next start."""

log = logging.getLogger("prism.ivs")


@dataclass(frozen=True)
class Bounded:
    """An ASGI app that hears only of requests whose body has a length and not more than `most` bytes: who signed it is judged after reading it."""

    app: ASGIApp
    _: KW_ONLY
    most: int

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        lengths = [value for key, value in scope["headers"] if key.lower() == b"content-length"]
        if len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0]) <= self.most:
            await self.app(scope, receive, send)
        else:
            await refuse(scope, receive, send, "This server takes requests of a known and moderate length only.")


class NoRecorder:
    """Where no bucket takes recordings."""

    def begun(self) -> None:
        """Nothing will be kept."""

    def segment(self, stream: Stream, segment: Segment) -> None:
        """Nothing is kept."""

    def ended(self, stream: Stream) -> None:
        """Nothing was kept."""


class Ivs:
    """One channel: `app` serves its playback and its control plane, `start` its ingest."""

    def __init__(self, settings: Settings, *, address: str, ingest: str) -> None:
        """`address` is where `app` is served, `ingest` where publishers come."""
        self.settings = settings
        self.ingest = ingest
        self.playback_url = f"{address}{settings.playback_path}"
        store = Store(settings.media_folder)
        self._notes = Notes()
        self.events = Events(settings, send=_sender(settings), notes=self._notes)
        self.viewers = Viewers(store, counted=settings.timing.viewer)
        self._recordings: Recordings | None = None
        if settings.bucket:
            self._recordings = Recordings(settings, events=self.events, put=_putter(settings), notes=self._notes)
        self.channel = Channel(
            settings,
            keys=StreamKeys(settings, store),
            events=self.events,
            recorder=self._recordings or NoRecorder(),
            store=store,
            notes=self._notes,
        )
        self._playback = Playback(
            channel=self.channel,
            viewers=self.viewers,
            verifier=Verifier.of(settings.channel, settings.playback_key),
            path=settings.playback_path,
        )
        control = Control(channel=self.channel, viewers=self.viewers, playback_url=self.playback_url, ingest=ingest)
        self._control = Bounded(
            Locked(app=control, secret=settings.secret, origins=frozenset(), is_open=lambda *_: False),
            most=BODY_BYTES,
        )
        self._ingest = Ingest(door=self.channel, timing=settings.timing)
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[None] | None = None

    async def start(self, rtmp: socket.socket, *, tell: Callable[[str], None]) -> None:
        """Take publishers from this socket on. `tell` hears of trouble later."""
        self._notes.tell = tell
        await self._ingest.start(rtmp)
        self._tasks.append(asyncio.create_task(self.channel.keep_watching()))
        self._sending = asyncio.create_task(self.events.keep_sending())
        if self._recordings:
            self._storing = asyncio.create_task(self._recordings.keep_storing())

    def close(self) -> None:
        """End what is live, and with it whatever players wait for."""
        self._ingest.close()
        self.channel.stop("The ingest stops.")

    async def stop(self) -> None:
        """End what is live and return when its events are sent, or kept for the next start."""
        self.close()
        await self._ingest.stop()
        for task in self._tasks:
            task.cancel()
        # The recording's end is an event too.
        if self._recordings and self._storing:
            self._recordings.stop()
            await _at_most(STORE_LAST_SECONDS, self._storing)
        self.events.stop()
        if self._sending:
            await _at_most(SEND_LAST_SECONDS, self._sending)

    async def app(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._playback.serves(scope["path"]):
            await self._playback(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(f"{CONTROL_PATH}/"):
            await self._control(scope, receive, send)
        else:
            await refuse(scope, receive, send, "There is nothing here.")


def _sender(settings: Settings) -> Callable[[str], None] | None:
    """Puts a message into the queue, by a client made with the first."""
    if not settings.queue:
        return None
    made: list[Any] = []

    def send(message: str) -> None:
        if not made:
            made.append(client("sqs"))
        made[0].send_message(QueueUrl=settings.queue, MessageBody=message)

    return send


def _putter(settings: Settings) -> Put:
    """Stores an object in the media bucket, by a client made with the first."""
    made: list[Any] = []

    def put(key: str, content: bytes, kind: str) -> None:
        from botocore.exceptions import ClientError

        if not made:
            made.append(client("s3"))
        try:
            made[0].put_object(Bucket=settings.bucket, Key=key, Body=content, ContentType=kind)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status in {403, 404}:
                raise BucketRefuses("The bucket is not there, or takes nothing from here.") from error
            raise

    return put


async def _at_most(seconds: float, task: "asyncio.Task[None]") -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(task, seconds)


def client(service: str) -> Any:
    """A boto3 client that says soon when the local AWS is away."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20)
    return boto3.client(service, config=config)  # type: ignore[call-overload]
