"""What the ledger's row says, as values: the facts of late, the plan, and what the next show is to be called."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from lambdas.features.live.models import iso
from lambdas.features.live.reckoning import Planned, Run, Streamed, runs

KEPT = timedelta(days=4)
"""So long a stream that is over is reckoned with: IVS tells of nothing later than a day, and viewers' rows last two."""

MOST_STREAMS = 200
"""However often a program drops its connection."""


class Card(NamedTuple):
    """What the next show is called where none is scheduled for then. `version` grows with each change."""

    title: str = ""
    description: str = ""
    category: str = ""
    audience: str = "everyone"
    tiers: tuple[str, ...] = ()
    version: int = 0
    by: str = ""


class Links(NamedTuple):
    """Where the creator can be watched besides: (label, address)."""

    links: tuple[tuple[str, str], ...] = ()
    version: int = 0
    by: str = ""


class Books(NamedTuple):
    """`viewers` is how many watched when they were last counted, `unseen` how often in a row IVS knew of no stream while one was on.

    `last_show` is the show that was on last and is over.
    """

    streams: tuple[Streamed, ...] = ()
    planned: tuple[Planned, ...] = ()
    cuts: tuple[datetime, ...] = ()
    card: Card = Card()
    links: Links = Links()
    viewers: int | None = None
    unseen: int = 0
    last_show: str = ""

    def stream(self, id: str) -> Streamed:
        """What is known of a stream; nothing but its id where it is new."""
        return next((one for one in self.streams if one.id == id), Streamed(id))

    def with_stream(self, stream: Streamed) -> "Books":
        """Where nothing new is known of it they are the same."""
        others = tuple(one for one in self.streams if one.id != stream.id)
        return self._replace(streams=tuple(sorted((*others, stream))))

    def plan(self, show_id: str) -> Planned | None:
        return next((one for one in self.planned if one.show_id == show_id), None)

    def with_plan(self, planned: Planned) -> "Books":
        return self.without_plan(planned.show_id)._replace_plan(planned)

    def without_plan(self, show_id: str) -> "Books":
        return self._replace(planned=tuple(one for one in self.planned if one.show_id != show_id))

    def _replace_plan(self, planned: Planned) -> "Books":
        return self._replace(
            planned=tuple(sorted((*self.planned, planned), key=lambda one: (one.starts_at, one.show_id)))
        )

    def runs(self, *, grace: timedelta) -> tuple[Run, ...]:
        return runs(self.streams, self.planned, self.cuts, grace=grace)

    def pruned(self, *, now: datetime, grace: timedelta) -> "Books":
        """Without whole shows that were over long ago, and what was only known of those."""
        found = self.runs(grace=grace)
        old = [run for run in found if run.over_at is not None and now - run.over_at > KEPT]
        old += [run for run in found[:-1] if run not in old][: max(0, len(self.streams) - MOST_STREAMS)]
        gone = {stream for run in old for stream in run.streams}
        shows = {run.show_id for run in old}
        stale = {one.id for one in self.streams if one.started_at is None and one.over_at and now - one.over_at > KEPT}
        return self._replace(
            streams=tuple(one for one in self.streams if one.id not in gone | stale),
            planned=tuple(one for one in self.planned if one.show_id not in shows),
            cuts=tuple(cut for cut in self.cuts if now - cut <= KEPT),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "streams": [[one.id, iso(one.started_at), iso(one.ended_at), iso(one.missed_at)] for one in self.streams],
            "planned": [[one.show_id, iso(one.starts_at), one.minutes, iso(one.since)] for one in self.planned],
            "cuts": [iso(cut) for cut in self.cuts],
            "card": self.card._asdict(),
            "links": self.links._asdict(),
            "viewers": self.viewers,
            "unseen": self.unseen,
            "last_show": self.last_show,
        }


def books_of(stored: Mapping[str, Any] | None) -> Books:
    """What stands in the row; what an older release did not know of is as it is at first."""
    if not stored:
        return Books()
    card, links = stored.get("card", {}), stored.get("links", {})
    return Books(
        streams=tuple(
            Streamed(id, _moment(start), _moment(end), _moment(missed)) for id, start, end, missed in stored["streams"]
        ),
        planned=tuple(
            Planned(id, datetime.fromisoformat(starts), minutes, datetime.fromisoformat(since))
            for id, starts, minutes, since in stored["planned"]
        ),
        cuts=tuple(datetime.fromisoformat(cut) for cut in stored["cuts"]),
        card=Card(**{**card, "tiers": tuple(card.get("tiers", ()))}),
        links=Links(**{**links, "links": tuple((label, url) for label, url in links.get("links", ()))}),
        viewers=stored.get("viewers"),
        unseen=stored.get("unseen", 0),
        last_show=stored.get("last_show", ""),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
