"""What follows a write of a video's row: the next step of its move, and the pages that show it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pynamodb.exceptions import UpdateError

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.videos.models import DELETED, GONE, PUBLISHED, SHELF, Video
from lambdas.features.videos.moving import LATE, advance, is_settled, nudge
from lambdas.features.videos.places import kind_of
from lambdas.platform.services import Services

MOVING = "videos.video.moving"
CHANGED = "videos.video.changed"

_NAME_STAYS = timedelta(days=30)


def what_happened(change: Change) -> Iterator[Event]:
    """A step of a move waits to be done; or what everyone sees of a video is not what it was."""
    old, new = change.old, change.new
    if new is None:
        return
    if not is_settled(new) and (old is None or old.step != new.step):
        yield _event(MOVING, new, change, step=int(new.step))
    if face(old) != face(new):
        path = f"/videos/{new.id}/" if new.state == PUBLISHED else ""
        yield _event(CHANGED, new, change, show_id=new.show_id, path=path)


def move(event: Event, services: Services) -> None:
    """Do the next step; a repeated event finds that it has been done."""
    advance(event.subject, event.data["step"], services)


def pages(event: Event, services: Services) -> tuple[str, ...]:
    """Where a video is shown."""
    del services
    return ("/", "/videos/", f"/videos/{event.subject}/")


def look_after(services: Services) -> None:
    """End what was deleted a day ago, and begin again what has stood still; one that fails costs the others nothing.

    ExceptionGroup of what failed when all have been tried.
    """
    now, failures = services.clock(), []
    for video in Video.query(SHELF, consistent_read=True):
        try:
            if video.state == DELETED and video.delete_after <= now:
                _end(video, services)
            elif not is_settled(video) and video.stepped_at <= now - LATE:
                nudge(video, services)
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup("videos could not be looked after", failures) from failures[0]


def face(video: Video | None) -> tuple[Any, ...] | None:
    """All that everyone sees of a video; None where it is not to be seen."""
    if video is None or video.state != PUBLISHED:
        return None
    return (
        video.title,
        video.description,
        video.rule,
        video.recorded_at,
        int(video.duration_ms),
        tuple((int(chapter.ms), chapter.label) for chapter in video.marks),
        video.picture,
        # Where a guarded one lies is nobody's business, and on no page.
        video.place if kind_of(video.place) == "public" else "",
    )


def _end(video: Video, services: Services) -> None:
    """From now on it cannot be brought back, and its objects go; whoever brings it back at this moment is first, or too late."""
    now = services.clock()
    actions: list[Any] = [
        Video.state.set(GONE),
        Video.title.set(""),
        Video.description.set(""),
        Video.chapters.remove(),
        Video.place.set(""),
        Video.to.set(""),
        Video.origin.set(""),
        Video.phase.set(""),
        Video.leftovers.remove(),
        Video.wanted_picture.remove(),
        Video.picture.set(""),
        Video.expires_at.set(now + _NAME_STAYS),
        Video.stepped_at.set(now),
        Video.step.add(1),
    ]
    try:
        video.update(actions=actions, condition=(Video.version == video.version) & (Video.state == DELETED))
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def _event(name: str, video: Video, change: Change, **data: Any) -> Event:
    return Event(
        id=derived_id("evt", name, video.id, str(int(video.step)), str(int(video.version))),
        name=name,
        at=change.at,
        subject=video.id,
        correlation_id=video.correlation_id,
        data=data,
    )
