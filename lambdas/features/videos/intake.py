"""From a recording to a video: what is told of a recording, late, twice or in the wrong order, makes one row and never a second."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pynamodb.exceptions import PutError, UpdateError

from lambdas.core.events import Event
from lambdas.core.ids import derived_id
from lambdas.features.videos.library import choices
from lambdas.features.videos.models import DRAFT, FAILED, PREPARING, RECORDING, Chapter, Video
from lambdas.features.videos.recording import prefix_of
from lambdas.platform.services import Services

BROKEN = "recording_failed"
LABEL, CHAPTERS = 80, 100
NEW = 1
"""The version of a row that nobody of the team has changed."""


def started(event: Event, services: Services) -> None:
    """A video that is being recorded; nothing where it is known already."""
    _create(_video(event.data, state=RECORDING, services=services))


def ended(event: Event, services: Services) -> None:
    """Its objects are all there: the worker prepares it. A second time nothing."""
    video = _video(event.data, state=PREPARING, services=services)
    if not _create(video):
        told = [
            Video.state.set(PREPARING),
            Video.recorded_at.set(video.recorded_at),
            Video.duration_ms.set(video.duration_ms),
            Video.chapters.set(list(video.marks)) if video.marks else Video.chapters.remove(),
            Video.why_failed.set(""),
        ]
        # The show may have been renamed, or made one for members, since the recording began.
        now_called = [
            Video.goal.set(video.goal),
            Video.title.set(video.title),
            Video.audience.set(video.audience),
            Video.tiers.set(list(video.tiers)) if video.tiers else Video.tiers.remove(),
        ]
        # What somebody has written into its row meanwhile is theirs, and stays. Then what was not for everyone in the end is
        # published by a person, who sees both.
        theirs = Video.goal.set(video.goal if video.audience == "everyone" else DRAFT)
        if not _change(video, [*told, *now_called], among=(RECORDING, FAILED), untouched=True):
            _change(video, [*told, theirs], among=(RECORDING, FAILED))


def failed(event: Event, services: Services) -> None:
    """Nothing more comes of it, says IVS; what there is of it can be finished in the studio. Nothing where it has ended well."""
    if not event.data["prefix"]:
        return  # it never began: there is nothing to show, and the studio's page of the live show says why
    video = _video(event.data, state=FAILED, services=services)
    video.why_failed = BROKEN
    if not _create(video):
        _change(video, [Video.state.set(FAILED), Video.why_failed.set(BROKEN)], among=(RECORDING,))


def video_id(source: str) -> str:
    """The id of the video of a recording, by its prefix."""
    return derived_id("vid", source)


def chapters_of(markers: Any) -> list[Chapter]:
    """The moments that were marked in the show, as chapters, in their order; one that has no name is none."""
    found: dict[int, str] = {}
    for marker in markers or ():
        label = " ".join(str(marker.get("label", "")).split())[:LABEL]
        if label:
            found.setdefault(max(0, int(marker["at_ms"])), label)
    return [
        Chapter(ms=ms, label=label)  # type: ignore[no-untyped-call]
        for ms, label in sorted(found.items())[:CHAPTERS]
    ]


def _video(data: Mapping[str, Any], *, state: str, services: Services) -> Video:
    source = prefix_of(str(data["prefix"]))
    return Video(
        id=video_id(source),
        state=state,
        goal=choices().recordings,
        recorded_at=datetime.fromisoformat(data["started_at"]),
        title=str(data.get("title", "")),
        audience=str(data.get("audience", "members")),
        tiers=list(data.get("tiers") or ()) or None,
        show_id=str(data.get("show_id") or ""),
        duration_ms=int(data.get("duration_ms") or 0),
        chapters=chapters_of(data.get("markers")) or None,
        source=source,
        stepped_at=services.clock(),
    )


def _create(video: Video) -> bool:
    """Whether there was no such video before."""
    try:
        video.save(condition=Video.id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _change(video: Video, actions: list[Any], *, among: tuple[str, ...], untouched: bool = False) -> bool:
    """Write what was told, where the video is still in one of these states, and `untouched` by the team; whether it was."""
    step = Video.step.add(1)
    fits = Video.state.is_in(*among)
    try:
        Video(id=video.id).update(
            actions=[*actions, step], condition=fits & (Video.version == NEW) if untouched else fits
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True
