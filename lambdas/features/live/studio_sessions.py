"""/studio/live/sessions/: the streams there were, and how each went."""

import re
from datetime import timedelta

from lambdas.core.errors import NotFound
from lambdas.features.live.figures import curve, figures, points_of, spans, starved
from lambdas.features.live.models import STREAM, Stream
from lambdas.features.live.routing import router
from lambdas.features.live.state import shows_of
from lambdas.platform.routing import html, needs
from lambdas.platform.visit import Here, Html

SESSIONS = "/studio/live/sessions/"
SESSION = "/studio/live/sessions/{id}/"
A_PAGE = 25
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@router.get("/studio/live/sessions/", include_in_schema=False)
@html
@needs("live.stream.read")
def sessions(visit: Here) -> Html:
    """Every stream, the latest first."""
    before = visit.query.get("before", "")
    start = _stream(before).started_at if _ID.fullmatch(before) else None
    condition = None if start is None else Stream.started_at < start
    found = list(Stream.by_start.query(STREAM, condition, scan_index_forward=False, limit=A_PAGE + 1))
    return visit.screen(
        SESSIONS,
        {
            "sessions": found[:A_PAGE],
            "shows": shows_of(one.show_id for one in found if one.show_id),
            "lengths": {one.id: _length(one) for one in found},
            "older": f"{SESSIONS}?before={found[A_PAGE - 1].id}" if len(found) > A_PAGE else "",
        },
    )


@router.get("/studio/live/sessions/<id>/", include_in_schema=False)
@html
@needs("live.stream.read")
def session(id: str, visit: Here) -> Html:
    """One stream: who watched when, and when it starved."""
    stream = _stream(id)
    points = points_of([stream.id])
    starving = spans(stream.health or (), over_at=stream.ended_at)
    return visit.screen(
        SESSION,
        {
            "session": stream,
            "show": shows_of([stream.show_id]).get(stream.show_id) if stream.show_id else None,
            "length": _length(stream),
            "points": points,
            "curve": curve(points),
            "figures": figures(points),
            "spans": starving,
            "starved": starved(starving, now=visit.services.clock()),
        },
    )


def _stream(id: str) -> Stream:
    try:
        return Stream.get(id, consistent_read=True)
    except Stream.DoesNotExist:
        raise NotFound("There is no such stream.") from None


def _length(stream: Stream) -> timedelta | None:
    """How long it was; None while it is on."""
    if stream.started_at is None or stream.ended_at is None:
        return None
    return max(timedelta(), stream.ended_at - stream.started_at)
