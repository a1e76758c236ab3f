"""/studio/live/: what is on, what comes next, the key, and where else it can be watched."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.errors import PrismError
from lambdas.core.forms import Form
from lambdas.features.live import desk, shows
from lambdas.features.live.inputs import (
    CARD_FIELDS,
    CATEGORY,
    DESCRIPTION,
    LABEL,
    LINK_FIELDS,
    MOST_LINKS,
    PRESSED,
    TITLE,
    IfMatch,
    LiveDone,
    Pressed,
    Rows,
    SentCard,
    SentElsewhere,
    SentMarker,
)
from lambdas.features.live.recordings import not_whole
from lambdas.features.live.routing import router
from lambdas.platform.people import names_of
from lambdas.platform.routing import form, html, needs
from lambdas.platform.visit import Here, Html, Visit

DESK = "/studio/live/"
_DONE = frozenset({"next", "links", "rotated", "stopped", "nothing-stopped", "ended", "marked"})
HIGH = {"title": TITLE.high, "description": DESCRIPTION.high, "category": CATEGORY.high, "label": LABEL.high}


def _shown(visit: Visit) -> dict[str, Any]:
    """All that stands on the desk beside its forms, each form as it is stored."""
    now, services = desk.present(visit), visit.services
    books, done = now.how.books, visit.query.get("done", "")
    return {
        "now": now,
        "clock": services.clock(),
        "coming": shows.planned(visit)[:3],
        "broken": not_whole(now=services.clock(), on_air=now.how.air.stream_id),
        "ingest": services.channel.ingest,
        "key": "",
        "card": books.card,
        "links": books.links,
        "names": names_of({by for by in (books.card.by, books.links.by) if by}),
        "next_form": Form(values=_card_values(now)),
        "links_form": Form(values=_link_values(now)),
        "marker_form": Form(values={"label": ""}),
        "stream_form": Form(values={}),
        "most_links": MOST_LINKS,
        "high": HIGH,
        "done": done if done in _DONE else "",
    }


def _card_values(now: desk.Now) -> Mapping[str, str]:
    card = now.how.books.card
    return {
        "version": str(card.version),
        "title": card.title,
        "description": card.description,
        "category": card.category,
        "audience": card.audience,
        "tiers": ", ".join(card.tiers),
    }


def _link_values(now: desk.Now) -> Mapping[str, str]:
    links = now.how.books.links
    values = {"version": str(links.version)} | dict.fromkeys(LINK_FIELDS, "")
    for number, (label, url) in enumerate(links.links):
        values |= {f"label_{number}": label, f"url_{number}": url}
    return values


@router.get("/studio/live/", include_in_schema=False)
@html
@needs("live.stream.read")
def show_desk(visit: Here) -> Html:
    """What is on and what comes next."""
    return visit.screen(DESK, _shown(visit))


@router.get("/studio/live/numbers", summary="How the stream goes, this moment")
@needs("live.stream.read")
def numbers(visit: Here) -> dict[str, Any]:
    """Viewers, health and the curve of what is on."""
    return desk.numbers(visit)


@router.post("/studio/live/next", summary="Say what the next show is called")
@form(page=DESK, sent=f"{DESK}?done=next", fields=CARD_FIELDS, name="next_form", context=_shown)
@needs("live.shows.write")
def save_next(sent: Annotated[SentCard, Body()], visit: Here, match: IfMatch = None) -> LiveDone:
    """Of a stream that comes while no show is scheduled. 412 where somebody has saved since the version that was seen."""
    desk.save_card(visit, sent, seen=sent.seen(match))
    return LiveDone()


@router.post("/studio/live/links", summary="Say where else the show can be watched")
@form(page=DESK, sent=f"{DESK}?done=links", fields=("version", *LINK_FIELDS), name="links_form", context=_shown)
@needs("live.shows.write")
def save_links(sent: Annotated[SentElsewhere, Body()], visit: Here, match: IfMatch = None) -> LiveDone:  # type: ignore[valid-type]
    """Public addresses, and never a key of another platform. 412 where somebody has saved since the version that was seen."""
    rows = cast(Rows, sent)
    desk.save_links(visit, rows.value(), seen=rows.seen(match))
    return LiveDone()


@router.post("/studio/live/markers", summary="Mark this moment of the show")
@form(page=DESK, sent=f"{DESK}?done=marked", fields=("label",), name="marker_form", context=_shown)
@needs("live.shows.write")
def mark(sent: Annotated[SentMarker, Body()], visit: Here) -> LiveDone:
    """It becomes a chapter of the recording. 409 `nothing_on` where nothing is."""
    shows.mark(visit, sent.label)
    return LiveDone()


@router.post("/studio/live/stop", summary="Stop the stream")
@form(page=DESK, sent=f"{DESK}?done=stopped", fields=(), name="stream_form", context=_shown)
@needs("live.stream.key")
def stop(visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> LiveDone:
    """Whoever streams is cut off, and may come back: a program tries by itself."""
    del sent
    if not desk.stop(visit):
        visit.go(f"{DESK}?done=nothing-stopped")
    return LiveDone()


@router.post("/studio/live/end", summary="End the show")
@form(page=DESK, sent=f"{DESK}?done=ended", fields=(), name="stream_form", context=_shown)
@needs("live.shows.write")
def end(visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> LiveDone:
    """It is over now, whatever the stream does."""
    del sent
    desk.end(visit)
    return LiveDone()


@router.post("/studio/live/key/rotate", summary="Make a new stream key")
@form(page=DESK, sent=f"{DESK}?done=rotated", fields=(), name="stream_form", context=_shown)
@needs("live.stream.key")
def rotate(visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> LiveDone:
    """The one before is worth nothing at once. 409 `stream_key_changed` where somebody else has just made one."""
    del sent
    desk.rotate(visit)
    return LiveDone()


@router.post("/studio/live/key", include_in_schema=False)
@html
@needs("live.stream.key")
def reveal(visit: Here, sent: Annotated[Pressed, Body()] = PRESSED) -> Html:
    """The desk, with the key in it: it is in no page before, and noted in the log that it was looked at."""
    del sent
    visit.may_see(DESK)
    try:
        return visit.screen(DESK, {**_shown(visit), "key": desk.reveal(visit)})
    except PrismError as error:
        state = Form(values={}, problem=error.code)
        return visit.screen(DESK, {**_shown(visit), "stream_form": state}, status=error.status)


@router.get("/studio/live/key", include_in_schema=False)
@html
@needs("live.stream.key")
def reveal_again(visit: Here) -> Html:
    """Whoever comes back to this address without a form."""
    return visit.redirect(DESK)
