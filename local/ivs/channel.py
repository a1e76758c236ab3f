"""The channel: who publishes, what is live, and the events that tell of it.

A stream session begins with a publisher and lives through a lost connection for a grace; what ends it is the publisher's
good-bye, the end of the grace, its key's death, or StopStream.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from local.ivs import chunks, flv
from local.ivs.amf import Value
from local.ivs.events import Events
from local.ivs.health import Pace
from local.ivs.keys import StreamKeys
from local.ivs.mp4 import AUDIO_TRACK, VIDEO_TRACK
from local.ivs.packager import Packager
from local.ivs.rtmp import Hangup, Refused
from local.ivs.settings import INGEST_APP, Settings
from local.ivs.state import Notes, Store, new_id
from local.ivs.window import Segment, Window

START_MILLISECONDS = 1_000
"""Where a stream's media begins: sound may be a little earlier than the first picture."""

ENDED_KEPT_SECONDS = 60.0
"""How long those who are behind may watch a stream to its end."""

SESSIONS_KEPT = 50

_BAD_NAME = "NetStream.Publish.BadName"
_FILE = "stream.json"

log = logging.getLogger("prism.ivs")


@dataclass(kw_only=True)
class Stream:
    """One stream session."""

    id: str
    began: datetime
    window: Window
    started: datetime | None = None
    """When there was something to watch, from which on it is live."""

    ended: datetime | None = None
    starving: bool = False
    told: list[tuple[str, datetime, str]] = field(default_factory=list)
    """The names, times and types of its events."""

    @property
    def failed(self) -> bool:
        return any(name in {"Stream Failure", "Starvation Start"} for name, _, _ in self.told)


class Recorder(Protocol):
    """Who keeps what was live."""

    def begun(self) -> None:
        """A stream has begun; `ended` follows, whether or not there was anything to watch."""

    def segment(self, stream: Stream, segment: Segment) -> None: ...

    def ended(self, stream: Stream) -> None: ...


class Channel:
    """Implements the ingest's door. Everything happens in the event loop."""

    def __init__(
        self,
        settings: Settings,
        *,
        keys: StreamKeys,
        events: Events,
        recorder: Recorder,
        store: Store,
        notes: Notes,
    ) -> None:
        self.settings, self.keys = settings, keys
        self.stream: Stream | None = None
        self.past: deque[Stream] = deque(maxlen=SESSIONS_KEPT)
        """Streams that have ended, the newest first."""
        self._events, self._recorder, self._store, self._notes = events, recorder, store, notes
        self._feed: Feed | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._close_what_was_left()

    @property
    def live(self) -> Stream | None:
        """The stream that can be watched."""
        return self.stream if self.stream and self.stream.started else None

    def publish(self, *, app: str, key: str, end: Hangup) -> "Feed":
        # One answer to a wrong application and a wrong key: who guesses learns nothing.
        if app != INGEST_APP or not self.keys.is_current(key):
            raise Refused(_BAD_NAME, "There is no such stream key. Copy it from the studio again.")
        if self._feed is not None:
            if self._feed.silent < self.settings.timing.silent:
                raise Refused(_BAD_NAME, "This stream key is in use by another connection.")
            silent = self._feed
            silent.hang_up(_BAD_NAME, "Another connection took over, as this one was silent.")
            silent.close(unpublished=False)
        if self._grace:
            self._grace.cancel()
            self._grace = None
        if self.stream is None:
            self.stream = self._new_stream()
        self._feed = Feed(channel=self, stream=self.stream, hang_up=end)
        return self._feed

    def left(self, feed: "Feed", *, unpublished: bool) -> None:
        """The publisher has gone."""
        if feed is not self._feed:
            return
        self._feed = None
        stream = feed.stream
        if stream is not self.stream:
            return
        if unpublished or feed.failure or not stream.started:
            self._end(failure=feed.failure)
            return
        self._starve(True)
        self._grace = asyncio.get_running_loop().call_later(self.settings.timing.grace, self._end)

    def stop(self, description: str) -> bool:
        """End the stream and let its publisher go; False where there is none."""
        if self.stream is None:
            return False
        self._hang_up(description)
        self._end()
        return True

    def create_key(self) -> None:
        self.keys.create()

    def delete_key(self) -> None:
        """The key dies, and whoever publishes with it is let go."""
        self.keys.delete()
        self.stop("This stream key was deleted.")

    def announce(self, text: str) -> bool:
        """Timed metadata for all who watch; False where nothing is live."""
        if self.live is None:
            return False
        if self._feed is not None:
            self._feed.packager.announce(text)
        return True

    async def keep_watching(self) -> None:
        """Tell of starvation, until it is cancelled."""
        while True:
            await asyncio.sleep(self.settings.timing.starvation / 8)
            # A publisher that is back but has sent nothing yet does not help.
            if self._feed is not None and self._feed.pace.begun and self.live is not None:
                self._starve(self._feed.pace.is_starving(time.monotonic()))

    def segment(self, stream: Stream, segment: Segment) -> None:
        """A segment is whole: with the first the stream is live."""
        if stream is not self.stream:
            return
        if stream.started is None:
            stream.started = datetime.now(UTC)
            self._tell(stream, "Stream Start")
            self._note(stream)
        self._recorder.segment(stream, segment)

    def _new_stream(self) -> Stream:
        window = Window(finished=lambda segment: self.segment(stream, segment))
        stream = Stream(id=f"st-{new_id(23)}", began=datetime.now(UTC), window=window)
        self._tell(stream, "Session Created")
        self._note(stream)
        self._recorder.begun()
        return stream

    def _starve(self, starving: bool) -> None:
        assert self.stream is not None
        if starving != self.stream.starving:
            self.stream.starving = starving
            name = "Starvation Start" if starving else "Starvation End"
            self.stream.told.append((name, datetime.now(UTC), "IVS Stream Health Change"))
            self._events.health(name, self.stream.id)

    def _end(self, failure: str | None = None) -> None:
        stream, self.stream = self.stream, None
        assert stream is not None
        if self._grace:
            self._grace.cancel()
            self._grace = None
        stream.window.end()
        asyncio.get_running_loop().call_later(ENDED_KEPT_SECONDS, stream.window.clear)
        stream.ended = datetime.now(UTC)
        if failure or stream.started is None:
            self._tell(stream, "Stream Failure", reason=failure or "The publisher sent nothing that can be watched.")
        if stream.started is not None:
            self._tell(stream, "Stream End")
        self._tell(stream, "Session Ended")
        self._notes.keep(lambda: self._store.remove(_FILE))
        self.past.appendleft(stream)
        self._recorder.ended(stream)

    def _hang_up(self, description: str) -> None:
        if self._feed is not None:
            feed, self._feed = self._feed, None
            feed.finish()
            feed.hang_up("NetStream.Publish.Rejected", description)

    def _tell(self, stream: Stream, name: str, **more: str) -> None:
        stream.told.append((name, datetime.now(UTC), "IVS Stream State Change"))
        self._events.stream(name, stream.id, **more)

    def _note(self, stream: Stream) -> None:
        """For the next start of this process, should it end in the middle of the stream."""
        note = {"id": stream.id, "started": stream.started is not None}
        self._notes.keep(lambda: self._store.write(_FILE, note))

    def _close_what_was_left(self) -> None:
        left = self._store.read(_FILE)
        if left is None:
            return
        if left.get("started"):
            self._events.stream("Stream End", str(left["id"]))
        else:
            self._events.stream("Stream Failure", str(left["id"]), reason="The ingest was interrupted.")
        self._events.stream("Session Ended", str(left["id"]))
        self._store.remove(_FILE)


class Feed:
    """What one publisher sends, on its way into the stream."""

    def __init__(
        self,
        *,
        channel: Channel,
        stream: Stream,
        hang_up: Hangup,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream, self.hang_up = stream, hang_up
        self.failure: str | None = None
        self.pace = Pace(behind=channel.settings.timing.starvation)
        window = stream.window
        self.packager = Packager(window, start=max(START_MILLISECONDS, round(window.ends_at)))
        self._channel, self._clock = channel, clock
        self._heard = clock()
        self._finished = False

    @property
    def silent(self) -> float:
        """Seconds since something came."""
        return self._clock() - self._heard

    def metadata(self, values: dict[str, Value]) -> None:
        self.packager.expect(video="videocodecid" in values, audio="audiocodecid" in values)

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        if self._finished:
            return
        self._heard = self._clock()
        track = VIDEO_TRACK if kind == chunks.VIDEO else AUDIO_TRACK
        try:
            item = flv.video(payload) if track == VIDEO_TRACK else flv.audio(payload)
        except Refused as refusal:
            self.failure = refusal.description
            raise
        if item is None:
            return
        if isinstance(item, flv.Frame):
            self.packager.frame(track, item, timestamp, now=self._heard)
            self.pace.media(self.packager.reached / 1000, now=self._heard)
        else:
            self.packager.configure(item)

    def finish(self) -> None:
        """What is held goes out; nothing that comes afterwards does."""
        if not self._finished:
            self._finished = True
            self.packager.flush()

    def close(self, *, unpublished: bool) -> None:
        self.finish()
        self._channel.left(self, unpublished=unpublished)
