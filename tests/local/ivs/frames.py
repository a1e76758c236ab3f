"""Frames as a publisher sends them, without one: what is in them does not matter to the packager."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from local.ivs.aac import AudioConfig
from local.ivs.flv import Frame
from local.ivs.h264 import Picture, VideoConfig
from local.ivs.mp4 import AUDIO_TRACK, VIDEO_TRACK
from local.ivs.packager import Packager
from local.ivs.timeline import WRAP
from local.ivs.window import Segment, Window

VIDEO = VideoConfig(b"\x01\x42\xc0\x1e\xff" + bytes(10), 4, Picture(640, 360, 30.0, "avc1.42c01e"))
OTHER_VIDEO = VideoConfig(b"\x01\x64\x00\x1f\xff" + bytes(10), 4, Picture(1280, 720, 30.0, "avc1.64001f"))
AUDIO = AudioConfig(b"\x11\x90", 48000, 2, "mp4a.40.2")

PICTURE = b"\0\0\0\2\x41\x9a"
KEY_PICTURE = b"\0\0\0\2\x65\x88"
SOUND = b"\x21\x10"

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Camera:
    """Feeds a packager in time that passes as it is told to."""

    def __init__(
        self,
        *,
        video: bool = True,
        audio: bool = True,
        rate: int = 30,
        sound_rate: int = 48_000,
        gop: float = 2.0,
        begin: int = 0,
        window: Window | None = None,
        start: int = 1000,
    ) -> None:
        """`begin` is the publisher's first timestamp in milliseconds, `gop` the seconds between key frames."""
        self.whole: list[Segment] = []
        self.window = window or Window(finished=self.whole.append)
        self.now = 0.0
        self.packager = Packager(self.window, start=start, wall=lambda: NOON + timedelta(seconds=self.now))
        self.video, self.audio, self.rate, self.gop, self.begin = video, audio, rate, gop, begin
        self.pictures = self.sounds = 0
        self._sound_rate = sound_rate
        self._key_at = 0.0
        if video:
            self.packager.configure(VIDEO)
        if audio:
            self.packager.configure(replace(AUDIO, rate=sound_rate))

    def run(self, seconds: float, *, jump: int = 0) -> "Camera":
        """Film for so long; `jump` moves the publisher's clock by milliseconds from here on."""
        self.begin += jump
        end = self.now + seconds
        while True:
            picture = self.pictures / self.rate if self.video else end
            sound = self.sounds * 1024 / self._sound_rate if self.audio else end
            self.now = min(picture, sound)
            if self.now >= end - 1e-9:
                self.now = end
                return self
            at = (self.begin + round(self.now * 1000)) % WRAP
            if picture <= sound:
                key = self.now >= self._key_at - 1e-9
                self._key_at += self.gop * key
                self.pictures += 1
                frame = Frame(KEY_PICTURE if key else PICTURE, key=key)
                self.packager.frame(VIDEO_TRACK, frame, at, now=self.now)
            else:
                self.sounds += 1
                self.packager.frame(AUDIO_TRACK, Frame(SOUND, key=True), at, now=self.now)
