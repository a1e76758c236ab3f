"""What the pages of videos show when they are published."""

from collections.abc import Mapping
from typing import Any

from lambdas.core.feature import PageContext
from lambdas.features.videos.library import on_show, published
from lambdas.features.videos.models import WIDTHS, Video
from lambdas.features.videos.places import kind_of

_ON_HOME = 3


def newest(context: PageContext) -> dict[str, Any]:
    return {"videos": [card(video) for video in on_show()[:_ON_HOME]] if context.stored else []}


def every(context: PageContext) -> dict[str, Any]:
    return {"videos": [card(video) for video in on_show()] if context.stored else []}


def all_of_them(context: PageContext) -> list[Mapping[str, str]]:
    del context
    return [{"id": video.id} for video in on_show()]


def one(context: PageContext) -> dict[str, Any]:
    """NotFound where it is not published (any more)."""
    video = published(context.parameters["id"])
    public = kind_of(video.place) == "public"
    return {
        "video": card(video),
        "description": video.description,
        "chapters": [{"ms": int(one.ms), "at": clock(int(one.ms)), "label": one.label} for one in video.marks],
        "stream": video.master if public else "",
        "iso_duration": f"PT{round(int(video.duration_ms) / 1000)}S",
    }


def card(video: Video) -> dict[str, Any]:
    """What a list says of a video."""
    pictures = video.thumbnails
    return {
        "id": video.id,
        "url": f"/videos/{video.id}/",
        "title": video.title,
        "recorded_at": video.recorded_at,
        "duration": clock(int(video.duration_ms)) if video.duration_ms else "",
        "audience": video.rule.audience,
        "picture": pictures.get(WIDTHS[0], ""),
        "large_picture": pictures.get(WIDTHS[-1], ""),
        "widths": WIDTHS,
    }


def clock(ms: int) -> str:
    """A length as players say it: 4:05, 1:02:03."""
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
