"""/studio/live/shows/: what is planned and what was, and each show's own screen."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.forms import Form, blank
from lambdas.features.live import shows
from lambdas.features.live.inputs import (
    MOST_MINUTES,
    PRESSED,
    SHOW_FIELDS,
    IfMatch,
    LiveDone,
    Pressed,
    SentChange,
    SentShow,
    ShowSeen,
    ShowState,
    as_local,
)
from lambdas.features.live.models import LIVE, SCHEDULED, Show
from lambdas.features.live.routing import router
from lambdas.features.live.state import cover_of
from lambdas.features.live.studio_desk import HIGH
from lambdas.platform.people import names_of
from lambdas.platform.pictures import MAX_BYTES
from lambdas.platform.routing import form, html, needs, takes_file
from lambdas.platform.visit import Here, Html, Visit

SHOWS = "/studio/live/shows/"
NEW = "/studio/live/shows/new/"
SHOW = "/studio/live/shows/{id}/"
_DONE = frozenset({"planned", "saved", "called-off", "cover", "cover-taken"})


@router.get("/studio/live/shows/", include_in_schema=False)
@html
@needs("live.stream.read")
def listed(visit: Here) -> Html:
    """What comes, the next first, and what was, the latest first."""
    past, older = shows.earlier(before=visit.query.get("before", ""))
    return visit.screen(
        SHOWS,
        {
            "planned": shows.planned(visit),
            "past": past,
            "older": f"{SHOWS}?before={older}" if older else "",
            "first_page": "before" not in visit.query,
            "done": _done(visit),
        },
    )


@router.get("/studio/live/shows/new/", include_in_schema=False)
@html
@needs("live.shows.write")
def new(visit: Here) -> Html:
    """The form by which a show is planned."""
    return visit.screen(
        NEW, {**_given(visit), "form": Form(values={**blank(*SHOW_FIELDS).values, "audience": "everyone"})}
    )


def _given(visit: Visit) -> dict[str, Any]:
    return {"high": HIGH, "most_minutes": MOST_MINUTES, "timezone": visit.services.creator.timezone}


@router.post("/studio/live/shows/new/", status_code=201, summary="Plan a show")
@form(page=NEW, sent=SHOWS, fields=SHOW_FIELDS, context=_given)
@needs("live.shows.write")
def plan(sent: Annotated[SentShow, Body()], visit: Here) -> ShowState:
    """A stream that comes from an hour before its time on is this show."""
    made = shows.plan(visit, sent)
    visit.go(f"{SHOWS}{made.id}/?done=planned")
    return _state(made)


def _of_show(visit: Visit) -> dict[str, Any]:
    show = shows.find(visit.parameters["id"])
    return {
        **_given(visit),
        "show": show,
        "cover": cover_of(show),
        "form": _form(show, visit),
        "picture_form": blank("picture"),
        "cancel_form": blank(),
        "may_change": show.state in {SCHEDULED, LIVE},
        "by": names_of({show.changed_by}).get(show.changed_by, "") if show.changed_by else "",
        "most_bytes": MAX_BYTES,
        "done": _done(visit),
    }


def _form(show: Show, visit: Visit) -> Form:
    return Form(
        values={
            "version": str(int(show.version)),
            "title": show.title,
            "description": show.description,
            "category": show.category,
            "audience": show.audience,
            "tiers": ", ".join(show.tiers or ()),
            "starts_at": as_local(show.starts_at, timezone=visit.services.creator.timezone),
            "minutes": str(int(show.minutes)) if show.minutes else "",
        }
    )


@router.get("/studio/live/shows/<id>/", include_in_schema=False)
@html
@needs("live.stream.read")
def one(id: str, visit: Here) -> Html:
    """A show: what it is called, whom it is for, when it is, its picture."""
    del id
    return visit.screen(SHOW, _of_show(visit))


@router.post("/studio/live/shows/<id>/", summary="Change a show")
@form(page=SHOW, sent=f"{SHOW}?done=saved", fields=SHOW_FIELDS, context=_of_show)
@needs("live.shows.write")
def change(id: str, sent: Annotated[SentChange, Body()], visit: Here, match: IfMatch = None) -> Response[ShowState]:
    """In the middle of it too: whoever may not see it any more is cut off. 412 where somebody else was quicker."""
    state = _state(shows.change(visit, id, sent, seen=sent.seen(match)))
    return Response(200, content_type="application/json", body=state, headers={"ETag": f'"{state.version}"'})


@router.post("/studio/live/shows/<id>/cancel", summary="Call a show off")
@form(page=SHOW, sent=f"{SHOWS}?done=called-off", fields=(), name="cancel_form", context=_of_show)
@needs("live.shows.write")
def call_off(id: str, sent: Annotated[ShowSeen, Body()], visit: Here, match: IfMatch = None) -> LiveDone:
    """Before it has begun. 412 where somebody has changed it since the version that was seen."""
    shows.call_off(visit, id, seen=sent.seen(match))
    return LiveDone()


@router.post("/studio/live/shows/<id>/cover", summary="Give a show a picture")
@form(page=SHOW, sent=f"{SHOW}?done=cover", fields=("picture",), name="picture_form", context=_of_show)
@takes_file(at_most=MAX_BYTES + 10_000)
@needs("live.shows.write")
def give_cover(id: str, visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> LiveDone:
    """Cut to 16:9 within seconds; until then, and where it turns out to be none, the one before stays."""
    del sent
    shows.give_cover(visit, id)
    return LiveDone()


@router.post("/studio/live/shows/<id>/cover/remove", summary="Take a show's picture away")
@form(page=SHOW, sent=f"{SHOW}?done=cover-taken", fields=("picture",), name="picture_form", context=_of_show)
@needs("live.shows.write")
def take_cover(id: str, visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> LiveDone:
    """And whatever was being prepared."""
    del sent
    shows.take_cover(visit, id)
    return LiveDone()


def _state(show: Show) -> ShowState:
    return ShowState(id=show.id, state=show.state, version=int(show.version), starts_at=show.starts_at)


def _done(visit: Visit) -> str:
    done = visit.query.get("done", "")
    return done if done in _DONE else ""
