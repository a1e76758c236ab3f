"""What follows a change of what is on air or of a show: the state file, the pages, the watch, and who may go on watching."""

from collections.abc import Iterator
from typing import Any

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.live import revoking
from lambdas.features.live.books import books_of
from lambdas.features.live.ledger import Desk, settle, standing
from lambdas.features.live.models import CHANNEL, Ledger, Show
from lambdas.features.live.state import publish_state
from lambdas.features.live.waking import stay_awake_while_on
from lambdas.platform.broadcast import Broadcast
from lambdas.platform.services import Services

STATE_CHANGED = "live.state.changed"
SHOW_CHANGED = "live.show.changed"
LINKS_CHANGED = "live.links.changed"
COVER_UPLOADED = "live.cover.uploaded"
COVER_GONE = "live.cover.gone"

LIVE_PAGES = ("/", "/live/", "/live/shows.ics")

_UNSEEN = frozenset(
    {"peak", "average", "markers", "upload", "upload_fault", "version", "changed_by", "correlation_id", "streams"}
)
"""Of a show: what no visitor is shown."""


def of_the_air(change: Change) -> Iterator[Event]:
    """What is on, whom it is for (`other_rule`), or whether it comes in, is another than before."""
    old, new = change.old, change.new
    if not isinstance(new, Broadcast):
        return
    shows = {show_id for row in (old, new) if row is not None and (show_id := row.show_id)}
    yield Event(
        id=derived_id("evt", STATE_CHANGED, str(new.version)),
        name=STATE_CHANGED,
        at=change.at,
        subject=new.show_id or new.id,
        data={
            "version": int(new.version),
            "on_air": new.on_air,
            "shows": sorted(shows),
            "other_rule": isinstance(old, Broadcast) and old.rule != new.rule,
        },
    )


def of_a_show(change: Change) -> Iterator[Event]:
    """A show has something new to show, or a picture to prepare or to put away."""
    old, new = change.old, change.new
    one = new or old
    assert isinstance(one, Show)
    correlation = one.correlation_id
    if _seen(old) != _seen(new):
        yield _event(SHOW_CHANGED, one.id, change, correlation, state=new.state if new else "gone")
    if new is not None and new.upload and new.upload != (old.upload if old else None):
        yield _event(COVER_UPLOADED, one.id, change, correlation, key=new.upload)
    if old is not None and old.cover and (new is None or new.cover != old.cover):
        yield _event(COVER_GONE, one.id, change, correlation, cover=old.cover)


def of_the_ledger(change: Change) -> Iterator[Event]:
    """Where else the show can be watched: of all that stands in the ledger the one thing that no other row says."""
    was, now = (_links(row) for row in (change.old, change.new))
    if was != now:
        yield _event(LINKS_CHANGED, CHANNEL, change, "")


def follow_the_air(event: Event, services: Services) -> None:
    """Keep the watch awake, tell everybody, and cut off whom it is not for any more."""
    stay_awake_while_on(standing(services), services)
    publish_state(services)
    revoking.of_the_air(event.data["shows"], services)


def follow_a_show(event: Event, services: Services) -> None:
    """Tell everybody of what is planned and what it is called."""
    del event
    publish_state(services)


def note_video(event: Event, services: Services) -> None:
    """Remember where a show's recording can be watched: `data` has the show's id, and the page's path while it is public."""
    show_id, path = event.data.get("show_id"), event.data.get("path")
    if not show_id:
        return

    def work(desk: Desk) -> None:
        desk.load((show_id,))
        show = desk.shows.get(show_id)
        if show is not None:
            show.video = path or None

    settle(services, work)


def touched(event: Event, services: Services) -> tuple[str, ...]:
    """The pages that show what is on and what is planned; of a show its own calendar file."""
    del services
    own = (f"/live/{event.subject}.ics",) if event.name == SHOW_CHANGED else ()
    return (*LIVE_PAGES, *own)


def _links(row: Any | None) -> Any:
    return books_of(row.books).links.links if isinstance(row, Ledger) else ()


def _seen(show: Show | None) -> dict[str, Any] | None:
    if show is None:
        return None
    return {name: value for name, value in show.serialize().items() if name not in _UNSEEN}


def _event(name: str, show_id: str, change: Change, correlation: str, **data: Any) -> Event:
    return Event(
        id=derived_id("evt", name, show_id, change.sequence),
        name=name,
        at=change.at,
        subject=show_id,
        correlation_id=correlation,
        data=data,
    )
