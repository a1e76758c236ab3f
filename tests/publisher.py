"""Somebody who streams: ffmpeg, publishing by RTMP what it was given.

`clip` encodes a short film once, with the number of each frame burnt in as bars; a `Publisher` sends it again and again without
encoding, as fast as it plays. `ClockPublisher` encodes as it goes and burns the time in, for those who measure latency.

Bars: the picture's top eighth is BITS fields of equal width, the highest bit on the left, white for one and black for zero.
"""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import imageio_ffmpeg  # type: ignore[import-untyped]

from tests import captions

BITS = 24
RATE = 30
CLOCK_WRAP = 1 << BITS
"""Milliseconds after which the burnt-in time begins anew: over four hours."""

_QUIET = ("-hide_banner", "-nostdin", "-v", "warning")


def ffmpeg(*arguments: str) -> None:
    """Run it to its end; CalledProcessError."""
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *_QUIET, "-y", *arguments], check=True, capture_output=True)


def clip(
    folder: Path,
    *,
    seconds: int = 4,
    size: str = "640x360",
    video: bool = True,
    audio: bool = True,
    codec: str = "libx264",
    gop: int = 2 * RATE,
    with_captions: str | None = None,
) -> Path:
    """A moving test picture and a tone of 440 Hz, H.264 and AAC in FLV unless `codec` says otherwise.

    `with_captions` is a line of text that it carries as CEA-608 captions, in SEI units of the video.
    """
    film = folder / f"{codec}-{size}-{seconds}-{gop}-{int(video)}{int(audio)}{'-cc' if with_captions else ''}.flv"
    if film.exists():
        return film
    width, height = map(int, size.split("x"))
    inputs, outputs = [], []
    if video:
        inputs += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={RATE},{_bars(width, height)}"]
        more = ["-tune", "zerolatency", "-sc_threshold", "0"] if codec == "libx264" else []
        more = ["-x265-params", f"log-level=none:keyint={gop}"] if codec == "libx265" else more
        outputs += ["-c:v", codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "800k", "-g", str(gop), *more]
    if audio:
        inputs += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
        outputs += ["-c:a", "aac", "-b:a", "64k"]
    ffmpeg(*inputs, "-t", str(seconds), *outputs, str(film))
    if with_captions:
        _add_captions(film, with_captions)
    return film


def _bars(width: int, height: int) -> str:
    wide, high = width // BITS, height // 8
    boxes = [f"drawbox=x=0:y=0:w={width}:h={high}:color=black:t=fill"]
    for bit in range(BITS):
        lit = f"eq(mod(trunc(n/{1 << bit})\\,2)\\,1)"
        boxes.append(f"drawbox=x={(BITS - 1 - bit) * wide}:y=0:w={wide}:h={high}:color=white:t=fill:enable='{lit}'")
    return ",".join(boxes)


def _add_captions(film: Path, text: str) -> None:
    raw, captioned, whole = (film.with_suffix(end) for end in (".h264", ".cc.h264", ".cc.flv"))
    ffmpeg("-i", str(film), "-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", str(raw))
    captioned.write_bytes(captions.inject(raw.read_bytes(), text))
    sound = ["-map", "1:a?"]
    ffmpeg(
        "-r", str(RATE), "-i", str(captioned), "-i", str(film), "-map", "0:v", *sound, "-c", "copy", str(whole)
    )  # fmt: skip
    whole.replace(film)


class Publisher:
    """Publishes a film in an endless loop, from its start until `stop` or `kill`."""

    def __init__(self, film: Path, address: str, *, loop: bool = True, options: Sequence[str] = ()) -> None:
        """`address` is the ingest's with the stream key; `options` are ffmpeg's for the output."""
        loops = ["-stream_loop", "-1"] if loop else []
        self._start([*loops, "-re", "-i", str(film), "-c", "copy", *options, "-f", "flv", address], stdin=None)

    def _start(self, arguments: Sequence[str], *, stdin: int | None) -> None:
        said, name = tempfile.mkstemp(suffix=".ffmpeg")
        self._said = Path(name)
        self._complaints: str | None = None
        quiet = [word for word in _QUIET if stdin is None or word != "-nostdin"]
        try:
            self.process = subprocess.Popen(
                [imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *arguments],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        finally:
            os.close(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def errors(self) -> str:
        """What ffmpeg has complained about."""
        return self._complaints if self._complaints is not None else self._said.read_text(errors="replace")

    def wait(self, seconds: float = 15) -> int:
        """The exit status; TimeoutExpired."""
        return self.process.wait(seconds)

    def stop(self) -> None:
        """End as a streamer does who presses stop: the server is told."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.kill()

    def kill(self) -> None:
        """End at once, as a lost connection does."""
        self.process.kill()
        self.process.wait()
        if self._complaints is None:
            self._complaints = self.errors
            self._said.unlink()


class ClockPublisher(Publisher):
    """Encodes as it goes: each frame shows, in bars, the milliseconds since 1970 modulo CLOCK_WRAP when it was made."""

    def __init__(self, address: str, *, width: int = 640, height: int = 360, rate: int = RATE) -> None:
        self._width, self._height, self._rate = width, height, rate
        self._start(
            [
                *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"),
                *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
                *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"),
                *("-b:v", "1500k", "-g", str(2 * rate), "-sc_threshold", "0", "-c:a", "aac", "-flush_packets", "1"),
                *("-f", "flv", address),
            ],
            stdin=subprocess.PIPE,
        )
        self._camera = threading.Thread(target=self._film, name="camera", daemon=True)
        self._camera.start()

    def _film(self) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        begin = time.monotonic()
        with suppress(OSError, ValueError):
            for number, rest in enumerate(_moving(self._width, self._height)):
                due = begin + number / self._rate
                time.sleep(max(0.0, due - time.monotonic()))
                stdin.write(self._shown(round(time.time() * 1000) % CLOCK_WRAP) + rest)
                stdin.flush()

    def _shown(self, value: int) -> bytes:
        wide = self._width // BITS
        row = b"".join((b"\xeb" if value >> bit & 1 else b"\x10") * wide for bit in reversed(range(BITS)))
        return row.ljust(self._width, b"\x10") * (self._height // 8)

    def kill(self) -> None:
        super().kill()
        self._camera.join()
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()


def _moving(width: int, height: int) -> Iterator[bytes]:
    """The rest of each picture: stripes that wander, so that no two frames are the same."""
    stripes = bytes(64 + (column * 3) % 128 for column in range(2 * width))
    rows = height - height // 8
    step = 0
    while True:
        step = (step + 4) % width
        yield stripes[step : step + width] * rows
