"""What the team does with videos: says what they are, publishes, deletes, chooses. Nothing is done over another's head."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from lambdas.core.errors import Conflict, PreconditionFailed
from lambdas.features.videos import pictures
from lambdas.features.videos.library import choices, find
from lambdas.features.videos.models import (
    DELETED,
    DRAFT,
    FAILED,
    PREPARING,
    PUBLISHED,
    RECORDING,
    Chapter,
    Choices,
    Video,
)
from lambdas.platform import audit
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

BROUGHT_BACK = timedelta(days=1)
"""So long a deleted video can be brought back."""

_TRIES = 6

Wanted = Literal["published", "draft", "deleted", "restored", "finished"]


class NotNow(Conflict):
    code = "video_not_now"
    title = "This cannot be done with the video as it is"


Act = Callable[[Video], tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]]
"""What is to be done with a video as it is: the writes, and what the log notes, before and after."""


def describe(
    id: str,
    *,
    title: str,
    description: str,
    audience: str,
    chapters: Iterable[tuple[int, str]],
    version: int,
    visit: Visit,
) -> Video:
    """Say what a video is and whom it is for; PreconditionFailed where it has changed since it was looked at."""
    marks = list(chapters)

    def act(video: Video) -> tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]:
        before: dict[str, Any] = {"title": video.title, "description": video.description, "audience": video.audience}
        after: dict[str, Any] = {"title": title, "description": description, "audience": audience}
        made = [Chapter(ms=ms, label=label) for ms, label in marks]  # type: ignore[no-untyped-call]
        actions = [
            Video.title.set(title),
            Video.description.set(description),
            Video.audience.set(audience),
            Video.chapters.set(made) if made else Video.chapters.remove(),
        ]
        if audience != "members":
            actions.append(Video.tiers.remove())
        if _pairs(video) != marks:
            before["chapters"], after["chapters"] = _told(_pairs(video)), _told(marks)
        changed = {name for name in after if before.get(name) != after[name]}
        return (
            actions,
            {name: value for name, value in before.items() if name in changed},
            {name: value for name, value in after.items() if name in changed},
        )

    return _change(id, "videos.video.described", act, version=version, visit=visit)


def put(id: str, wanted: Wanted, *, version: int, visit: Visit) -> Video:
    """Publish a video, take it back, delete it, bring it back, or have it finished with what there is of it.

    NotNow where it is not in a state for that; PreconditionFailed where somebody else was quicker. Twice is once.
    """

    def act(video: Video) -> tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]:
        state, actions = _put(video, wanted, visit)
        return actions, {"state": video.state}, {"state": state}

    if _is_so(find(id), wanted):
        return find(id)
    return _change(id, f"videos.video.{wanted}", act, version=version, visit=visit)


def choose_frame(id: str, number: int, *, version: int, visit: Visit) -> Video:
    """Have the worker make the thumbnail of one of the recording's frames."""

    def act(video: Video) -> tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]:
        if not 0 <= number < int(video.frames):
            raise NotNow(fix="Choose one of the pictures that are shown.")
        return _pictured(pictures.frame(number)), {}, {"frame": number}

    return _change(id, "videos.video.pictured", act, version=version, visit=visit)


def choose_upload(id: str, key: str, *, version: int, visit: Visit) -> Video:
    """Have the worker make the thumbnail of what was uploaded."""

    def act(video: Video) -> tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]:
        return _pictured(pictures.upload(key)), {}, {"upload": True}

    return _change(id, "videos.video.pictured", act, version=version, visit=visit)


def choose(recordings: str, *, version: int, visit: Visit) -> Choices:
    """Say in which state recordings appear from now on; PreconditionFailed where somebody else has said something else."""
    now = choices()
    if now.recordings == recordings:
        return now
    entry = audit.entry(
        visit,
        "videos.choices.changed",
        "videos",
        before={"recordings": now.recordings},
        after={"recordings": recordings},
    )
    seen = (Choices.version == version) if version else Choices.id.does_not_exist()

    def once() -> None:
        with transaction(Choices) as write:
            write.save(Choices(recordings=recordings, version=version + 1), condition=seen)
            write.save(entry)

    try:
        repeated(once)
    except NotWritten:
        raise PreconditionFailed(fix="Look at what has changed, then decide again.") from None
    return choices()


def _put(video: Video, wanted: Wanted, visit: Visit) -> tuple[str, list[Any]]:
    """The state that is wanted, and how it is written; NotNow."""
    now = visit.services.clock()
    match wanted, video.state:
        case ("published", "preparing") | ("draft", "preparing"):
            return wanted, [Video.goal.set(wanted)]
        case "published", "draft":
            return PUBLISHED, [Video.state.set(PUBLISHED), Video.published_at.set(now)]
        case "draft", "published":
            return DRAFT, [Video.state.set(DRAFT)]
        case "finished", ("recording" | "failed") if video.state == FAILED or video.is_late(now):
            return PREPARING, [Video.state.set(PREPARING), Video.why_failed.set("")]
        case "deleted", _ if video.state != RECORDING or video.is_late(now):
            gone = [Video.was.set(video.state), Video.delete_after.set(now + BROUGHT_BACK)]
            return DELETED, [Video.state.set(DELETED), *gone]
        case "restored", "deleted" if now < video.delete_after:
            return str(video.was), [Video.state.set(video.was), Video.was.remove(), Video.delete_after.remove()]
    raise NotNow(fix="Look at the video again: it is in another state by now.")


def _is_so(video: Video, wanted: Wanted) -> bool:
    """Whether it is as it is wanted already."""
    if video.state == PREPARING:
        return bool(video.goal == wanted)
    return bool(video.state == wanted)


def _pictured(wanted: str) -> list[Any]:
    return [Video.wanted_picture.set(wanted), Video.picture_fault.set(False)]


def _change(id: str, action: str, act: Act, *, version: int, visit: Visit) -> Video:
    """Write what somebody does to a video, and that they did it, at once and only if nobody else has done anything since.

    What the worker does meanwhile is no such thing, but may be in the way: then it is done again, with the video as it is by then.
    """
    assert visit.session is not None
    for _ in range(_TRIES):
        video = find(id)
        if video.version != version:
            break
        actions, before, after = act(video)
        noted = [
            Video.version.set(version + 1),
            Video.changed_by.set(visit.session.person_id),
            Video.changed_at.set(visit.services.clock()),
            Video.stepped_at.set(visit.services.clock()),
            Video.correlation_id.set(visit.correlation_id),
            Video.step.set(video.step + 1),
        ]
        entry = audit.entry(visit, action, id, before=before, after=after)
        if _written(video, [*actions, *noted], entry):
            return find(id)
    raise PreconditionFailed(fix="Look at what has changed, then decide again.")


def _written(video: Video, actions: list[Any], entry: audit.AuditEntry) -> bool:
    same = (Video.version == video.version) & (Video.step == video.step) & (Video.state == video.state)

    def once() -> None:
        with transaction(Video) as write:
            write.update(video, actions=actions, condition=same)
            write.save(entry)

    try:
        repeated(once)
    except NotWritten:
        return False
    return True


def _pairs(video: Video) -> list[tuple[int, str]]:
    return [(int(chapter.ms), chapter.label) for chapter in video.marks]


def _told(marks: list[tuple[int, str]]) -> list[str]:
    return [f"{ms} {label}" for ms, label in marks]
