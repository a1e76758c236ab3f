"""The last half minute of a stream, in memory: segments, their parts, and who waits for the next."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from local.ivs.aac import AudioConfig
from local.ivs.h264 import VideoConfig

SECONDS_KEPT = 30.0
BYTES_KEPT = 48 * 1024 * 1024
TARGET_SECONDS = 2
PART_SECONDS = 0.3

RATED_SECONDS = 0.5
"""Shorter segments say nothing about a stream's bit rate."""


@dataclass(frozen=True)
class Epoch:
    """What is published without a break and with the same codecs."""

    number: int
    init: bytes = field(repr=False)
    video: VideoConfig | None
    audio: AudioConfig | None

    @property
    def codecs(self) -> str:
        video = [self.video.picture.codec] if self.video else []
        audio = [self.audio.codec] if self.audio else []
        return ",".join(video + audio)


@dataclass(frozen=True)
class Part:
    data: bytes = field(repr=False)
    seconds: float
    independent: bool


@dataclass(kw_only=True)
class Segment:
    number: int
    epoch: Epoch
    begins: datetime
    breaks: bool
    """Whether it is the first of its epoch, with another before it: players are told of the break until it has gone."""

    parts: list[Part] = field(default_factory=list)
    done: bool = False

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    @property
    def size(self) -> int:
        return sum(len(part.data) for part in self.parts)

    @property
    def data(self) -> bytes:
        return b"".join(part.data for part in self.parts)

    @property
    def independent(self) -> bool:
        return bool(self.parts) and self.parts[0].independent


class Window:
    """One stream's media as players may ask for it. `finished` hears of each whole segment."""

    def __init__(self, *, finished: Callable[[Segment], None] = lambda _: None) -> None:
        self.segments: deque[Segment] = deque()
        self.epochs: dict[int, Epoch] = {}
        self.epoch: Epoch | None = None
        """Of what came last."""
        self.breaks_gone = 0
        """Breaks before the first segment that is kept."""
        self.ended = False
        self.ends_at = 0.0
        """Where the media ends, in milliseconds of its own time."""
        self.part_seconds = PART_SECONDS
        self.target_seconds = TARGET_SECONDS
        self.captions = False
        self.version = 0
        self._finished = finished
        self._next = 0
        self._epochs_made = 0
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def next_part(self) -> tuple[int, int]:
        """Which segment and part come next."""
        if self.segments and not self.segments[-1].done:
            return self.segments[-1].number, len(self.segments[-1].parts)
        return self._next, 0

    def new_epoch(self, *, init: bytes, video: VideoConfig | None, audio: AudioConfig | None) -> Epoch:
        epoch = Epoch(number=self._epochs_made, init=init, video=video, audio=audio)
        self._epochs_made += 1
        self.epochs[epoch.number] = epoch
        return epoch

    def begin(self, epoch: Epoch, *, begins: datetime) -> None:
        """The next part is the first of a new segment."""
        self.close()
        breaks = self.epoch is not None and self.epoch is not epoch
        self.segments.append(Segment(number=self._next, epoch=epoch, begins=begins, breaks=breaks))
        self._next += 1
        self.epoch = epoch

    def add(self, part: Part) -> None:
        self.segments[-1].parts.append(part)
        self.part_seconds = max(self.part_seconds, part.seconds)
        self._forget()
        self._tell()

    def close(self) -> None:
        """The segment is whole."""
        if not self.segments or self.segments[-1].done:
            return
        segment = self.segments[-1]
        if not segment.parts:
            self.segments.pop()
            self._next -= 1
            return
        segment.done = True
        self.target_seconds = max(self.target_seconds, round(segment.seconds))
        self._finished(segment)
        self._tell()

    def end(self) -> None:
        """Nothing follows any more."""
        self.close()
        self.ended = True
        self._tell()

    def clear(self) -> None:
        """Nobody watches any more: keep what is known of it, and none of the media."""
        self.segments.clear()
        self.epochs.clear()

    def segment(self, number: int) -> Segment | None:
        return next((segment for segment in self.segments if segment.number == number), None)

    def has(self, number: int, part: int | None) -> bool:
        """Whether the segment is whole or, given a part, whether that is there."""
        ahead = self.next_part
        return ahead[0] > number or (part is not None and ahead[0] == number and ahead[1] > part)

    async def wait_for(self, number: int, part: int | None, *, seconds: float) -> bool:
        """Whether it is there, now or within so long; at the end of the stream at once."""
        try:
            async with asyncio.timeout(seconds):
                while not self.has(number, part) and not self.ended:
                    waiting = asyncio.get_running_loop().create_future()
                    self._waiting.add(waiting)
                    try:
                        await waiting
                    finally:
                        self._waiting.discard(waiting)
        except TimeoutError:
            return False
        return self.has(number, part)

    def _tell(self) -> None:
        self.version += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def _forget(self) -> None:
        """What is older than anybody needs, or more than may be kept; the current segment stays."""
        seconds = sum(segment.seconds for segment in self.segments)
        size = sum(segment.size for segment in self.segments)
        while len(self.segments) > 1 and (seconds - self.segments[0].seconds > SECONDS_KEPT or size > BYTES_KEPT):
            gone = self.segments.popleft()
            seconds, size = seconds - gone.seconds, size - gone.size
            self.breaks_gone += gone.breaks
        kept = {segment.epoch.number for segment in self.segments}
        for number in [number for number in self.epochs if number not in kept and number < self._epochs_made - 1]:
            del self.epochs[number]
