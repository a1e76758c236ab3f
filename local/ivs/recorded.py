"""A recording as IVS leaves it in the bucket: names, playlists and the notes beside it (Amazon IVS user guide, "Auto-record to Amazon S3")."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from local.ivs.playlists import iso
from local.ivs.window import RATED_SECONDS, Segment

HLS, THUMBNAILS, LATEST = "media/hls", "media/thumbnails", "media/latest_thumbnail"
STARTED, ENDED, FAILED = "RECORDING_STARTED", "RECORDING_ENDED", "RECORDING_ENDED_WITH_FAILURE"

_NOTES = {STARTED: "recording-started", ENDED: "recording-ended", FAILED: "recording-failed"}


@dataclass(frozen=True)
class Kept:
    """A segment that is in the bucket. `init` is the initialisation that it needs, `breaks` says that it follows no other."""

    name: str
    seconds: float
    init: str
    breaks: bool
    begins: str
    bits: int


@dataclass(kw_only=True)
class Recording:
    """One recording, of one stream or of several that followed each other soon."""

    id: str
    prefix: str
    channel: str
    began: str
    rendition: str
    codecs: str
    width: int = 0
    height: int = 0
    rate: float | None = None
    streams: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    thumbnails: int = 0
    lost: int = 0
    """Segments that could not be stored."""

    @classmethod
    def of(cls, *, identifier: str, account: str, channel: str, began: datetime, first: Segment) -> Self:
        """A new one, named after its first segment's picture and the minute it began in (UTC)."""
        when = "/".join(str(part) for part in (began.year, began.month, began.day, began.hour, began.minute))
        prefix = f"ivs/v1/{account}/{channel.rpartition('/')[2]}/{when}/{identifier}"
        made = cls(
            id=identifier,
            prefix=prefix,
            channel=channel,
            began=iso(began),
            rendition="audio_only",
            codecs=first.epoch.codecs,
        )
        if first.epoch.video:
            picture = first.epoch.video.picture
            made.rendition = f"{picture.height}p{round(picture.rate or 30)}"
            made.width, made.height, made.rate = picture.width, picture.height, picture.rate
        return made

    @classmethod
    def read(cls, lines: list[str]) -> Self | None:
        """What the journal tells of it; None where it has no beginning. A line that was cut off in writing is left out."""
        told = [one for line in lines if (one := _parsed(line))]
        if not told or "id" not in told[0]:
            return None
        recording = cls(**told[0])
        for one in told[1:]:
            if "stream" in one:
                recording.streams.append(one["stream"])
            elif "name" in one:
                recording.kept.append(Kept(**one))
            recording.thumbnails = one.get("thumbnails", recording.thumbnails)
        return recording

    def beginning(self) -> dict[str, Any]:
        """The journal's first line."""
        return {
            key: value for key, value in asdict(self).items() if key not in {"streams", "kept", "thumbnails", "lost"}
        }

    @property
    def seconds(self) -> float:
        return sum(kept.seconds for kept in self.kept)

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def media_key(self, name: str) -> str:
        return self.key(f"{HLS}/{self.rendition}/{name}")

    def main_playlist(self) -> str:
        peak = max((kept.bits / kept.seconds for kept in self.kept if kept.seconds >= RATED_SECONDS), default=1)
        attributes = [f"BANDWIDTH={round(peak)}", f'CODECS="{self.codecs}"']
        if self.width:
            attributes.append(f"RESOLUTION={self.width}x{self.height}")
        if self.rate:
            attributes.append(f"FRAME-RATE={self.rate:.3f}")
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
        return "\n".join([*lines, f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{self.rendition}/playlist.m3u8", ""])

    def playlist(self, *, ended: bool) -> str:
        longest = max((round(kept.seconds) for kept in self.kept), default=2)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{max(longest, 2)}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
            *self._listed(),
        ]
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])

    def _listed(self) -> Iterator[str]:
        init = None
        for kept in self.kept:
            if kept.breaks and init is not None:
                yield "#EXT-X-DISCONTINUITY"
            if kept.init != init:
                init = kept.init
                yield f'#EXT-X-MAP:URI="{kept.init}"'
            yield f"#EXT-X-PROGRAM-DATE-TIME:{kept.begins}"
            yield f"#EXTINF:{kept.seconds:.5f},"
            yield kept.name

    def note(self, status: str, *, now: datetime) -> tuple[str, str]:
        """The key and the text of the note that goes with this status."""
        size = {"resolution_height": self.height, "resolution_width": self.width} if self.width else {}
        hls: dict[str, Any] = {
            "path": HLS,
            "playlist": "master.m3u8",
            "renditions": [{"path": self.rendition, "playlist": "playlist.m3u8", **size}],
        }
        told: dict[str, Any] = {
            "version": "v1",
            "channel_arn": self.channel,
            "recording_started_at": self.began,
            "recording_status": status,
        }
        if status != STARTED:
            told["recording_ended_at"] = iso(now)
            hls = {"duration_ms": self.milliseconds, **hls}
        media: dict[str, Any] = {"hls": hls}
        if size:
            media["thumbnails"] = {"path": THUMBNAILS, **size}
            media["latest_thumbnail"] = {"path": f"{LATEST}/thumb.jpg", **size}
        return self.key(f"events/{_NOTES[status]}.json"), json.dumps({**told, "media": media})


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
