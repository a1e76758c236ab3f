"""From a publisher's frames to parts and segments.

A segment begins with a key frame about every two seconds; a part is at most 0.3 s long, so that players can be
that close behind. Each new publication and each change of codecs is an epoch of its own, behind a break.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.ivs import mp4
from local.ivs.aac import SAMPLES_A_FRAME, AudioConfig
from local.ivs.flv import Frame
from local.ivs.h264 import BadVideo, VideoConfig, has_captions
from local.ivs.mp4 import AUDIO_TRACK, VIDEO_SCALE, VIDEO_TRACK, Run, Sample
from local.ivs.timeline import Timeline
from local.ivs.window import PART_SECONDS, Epoch, Part, Window

PART_MOST = PART_SECONDS * 1000
SEGMENT_LEAST = 1_500.0
"""Milliseconds: shorter groups of pictures share a segment."""

SEGMENT_MOST = 12_000.0
"""A publisher that sends no key frames has its segments cut anyway."""

SOUND_AHEAD = 1_000.0
"""Milliseconds for which sound waits for pictures that do not come."""

SOUND_OFF = 60.0
"""Milliseconds that sound may differ from the clock before it is set right."""

TRACKS_AWAITED = 1_000
"""Milliseconds of media within which a second track is expected."""

EARLY_FRAMES = 400
EARLY_BYTES = 16 * 1024 * 1024

PART_BYTES = 4 * 1024 * 1024
SEGMENT_BYTES = 24 * 1024 * 1024
"""A publisher whose clock stands still has its parts and segments cut by size."""


@dataclass
class _Sound:
    """AAC frames by count: their timestamps are rounded to milliseconds, and holes would be heard."""

    rate: int
    at: int | None = None
    """Where the next frame goes, in samples."""
    begin: int = 0
    frames: list[Sample] = field(default_factory=list)

    def add(self, data: bytes, milliseconds: float) -> bool:
        """Whether it was taken at once; else what is held must be cut off first, for there is a hole."""
        wanted = round(milliseconds * self.rate / 1000)
        off = self.rate * SOUND_OFF / 1000
        if self.at is None or wanted - self.at > off:
            if self.frames:
                return False
            self.at = self.begin = wanted
        elif self.at - wanted > off:
            return True  # more sound than time: what is too much is left out
        if not self.frames:
            self.begin = self.at
        self.frames.append(Sample(data, SAMPLES_A_FRAME))
        self.at += SAMPLES_A_FRAME
        return True

    @property
    def end(self) -> float:
        """In milliseconds."""
        return (self.at or 0) * 1000 / self.rate


class Packager:
    """Packages one publication into the window, from `start` (milliseconds) on."""

    def __init__(self, window: Window, *, start: int, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.window = window
        self.reached = float(start)
        """How far the publisher's media has come, in milliseconds."""
        self._wall = wall
        self._clock = Timeline(start=start)
        self._video: VideoConfig | None = None
        self._audio: AudioConfig | None = None
        self._expected: frozenset[int] = frozenset()
        self._early: list[tuple[int, Frame, int]] | None = []
        self._epoch: Epoch | None = None
        self._dated: tuple[datetime, float] | None = None
        self._pictures: list[Sample] = []
        self._pictures_at = 0.0
        self._pending: tuple[float, Frame] | None = None
        self._held = self._sent = 0
        """Bytes of pictures in the part and in the segment so far."""
        self._step = 33.0
        self._sound: _Sound | None = None
        self._part_begin = self._segment_begin = float(start)
        self._fragments = 0
        self._events: list[str] = []

    def expect(self, *, video: bool, audio: bool) -> None:
        """What the publisher's metadata announces."""
        tracks = ((VIDEO_TRACK, video), (AUDIO_TRACK, audio))
        self._expected = frozenset(track for track, announced in tracks if announced)

    def configure(self, config: VideoConfig | AudioConfig) -> None:
        """The codec of what follows. It takes hold at once, or with the next key frame if another was in force."""
        if isinstance(config, VideoConfig):
            self._video = config
        else:
            self._audio = config

    def frame(self, track: int, frame: Frame, timestamp: int, *, now: float) -> None:
        """Take one frame; `timestamp` as RTMP has it, `now` any clock in seconds."""
        if (self._video if track == VIDEO_TRACK else self._audio) is None:
            return
        at = self._clock.place(track, timestamp, now=now)
        self.reached = max(self.reached, at)
        if self._early is None:
            self._take(track, frame, at)
            return
        self._early.append((track, frame, at))
        if self._is_ready():
            early, self._early = self._early, None
            for one in early:
                self._take(*one)

    def announce(self, text: str) -> None:
        """Timed metadata for everybody who watches: it goes out with the next part."""
        self._events.append(text)

    def flush(self) -> None:
        """Nothing more comes: what is held goes out, and the segment is whole."""
        if self._early:
            early, self._early = self._early, None
            for one in early:
                self._take(*one)
        if self._epoch is None:
            return
        self._close_segment(self._held_end())

    def _held_end(self) -> float:
        """Take the last picture with a guess at how long it is shown, and tell where all that is held ends."""
        end = self._part_begin
        if self._pending:
            end = self._pending[0] + self._step
            self._add_picture(end)
            self._pending = None
        return max(end, self._sound.end if self._sound and self._sound.frames else end)

    def _is_ready(self) -> bool:
        assert self._early is not None
        have = {track for track, config in ((VIDEO_TRACK, self._video), (AUDIO_TRACK, self._audio)) if config}
        wanted = self._expected or {VIDEO_TRACK, AUDIO_TRACK}
        held = self._early[-1][2] - self._early[0][2]
        much = len(self._early) >= EARLY_FRAMES or sum(len(one[1].data) for one in self._early) >= EARLY_BYTES
        return have >= wanted or held >= TRACKS_AWAITED or much

    def _take(self, track: int, frame: Frame, at: float) -> None:
        if self._starts_epoch(track, frame):
            self._new_epoch(at)
        if self._epoch is None:
            return
        if track == VIDEO_TRACK and self._epoch.video:
            self._take_picture(frame, at)
        elif track == AUDIO_TRACK and self._epoch.audio:
            self._take_sound(frame, at)

    def _starts_epoch(self, track: int, frame: Frame) -> bool:
        """Whether codecs changed, or are in force for the first time, at a frame from which players can begin."""
        current = self._epoch and (self._epoch.video, self._epoch.audio)
        if current == (self._video, self._audio):
            return False
        return frame.key and (track == VIDEO_TRACK or self._video is None)

    def _new_epoch(self, at: float) -> None:
        if self._epoch is not None:
            self._close_segment(self._held_end())
        init = mp4.init_segment(video=self._video, audio=self._audio)
        self._epoch = self.window.new_epoch(init=init, video=self._video, audio=self._audio)
        self._sound = _Sound(self._audio.rate) if self._audio else None
        self._dated = None
        self._begin_segment(at)

    def _take_picture(self, frame: Frame, at: float) -> None:
        assert self._epoch is not None
        assert self._epoch.video is not None
        if not self.window.captions:
            try:
                self.window.captions = has_captions(frame.data, self._epoch.video.length_size)
            except BadVideo:
                return  # a damaged picture; the decoder does better without
        if self._pending:
            self._step = min(max(at - self._pending[0], 1.0), 1000.0)
            self._add_picture(at)
        in_segment, in_part = at - self._segment_begin, at - self._part_begin
        too_long = in_segment >= SEGMENT_MOST or self._sent >= SEGMENT_BYTES
        if (frame.key and in_segment >= SEGMENT_LEAST) or too_long:
            self._close_segment(at)
            self._begin_segment(at)
        elif self._pictures and (frame.key or in_part + self._step > PART_MOST or self._held >= PART_BYTES):
            self._cut(at)
        self._pending = (at, frame)

    def _add_picture(self, until: float) -> None:
        assert self._pending is not None
        at, frame = self._pending
        if not self._pictures:
            self._pictures_at = at
        scale = VIDEO_SCALE // 1000
        # Two frames of one time would have no duration, which players take for an error.
        duration = max(round((until - at) * scale), 1)
        self._held += len(frame.data)
        self._pictures.append(Sample(frame.data, duration, frame.key, frame.shown_after * scale))

    def _take_sound(self, frame: Frame, at: float) -> None:
        assert self._epoch is not None
        assert self._sound is not None
        if at < self._segment_begin - SOUND_AHEAD:
            return
        if not self._sound.add(frame.data, at):
            self._cut(max(self._sound.end, self._part_begin))
            self._sound.add(frame.data, at)
        held = self._sound.end - self._part_begin
        if self._epoch.video:
            if held >= PART_MOST + SOUND_AHEAD:
                self._cut(self._sound.end)
            return
        if self._sound.end - self._segment_begin >= SEGMENT_LEAST + PART_MOST:
            self._close_segment(self._sound.end)
            self._begin_segment(self._sound.end)
        elif held + SAMPLES_A_FRAME * 1000 / self._sound.rate > PART_MOST:
            self._cut(self._sound.end)

    def _begin_segment(self, at: float) -> None:
        assert self._epoch is not None
        now = self._wall()
        dated = self._dated and self._dated[0] + timedelta(milliseconds=at - self._dated[1])
        # A publisher's clock runs a little differently; its dates follow ours only where they would be wrong.
        if dated is None or abs((now - dated).total_seconds()) > 1:
            self._dated, dated = (now, at), now
        self._segment_begin = self._part_begin = at
        self._sent = 0
        self.window.begin(self._epoch, begins=dated)

    def _close_segment(self, at: float) -> None:
        self._cut(at)
        self.window.close()

    def _cut(self, at: float) -> None:
        """What is held becomes a part that ends at `at`."""
        runs = []
        if self._pictures:
            runs.append(Run(VIDEO_TRACK, round(self._pictures_at * VIDEO_SCALE / 1000), self._pictures))
        if self._sound and self._sound.frames:
            runs.append(Run(AUDIO_TRACK, self._sound.begin, self._sound.frames))
        if not runs:
            return
        begin = min(max(self._part_begin, 0.0), at)
        events = b"".join(
            mp4.event(at=round(begin), number=self._fragments * 100 + index, payload=mp4.id3(text))
            for index, text in enumerate(self._events)
        )
        self._fragments += 1
        independent = self._pictures[0].key if self._pictures else self._epoch is not None and not self._epoch.video
        data = events + mp4.fragment(self._fragments, runs)
        self._events, self._pictures = [], []
        self._sent, self._held = self._sent + self._held, 0
        if self._sound:
            self._sound.frames = []
        self._part_begin = self.window.ends_at = max(at, self._part_begin)
        self.window.add(Part(data, max((at - begin) / 1000, 0.001), independent))
