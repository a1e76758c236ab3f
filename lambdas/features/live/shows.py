"""Shows as the team makes them: planned, changed, called off, with a picture and marked moments."""

import re
from collections.abc import Iterator

from lambdas.core.errors import Conflict, NotFound, PreconditionFailed
from lambdas.core.ids import new_id
from lambdas.features.live.inputs import SentChange, SentShow, Words, as_local, fault
from lambdas.features.live.ledger import Desk, settle, standing
from lambdas.features.live.models import CANCELLED, ENDED, LIVE, SCHEDULED, SHOW, Marker, Show
from lambdas.features.live.reckoning import Planned
from lambdas.features.live.state import shows_of, still_planned
from lambdas.platform import audit
from lambdas.platform.pictures import MAX_BYTES, NotAPicture, keep_upload
from lambdas.platform.visit import Visit

MOST_PLANNED = 50
MOST_MARKERS = 200
A_PAGE = 25
_LOOKED_THROUGH = 100

_ID = re.compile(r"shw_[0-9A-HJKMNP-TV-Z]{26}")


class PlanFull(Conflict):
    code = "plan_full"
    title = "There are as many shows planned as can be"


class ShowOver(Conflict):
    code = "show_over"
    title = "This show is over"


class ShowBegun(Conflict):
    code = "show_begun"
    title = "This show has begun"


class NothingOn(Conflict):
    code = "nothing_on"
    title = "Nothing is on air"


class MarkersFull(Conflict):
    code = "markers_full"
    title = "This show has as many marked moments as it can hold"


def find(id: str) -> Show:
    """A show, by a consistent read; NotFound."""
    if not _ID.fullmatch(id):
        raise NotFound("There is no such show.")
    try:
        return Show.get(id, consistent_read=True)
    except Show.DoesNotExist:
        raise NotFound("There is no such show.") from None


def planned(visit: Visit) -> list[Show]:
    """What is still to come, the next first."""
    how = standing(visit.services)
    ids = still_planned(how.books, how.runs)
    found = shows_of(ids)
    return [found[id] for id in ids if id in found]


def earlier(*, before: str = "") -> tuple[list[Show], str]:
    """Shows that were on or were called off, the latest first; and where to go on, empty at the end. A moment behind the table."""
    start = find(before).at if _ID.fullmatch(before) else None
    condition = None if start is None else Show.at < start
    keys = list(Show.by_time.query(SHOW, condition, scan_index_forward=False, limit=2 * A_PAGE))
    found = shows_of(key.id for key in keys)
    past = [found[key.id] for key in keys if key.id in found and found[key.id].state in {ENDED, CANCELLED}]
    older = past[A_PAGE - 1].id if len(past) > A_PAGE else keys[-1].id if len(keys) == 2 * A_PAGE else ""
    return past[:A_PAGE], older


def matching(words: str, *, at_most: int) -> Iterator[Show]:
    """Shows whose title or category has all these words, of the newest hundred."""
    wanted = words.lower().split()
    keys = list(Show.by_time.query(SHOW, scan_index_forward=False, limit=_LOOKED_THROUGH))
    found = shows_of(key.id for key in keys)
    fitting = (
        show
        for key in keys
        if (show := found.get(key.id)) and all(word in f"{show.title} {show.category}".lower() for word in wanted)
    )
    for _, show in zip(range(at_most), fitting, strict=False):
        yield show


def plan(visit: Visit, sent: SentShow) -> Show:
    """A new show. PlanFull, Invalid."""
    services = visit.services
    now = services.clock()
    starts_at = sent.moment(timezone=services.creator.timezone, now=now)
    show = Show(
        new_id("shw", at=now),
        at=starts_at,
        state=SCHEDULED,
        title=sent.title,
        starts_at=starts_at,
        minutes=sent.minutes,
    )
    _put_words(show, sent, visit)

    def work(desk: Desk) -> None:
        if len(still_planned(desk.books, desk.runs)) >= MOST_PLANNED:
            raise PlanFull(fix="Call one off first.")
        desk.add(show)
        desk.books = desk.books.with_plan(Planned(show.id, starts_at, sent.minutes, since=desk.now))
        desk.entries.append(audit.entry(visit, "live.show.planned", show.id, after=_noted(show)))

    settle(services, work)
    return show


def change(visit: Visit, id: str, sent: SentChange, *, seen: int) -> Show:
    """What it is called and whom it is for, in the middle of it too; and when it is, before it begins.

    PreconditionFailed where somebody else has changed it since `seen`; ShowOver; Invalid where what is announced has no title.
    """
    find(id)
    services = visit.services
    made: list[Show] = []

    def work(desk: Desk) -> None:
        show = _seen(desk, id, seen)
        if show.state not in {SCHEDULED, LIVE}:
            raise ShowOver(fix="What was on is changed below Videos.")
        if show.state == SCHEDULED and not sent.title:
            raise fault("title", "missing", "Say what it is called.")
        before = _noted(show)
        _put_words(show, sent, visit)
        if show.state == SCHEDULED:
            _move(desk, show, sent, services.creator.timezone)
        show.version = seen + 1
        desk.entries.append(audit.entry(visit, "live.show.changed", id, before=before, after=_noted(show)))
        made.append(show)

    settle(services, work)
    return made[-1]


def call_off(visit: Visit, id: str, *, seen: int) -> None:
    """It does not take place. PreconditionFailed, ShowBegun, ShowOver."""
    find(id)

    def work(desk: Desk) -> None:
        show = _seen(desk, id, seen)
        if show.state != SCHEDULED:
            raise (ShowBegun if show.state == LIVE else ShowOver)()
        show.state, show.version, show.changed_by = CANCELLED, seen + 1, visit.person.id
        desk.books = desk.books.without_plan(id)
        desk.entries.append(audit.entry(visit, "live.show.called_off", id, before={"title": show.title}))

    settle(visit.services, work)


def give_cover(visit: Visit, id: str) -> None:
    """A picture for it, prepared by the worker within seconds; until then the one before stays. Invalid, NotFound."""
    find(id)
    file = visit.files.get("picture")
    if file is None or not file.content:
        raise fault("picture", "missing", "Choose a picture.")
    if len(file.content) > MAX_BYTES:
        raise fault("picture", "too_heavy", "The picture is too large.")
    try:
        key = keep_upload(file.content, visit.services)
    except NotAPicture:
        raise fault("picture", "no_picture", "This file is no picture.") from None

    def work(desk: Desk) -> None:
        show = desk.show(id)
        show.upload, show.upload_fault = key, None
        desk.entries.append(audit.entry(visit, "live.show.cover_given", id))

    settle(visit.services, work)


def take_cover(visit: Visit, id: str) -> None:
    """No picture any more, and none that was being prepared."""
    find(id)

    def work(desk: Desk) -> None:
        show = desk.show(id)
        if show.cover or show.upload or show.upload_fault:
            show.cover = show.upload = show.upload_fault = None
            desk.entries.append(audit.entry(visit, "live.show.cover_taken", id))

    settle(visit.services, work)


def mark(visit: Visit, label: str) -> None:
    """Note this moment of what is on air. NothingOn, MarkersFull."""

    def work(desk: Desk) -> None:
        show = on_air(desk)
        if len(show.markers or ()) >= MOST_MARKERS:
            raise MarkersFull()
        here = Marker(at=desk.now, label=label)  # type: ignore[no-untyped-call]
        show.markers = [*(show.markers or ()), here]
        desk.entries.append(audit.entry(visit, "live.show.marked", show.id, after={"label": label}))

    settle(visit.services, work)


def on_air(desk: Desk) -> Show:
    """The show that is on; NothingOn."""
    run = desk.air.run
    if run is None:
        raise NothingOn(fix="Start streaming, then try again.")
    return desk.show(run.show_id)


def _seen(desk: Desk, id: str, seen: int) -> Show:
    show = desk.show(id)
    if int(show.version) != seen:
        raise PreconditionFailed(fix="Look at what has changed, then save again.")
    return show


def _put_words(show: Show, sent: Words, visit: Visit) -> None:
    show.title, show.description, show.category = sent.title, sent.description, sent.category
    show.audience, show.tiers = sent.audience, list(sent.only_tiers()) or None
    show.changed_by, show.correlation_id = visit.person.id, visit.correlation_id


def _move(desk: Desk, show: Show, sent: SentShow, timezone: str) -> None:
    """Another time, where it is another; one that is due already may keep its own."""
    was = desk.books.plan(show.id)
    assert was is not None, "a scheduled show is planned"
    if sent.starts_at in {"", as_local(was.starts_at, timezone=timezone)}:
        starts_at = was.starts_at
    else:
        starts_at = sent.moment(timezone=timezone, now=desk.now)
    if (starts_at, sent.minutes) != (was.starts_at, was.minutes):
        show.at = show.starts_at = starts_at
        show.minutes = sent.minutes
        desk.books = desk.books.with_plan(Planned(show.id, starts_at, sent.minutes, since=desk.now))


def _noted(show: Show) -> dict[str, object]:
    """What the log says of a show."""
    return {
        "title": show.title,
        "audience": show.audience,
        "tiers": list(show.tiers or ()),
        "starts_at": show.starts_at.isoformat() if show.starts_at else "",
        "minutes": int(show.minutes),
    }
