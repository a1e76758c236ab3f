"""Which streams make which show, reckoned from what is known: never from the order in which it became known.

What IVS tells comes late, twice and reversed. So each stream keeps only facts of which the earliest counts, whoever tells them
and whenever; and shows, what is on air and since when follow from all facts by `runs` and `air`, anew each time. The same facts
are the same shows, in whatever order they came.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.core.ids import derived_id

EARLY = timedelta(minutes=60)
"""So long before its time a scheduled show begins with the first stream that comes."""

OPEN_ENDED = timedelta(hours=3)
"""So long after its time one of which nobody said how long it takes still does."""

HELD = timedelta(seconds=60)
"""A stream that comes this soon after a show was ended by hand is the same program trying again: it belongs to the ended show."""


class Streamed(NamedTuple):
    """What is known of one stream. `ended_at` was told by IVS, `missed_at` is when it was found gone without having been told."""

    id: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def over_at(self) -> datetime | None:
        """When it ended, as far as is known; None while it comes in."""
        return _earlier(self.ended_at, self.missed_at)

    def told(
        self, *, started: datetime | None = None, ended: datetime | None = None, gone: datetime | None = None
    ) -> "Streamed":
        """The same stream after it was told of, or that it was `gone` by then: the earliest start and end are the true ones."""
        return self._replace(
            started_at=_earlier(self.started_at, started),
            ended_at=_earlier(self.ended_at, ended),
            missed_at=_earlier(self.missed_at, gone),
        )


class Planned(NamedTuple):
    """A scheduled show: when it is to begin, for how many minutes (0: nobody said), and since when it was planned so."""

    show_id: str
    starts_at: datetime
    minutes: int
    since: datetime

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + (timedelta(minutes=self.minutes) if self.minutes else OPEN_ENDED)

    def is_due(self, at: datetime) -> bool:
        """Whether a stream that starts then is this show."""
        return self.since <= at and self.starts_at - EARLY <= at < self.ends_at


class Run(NamedTuple):
    """A show with its streams, in order. `over_at` is when the last of them ended, or when the show was ended by hand (`cut`)."""

    show_id: str
    streams: tuple[str, ...]
    started_at: datetime
    over_at: datetime | None
    cut: bool = False
    planned: bool = False


class Air(NamedTuple):
    """What is on at a moment: `stream_id` while it comes in, `lost_at` while it may come back; `run` is None where nothing is on."""

    run: Run | None = None
    stream_id: str | None = None
    lost_at: datetime | None = None


def runs(
    streams: Iterable[Streamed], planned: Iterable[Planned], cuts: Iterable[datetime], *, grace: timedelta
) -> tuple[Run, ...]:
    """The shows that were streamed, in the order in which they began.

    A stream that starts within `grace` of the last one's end continues its show, unless the show was ended by hand (`cuts`) in
    between. A channel has one stream at a time: where the end of one was never told, the next one's start is it.
    """
    made: list[Run] = []
    waiting = set(planned)
    ended_by_hand = sorted(cuts)
    for stream in sorted((one for one in streams if one.started_at), key=_order):
        started = stream.started_at
        assert started is not None
        over = None if stream.over_at is None else max(stream.over_at, started)
        last = made[-1] if made else None
        between = [] if last is None else [cut for cut in ended_by_hand if last.started_at <= cut < started]
        if last is not None and between:
            made[-1] = last = last._replace(over_at=between[0], cut=True)
            if started - between[-1] <= HELD:
                made[-1] = last._replace(streams=(*last.streams, stream.id))
                continue
        elif last is not None and started - (last.over_at or started) <= grace:
            made[-1] = last._replace(streams=(*last.streams, stream.id), over_at=over)
            continue
        due = min((one for one in waiting if one.is_due(started)), key=lambda one: _nearest(one, started), default=None)
        waiting.discard(due) if due else None
        show_id = due.show_id if due else derived_id("shw", stream.id)
        made.append(Run(show_id, (stream.id,), started, over, planned=due is not None))
    if made:
        last = made[-1]
        cut = next((c for c in ended_by_hand if last.started_at <= c), None)
        if cut is not None:
            made[-1] = last._replace(over_at=min(cut, last.over_at or cut), cut=True)
    return tuple(made)


def air(runs: tuple[Run, ...], *, now: datetime, grace: timedelta) -> Air:
    """What is on now: the last show, while its stream comes in or may still come back."""
    if not runs:
        return Air()
    last = runs[-1]
    if last.over_at is None:
        return Air(last, stream_id=last.streams[-1])
    if last.cut or now - last.over_at >= grace:
        return Air()
    return Air(last, lost_at=last.over_at)


def _order(stream: Streamed) -> tuple[datetime, str]:
    assert stream.started_at is not None
    return stream.started_at, stream.id


def _nearest(planned: Planned, started: datetime) -> tuple[timedelta, str]:
    return abs(planned.starts_at - started), planned.show_id


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known) if known else None
