"""What live tells the studio's overview and its search."""

from datetime import datetime

from lambdas.core.overview import Found, Line, News, Step
from lambdas.features.live.ledger import standing
from lambdas.features.live.models import Show
from lambdas.features.live.shows import matching
from lambdas.features.live.state import shows_of
from lambdas.platform.visit import Visit

DESK = "/studio/live/"
_READ, _KEY = "live.stream.read", "live.stream.key"
_FOUND = 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many watch, or how many watched the last show at its fullest; and that show, where it ended since."""
    if _READ not in visit.standing.permissions:
        return ()
    how = standing(visit.services)
    if how.air.stream_id and how.books.viewers is not None:
        return (News(text="live.studio.viewers_now", count=how.books.viewers, url=DESK),)
    show = shows_of([how.books.last_show]).get(how.books.last_show)
    if show is None or show.peak is None:
        return ()
    lines = _lines(show, since)
    return (News(text="live.studio.viewers_last", count=int(show.peak), new=len(lines), url=_url(show), lines=lines),)


def steps(visit: Visit) -> tuple[Step, ...]:
    """Until something was streamed: how to set up the program that does it."""
    if _KEY not in visit.standing.permissions:
        return ()
    how = standing(visit.services)
    if how.runs or how.books.last_show:
        return ()
    return (Step(text="live.studio.steps.obs", icon="live", url=f"{DESK}#set-up"),)


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """Shows that have all the words."""
    if _READ not in visit.standing.permissions:
        return ()
    return tuple(
        Found(title=show.title, detail=show.category, url=_url(show), kind="live.studio.show", icon="live")
        for show in matching(words, at_most=_FOUND)
    )


def _lines(show: Show, since: datetime | None) -> tuple[Line, ...]:
    if show.ended_at is None or (since is not None and show.ended_at <= since):
        return ()
    line = Line(
        title=show.title or show.id, detail_text="live.studio.over", url=_url(show), at=show.ended_at, icon="live"
    )
    return (line,)


def _url(show: Show) -> str:
    return f"{DESK}shows/{show.id}/"
