"""A recording as IVS leaves it in the media bucket, below one prefix of its own.

Layout (Amazon IVS user guide, "Auto-Record to Amazon S3"): `events/recording-ended.json` says what there is and how long it is,
`media/hls/master.m3u8` names the playlists of the renditions, `media/thumbnails/…/thumb<N>.jpg` are pictures taken on the way.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lambdas.platform.storage import RECORDINGS, MediaBucket

MASTER = "master.m3u8"
PLAYLIST = ".m3u8"
FRAMES = 12
"""Out of so many pictures the creator chooses one."""

_LENGTH = re.compile(rb"#EXTINF:([0-9.]+)")
_NUMBER = re.compile(r"(\d+)\.jpg$")


class Recording(NamedTuple):
    """`hls` is the prefix of its playlists and segments, `frames` the keys of pictures, evenly chosen, in the order of time."""

    hls: str
    duration_ms: int
    frames: tuple[str, ...]


def prefix_of(told: str) -> str:
    """The prefix that an event names, with its slash; ValueError where it is no recording's."""
    prefix = f"{told.strip('/')}/"
    if not prefix.startswith(RECORDINGS) or len(prefix) <= len(RECORDINGS) or ".." in prefix:
        raise ValueError("the event names a prefix that no recording has")
    return prefix


def look(source: str, media: MediaBucket) -> Recording | None:
    """What lies below a recording's prefix, whether or not IVS has come to say so; None where there is nothing to play."""
    told = _told(source, media)
    hls = f"{source}{str(told.get('path', 'media/hls')).strip('/')}/"
    if media.read(f"{hls}{MASTER}") is None:
        found = next((key for key in keys(hls, media) if key.endswith(f"/{MASTER}")), None)
        if found is None:
            return None
        hls = found.removesuffix(MASTER)
    duration = int(told.get("duration_ms") or 0) or _longest(hls, media)
    return Recording(hls=hls, duration_ms=duration, frames=_frames(source, media))


def keys(prefix: str, media: MediaBucket) -> Iterator[str]:
    """Every key below a prefix, in order."""
    after = ""
    while some := media.keys_below(prefix, after=after):
        yield from some
        after = some[-1]


def ended(playlist: bytes) -> bytes:
    """A media playlist that says that nothing more comes; of a recording that was cut off it does not say so by itself."""
    if b"#EXTINF" in playlist and b"#EXT-X-ENDLIST" not in playlist:
        return playlist.rstrip() + b"\n#EXT-X-ENDLIST\n"
    return playlist


def _told(source: str, media: MediaBucket) -> dict[str, Any]:
    raw = media.read(f"{source}events/recording-ended.json")
    if raw is None:
        return {}
    try:
        hls = json.loads(raw)["media"]["hls"]
    except (ValueError, KeyError, TypeError):
        return {}
    return hls if isinstance(hls, dict) else {}


def _longest(hls: str, media: MediaBucket) -> int:
    """How long the longest of its playlists is, in milliseconds."""
    playlists = (media.read(key) or b"" for key in keys(hls, media) if key.endswith(PLAYLIST))
    return max((round(1000 * sum(map(float, _LENGTH.findall(text)))) for text in playlists), default=0)


def _frames(source: str, media: MediaBucket) -> tuple[str, ...]:
    found = [key for key in keys(f"{source}media/thumbnails/", media) if key.endswith(".jpg")]
    if not found:
        found = [key for key in keys(f"{source}media/latest_thumbnail/", media) if key.endswith(".jpg")]
    in_time = sorted(found, key=lambda key: (int(match[1]) if (match := _NUMBER.search(key)) else 0, key))
    if len(in_time) <= FRAMES:
        return tuple(in_time)
    return tuple(in_time[round(place * (len(in_time) - 1) / (FRAMES - 1))] for place in range(FRAMES))
