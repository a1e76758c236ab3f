"""What the public pages of live show when they are published, from what is stored then; scripts keep it up to date.

`/live/` and the block of the home page are given

    state      as the state file says it (`state.snapshot`)
    upcoming   every show that is planned, the next first: what `state.described` says of it, `starts_at` as a datetime, and
               `calendar`, the path of its file for calendars ("/live/shw_….ics")
    links      where the creator can be watched besides: {"label", "url"}
    player     "hls" or "ivs"
    state_file the address of the state file

A show's `cover` is {"640": address, "1280": address} or None, its `description` Markdown.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lambdas.core.errors import NotFound
from lambdas.core.feature import PageContext
from lambdas.features.live.books import Books
from lambdas.features.live.calendar import calendar as written
from lambdas.features.live.feature import FEATURE, LiveConfig
from lambdas.features.live.ledger import read_books
from lambdas.features.live.models import SCHEDULED, Show
from lambdas.features.live.reckoning import Run
from lambdas.features.live.state import STATE_FILE, described, shows_of, snapshot, still_planned

PAGE = "/live/"


class _Stored(NamedTuple):
    version: int
    books: Books
    runs: tuple[Run, ...]


def live(context: PageContext) -> dict[str, Any]:
    """What `/live/` and the home page show."""
    stored = _stored(context)
    chat = any(feature.name == "chat" for feature in context.features)
    shows = _planned_shows(stored) if context.stored else []
    return {
        "state": snapshot(stored.version, stored.books, stored.runs, chat=chat),
        "upcoming": [_entry(show) for show in shows],
        "links": [{"label": label, "url": url} for label, url in stored.books.links.links],
        "player": _config(context).player,
        "state_file": f"/{STATE_FILE}",
    }


def planned(context: PageContext) -> Iterator[Mapping[str, str]]:
    """Every show that has a file for calendars of its own."""
    for show in _planned_shows(_stored(context)):
        yield {"show": show.id}


def calendar(context: PageContext) -> dict[str, Any]:
    """All that is planned, for calendars that subscribe to it."""
    shows = _planned_shows(_stored(context)) if context.stored else []
    return {"calendar": _written(context, shows)}


def calendar_of_one(context: PageContext) -> dict[str, Any]:
    """One planned show; NotFound where it is not planned any more."""
    id = context.parameters["show"]
    show = next((show for show in _planned_shows(_stored(context)) if show.id == id), None)
    if show is None:
        raise NotFound("This show is not planned any more.")
    return {"calendar": _written(context, [show])}


def _written(context: PageContext, shows: list[Show]) -> str:
    creator = context.creator
    url = creator.origin + creator.path(PAGE, context.locale)
    return written(shows, name=creator.name, domain=creator.domain, url=url)


def _entry(show: Show) -> dict[str, Any]:
    return {**(described(show) or {}), "starts_at": show.starts_at, "calendar": f"{PAGE}{show.id}.ics"}


def _planned_shows(stored: _Stored) -> list[Show]:
    ids = still_planned(stored.books, stored.runs)
    found = shows_of(ids)
    return [found[id] for id in ids if id in found and found[id].state == SCHEDULED]


def _stored(context: PageContext) -> _Stored:
    if not context.stored:
        return _Stored(0, Books(), ())
    version, books = read_books()
    return _Stored(version, books, books.runs(grace=_config(context).grace))


def _config(context: PageContext) -> LiveConfig:
    return FEATURE.config_in(context.creator.features)
