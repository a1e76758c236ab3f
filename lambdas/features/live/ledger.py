"""The one way in which anything of live is changed: facts, plan and people's wishes in, shows and what is on air out.

    settle(services, lambda desk: …)

reads the ledger, lets the work change its books or a show, reckons what follows (`reckoning.py`), and writes all that differs in
one transaction whose condition is the ledger's version. Who meets another does it again from what the other left. So two events,
two people, or a person and an event, end as if one had come after the other; and what changes nothing writes nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pynamodb.expressions.update import Action

from lambdas.core.errors import NotFound
from lambdas.features.live.books import Books, books_of
from lambdas.features.live.feature import FEATURE
from lambdas.features.live.models import CHANNEL, ENDED, LIVE, SCHEDULED, Ledger, Show, Stream
from lambdas.features.live.models import STREAM as A_STREAM
from lambdas.features.live.reckoning import Air, Run, air
from lambdas.platform.audit import AuditEntry
from lambdas.platform.broadcast import CHANNEL as ON_AIR
from lambdas.platform.broadcast import Broadcast, broadcast
from lambdas.platform.services import Services
from lambdas.platform.tables import Met, NotWritten, transaction

_TRIES = 12
_LOOKED_BACK = 3
"""How many of the last shows are brought up to date even where no fact of theirs changed: time passes."""


class Settled(NamedTuple):
    """How things stand: the ledger's version, its books, the shows that follow from them, and what is on air."""

    version: int
    books: Books
    runs: tuple[Run, ...]
    air: Air


class Desk:
    """What one piece of work changes. It may be done again from the start, so nothing of it reaches outside."""

    def __init__(self, books: Books, *, now: datetime, grace: timedelta) -> None:
        self.books = books
        self.now = now
        self.grace = grace
        self.entries: list[AuditEntry] = []
        self.shows: dict[str, Show] = {}
        self._as_found: dict[str, object] = {}

    @property
    def runs(self) -> tuple[Run, ...]:
        """The shows that follow from the books as they are now."""
        return self.books.runs(grace=self.grace)

    @property
    def air(self) -> Air:
        return air(self.runs, now=self.now, grace=self.grace)

    def show(self, id: str) -> Show:
        """A show, as it stands; what the work changes of it is written. NotFound."""
        self.load((id,))
        if id not in self.shows:
            raise NotFound("There is no such show.", fix="It may have been taken back.")
        return self.shows[id]

    def load(self, ids: Iterable[str]) -> None:
        wanted = [id for id in dict.fromkeys(ids) if id not in self._as_found]
        for show in Show.batch_get(wanted, consistent_read=True) if wanted else ():
            self.shows[show.id], self._as_found[show.id] = show, show.serialize()
        for id in wanted:
            self._as_found.setdefault(id, None)

    def add(self, show: Show) -> None:
        self._as_found.setdefault(show.id, None)
        self.shows[show.id] = show

    def drop(self, id: str) -> None:
        self.shows.pop(id, None)

    def changed(self) -> tuple[list[Show], list[str]]:
        """The shows to be written, and the ids of those to be deleted."""
        saved = [show for id, show in self.shows.items() if self._as_found[id] != show.serialize()]
        gone = [id for id, found in self._as_found.items() if found is not None and id not in self.shows]
        return saved, gone


def grace(services: Services) -> timedelta:
    """How long a stream may be gone before its show is over."""
    return FEATURE.config_in(services.creator.features).grace


def standing(services: Services) -> Settled:
    """How things stand, by one consistent read."""
    version, books = read_books()
    return _reckoned(version, books, services)


def settle(services: Services, work: Callable[[Desk], None] = lambda desk: None) -> Settled:
    """Do the work, write what follows from it, and say how things stand then. What the work raises leaves all as it was.

    Met where it was overtaken again and again.
    """
    for _ in range(_TRIES):
        version, before = read_books()
        desk = Desk(before, now=services.clock(), grace=grace(services))
        work(desk)
        try:
            return _write(version, before, desk)
        except (NotWritten, Met):
            continue
    raise Met(fix="Try again in a moment.")


def read_books() -> tuple[int, Books]:
    """The version and the books, by a consistent read; version 0 where nothing was ever written."""
    try:
        row = Ledger.get(CHANNEL, consistent_read=True)
    except Ledger.DoesNotExist:
        return 0, Books()
    return int(row.version), books_of(row.books)


def _reckoned(version: int, books: Books, services: Services) -> Settled:
    found = books.runs(grace=grace(services))
    return Settled(version, books, found, air(found, now=services.clock(), grace=grace(services)))


def _write(version: int, before: Books, desk: Desk) -> Settled:
    old, found, on = before.runs(grace=desk.grace), desk.runs, desk.air
    _bring_shows_up_to_date(desk, old, found, on)
    over = [run.show_id for run in found if run != on.run]
    if over:
        desk.books = desk.books._replace(last_show=over[-1])
    saved, gone = desk.changed()
    row = _on_air(desk, on, found)
    streams = _streams_changed(before, desk.books, old, found)
    after = desk.books.pruned(now=desk.now, grace=desk.grace)
    if not (saved or gone or row or streams or desk.entries) and after == before:
        return Settled(version, before, found, on)
    with transaction(Ledger) as write:
        condition = (Ledger.version == version) if version else Ledger.id.does_not_exist()
        write.save(Ledger(CHANNEL, version=version + 1, books=after.as_json()), condition=condition)
        for show in saved:
            write.save(show)
        for id in gone:
            write.delete(Show(id))
        if row is not None:
            write.save(row)
        for stream in streams:
            write.update(Stream(stream.id), actions=_written_down(stream))
        for entry in desk.entries:
            write.save(entry)
    return Settled(version + 1, after, found, on)


def _bring_shows_up_to_date(desk: Desk, old: tuple[Run, ...], found: tuple[Run, ...], on: Air) -> None:
    """Each show says of itself what its run says; one that has none any more is planned again, or was never there."""
    touched = [run for run in found if run not in old or run in found[-_LOOKED_BACK:]]
    gone = [run for run in old if run.show_id not in {one.show_id for one in found}]
    desk.load(run.show_id for run in (*touched, *gone))
    for run in touched:
        show = desk.shows.get(run.show_id)
        if show is None:
            show = _from_card(run, desk)
            desk.add(show)
        show.state = LIVE if run == on.run else ENDED
        show.at = show.started_at = run.started_at
        show.ended_at = None if show.state == LIVE else run.over_at
        show.streams = list(run.streams)
    for run in gone:
        show = desk.shows.get(run.show_id)
        if show is None:
            continue
        if not run.planned:
            desk.drop(run.show_id)
            continue
        show.state, show.at = SCHEDULED, show.starts_at
        show.started_at = show.ended_at = show.streams = None


def _from_card(run: Run, desk: Desk) -> Show:
    card = desk.books.card
    return Show(
        run.show_id,
        at=run.started_at,
        state=LIVE,
        title=card.title,
        description=card.description,
        category=card.category,
        audience=card.audience,
        tiers=list(card.tiers) or None,
    )


def _on_air(desk: Desk, on: Air, found: tuple[Run, ...]) -> Broadcast | None:
    """The row that says what is on air, where it is to say something else than it does."""
    stored = broadcast()
    row = Broadcast(ON_AIR, version=stored.version, **_shown(desk, on, found))
    if stored.version and row.serialize() == stored.serialize():
        return None
    row.version = int(stored.version) + 1
    return row


def _shown(desk: Desk, on: Air, runs: tuple[Run, ...]) -> dict[str, Any]:
    if on.run is not None:
        desk.load((on.run.show_id,))
        show = desk.shows[on.run.show_id]
        return {
            "stream_id": on.stream_id,
            "show_id": show.id,
            "title": show.title,
            "live_since": on.run.started_at,
            "lost_at": on.lost_at,
            "audience": show.audience,
            "tiers": list(show.tiers) if show.tiers else None,
            "next_at": _next_at(desk, runs),
            "before_until": _before_until(desk, runs[:-1]),
        }
    coming = upcoming(desk.books, runs, now=desk.now)
    card = desk.books.card
    found = None
    if coming:
        desk.load(coming[:1])
        found = desk.shows.get(coming[0])
    title, audience, tiers = (
        (found.title, found.audience, found.tiers) if found else (card.title, card.audience, card.tiers)
    )
    return {
        "title": title,
        "audience": audience,
        "tiers": list(tiers) if tiers else None,
        "next_at": _next_at(desk, runs),
        "before_until": _before_until(desk, runs),
    }


def _before_until(desk: Desk, runs: tuple[Run, ...]) -> datetime | None:
    """When the last of these was over for good. One that was ended by hand is given as long: who was there has not left at once."""
    over_at = runs[-1].over_at if runs else None
    return None if over_at is None else over_at + desk.grace


def _next_at(desk: Desk, runs: Iterable[Run]) -> datetime | None:
    """When the next show is planned to begin."""
    coming = upcoming(desk.books, runs, now=desk.now)
    return next((one.starts_at for one in desk.books.planned if one.show_id in coming[:1]), None)


def upcoming(books: Books, runs: Iterable[Run], *, now: datetime) -> list[str]:
    """The ids of the shows that are planned and still to come, the next first."""
    taken = {run.show_id for run in runs}
    return [one.show_id for one in books.planned if one.ends_at > now and one.show_id not in taken]


class Row(NamedTuple):
    """What a stream's row says of when it was, and of which show."""

    id: str
    started_at: datetime | None
    ended_at: datetime | None
    show_id: str | None


def _written_down(stream: Row) -> list[Action]:
    known: tuple[tuple[Any, Any], ...] = (
        (Stream.kind, A_STREAM if stream.started_at else None),
        (Stream.started_at, stream.started_at),
        (Stream.ended_at, stream.ended_at),
        (Stream.show_id, stream.show_id),
    )
    return [attribute.remove() if value is None else attribute.set(value) for attribute, value in known]


def _streams_changed(before: Books, after: Books, old: tuple[Run, ...], found: tuple[Run, ...]) -> list[Row]:
    was, now = _rows(before, old), _rows(after, found)
    return [row for id, row in now.items() if was.get(id) != row]


def _rows(books: Books, found: tuple[Run, ...]) -> dict[str, Row]:
    shows = {stream: run.show_id for run in found for stream in run.streams}
    return {one.id: Row(one.id, one.started_at, one.over_at, shows.get(one.id)) for one in books.streams}
