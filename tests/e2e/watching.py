"""What a viewer's browser sees of a live show, without a platform: its state, its tokens and its stream, each to be changed at will."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Route

from tests.e2e.browser import HEADERS, LIVE_STATE, NOTHING_ON_AIR
from tests.publisher import RATE, clip, ffmpeg

_SEGMENT = re.compile(r"#EXTINF:([\d.]+),\n(\S+)")
_IN_THE_PLAYLIST = 6

Answer = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Film:
    """A short film in fragmented MP4, a second a segment."""

    folder: Path
    segments: tuple[tuple[str, str], ...]

    def whole(self) -> str:
        return (self.folder / "whole.m3u8").read_text(encoding="utf-8")

    def live(self, age: float) -> str:
        """The playlist of a stream that shows it and is so many seconds old."""
        last = min(int(age), len(self.segments))
        first = max(0, last - _IN_THE_PLAYLIST)
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        lines.append('#EXT-X-MAP:URI="init.mp4"')
        for length, name in self.segments[first:last]:
            lines += [f"#EXTINF:{length},", name]
        return "\n".join(lines) + "\n"


def film(folder: Path, *, with_captions: str | None = None, times: int = 30) -> Film:
    """A test picture with a tone, so many times ten seconds, and with CEA-608 captions where a line is given."""
    made = clip(folder, seconds=10, size="320x180", gop=RATE, with_captions=with_captions)
    out = folder / "captioned" if with_captions else folder / "plain"
    out.mkdir(exist_ok=True)
    ffmpeg(
        *(
            "-stream_loop",
            str(times - 1),
            "-i",
            str(made),
            "-c",
            "copy",
            "-f",
            "hls",
            "-hls_time",
            "1",
            "-hls_playlist_type",
            "vod",
        ),
        *("-hls_segment_type", "fmp4", "-hls_flags", "independent_segments", str(out / "whole.m3u8")),
    )
    found = _SEGMENT.findall((out / "whole.m3u8").read_text(encoding="utf-8"))
    return Film(out, tuple(found))


def show(**fields: Any) -> dict[str, Any]:
    """A show that is on, as the state file says it."""
    begun = (datetime.now(UTC) - timedelta(minutes=72)).isoformat()
    return {
        "id": "shw_1",
        "title": "Late songs, live from the attic",
        "description": "An hour of **new songs**.",
        "category": "Music",
        "cover": None,
        "audience": "everyone",
        "tiers": [],
        "started_at": begun,
        "starts_at": begun,
        "minutes": 60,
        **fields,
    }


def planned(**fields: Any) -> dict[str, Any]:
    """A show to come, in two days."""
    starts = (datetime.now(UTC) + timedelta(days=2, hours=4)).isoformat()
    return show(**{"id": "shw_2", "title": "The lighthouse record", "started_at": None, "starts_at": starts, **fields})


def ticket(url: str = "/stream/live.m3u8?token=1") -> Answer:
    return 200, {"url": url, "player": "hls", "show": "shw_1", "until": None}


def refusal(code: str, status: int = 403) -> Answer:
    return status, {"code": code, "title": code}


@dataclass
class Air:
    """`state` is the state file, `answer` what asking for playback brings, `fault` a status with which the stream answers instead.

    `since` is when the publisher began, `still` the moment at which they were lost. `asked` counts the tokens asked for, `fetched` what was fetched of the stream.
    """

    film: Film
    state: dict[str, Any] = field(default_factory=lambda: dict(NOTHING_ON_AIR))
    answer: Answer = field(default_factory=ticket)
    fault: int = 0
    since: float = field(default_factory=lambda: time.time() - 10)
    still: float = 0.0
    asked: int = 0
    fetched: int = 0

    def tell(self, state: str, **fields: Any) -> None:
        """From now on the state file says this."""
        version = self.state["version"] + 1
        self.state = {**NOTHING_ON_AIR, "state": state, "version": version, **fields}

    def go_live(self, **fields: Any) -> None:
        on = fields.pop("show", None) or show()
        self.tell("live", show=on, since=on["started_at"], viewers=128, **fields)

    def over(self, context: BrowserContext, origin: str) -> None:
        """Lets a context see it, at the origin of a site that was opened before."""
        context.route(
            f"{origin}{LIVE_STATE}", lambda route: route.fulfill(status=200, json=self.state, headers=HEADERS)
        )
        context.route(f"{origin}/api/live/playback", self._ask)
        context.route(f"{origin}/stream/**", self._stream)

    def _ask(self, route: Route) -> None:
        self.asked += 1
        status, body = self.answer
        route.fulfill(status=status, json=body, headers=HEADERS)

    def _stream(self, route: Route) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2]
        self.fetched += 1
        if self.fault:
            route.fulfill(status=self.fault, body="")
        elif name == "live.m3u8":
            text = self.film.live((self.still or time.time()) - self.since)
            route.fulfill(status=200, body=text, content_type="application/vnd.apple.mpegurl")
        elif name == "whole.m3u8":
            route.fulfill(status=200, body=self.film.whole(), content_type="application/vnd.apple.mpegurl")
        else:
            route.fulfill(status=200, body=(self.film.folder / name).read_bytes(), content_type="video/mp4")


def second(page: Page) -> float:
    """How far the video is; -1 where there is none."""
    return float(page.evaluate("document.querySelector('video')?.currentTime ?? -1"))


def colours(page: Page) -> int:
    """How many colours are in the picture shown now, of a few pixels."""
    return int(
        page.evaluate(
            """() => {
              const video = document.querySelector("video");
              const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 9 });
              const context = canvas.getContext("2d");
              context.drawImage(video, 0, 0, 16, 9);
              const { data } = context.getImageData(0, 0, 16, 9);
              const seen = new Set();
              for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join());
              return seen.size;
            }"""
        )
    )
