"""/account/devices/: where one is signed in, and signing out there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, Field

from lambdas.core.forms import blank
from lambdas.features.accounts.own_pages import Done, Sent, about, show
from lambdas.features.accounts.profile import SAVES
from lambdas.features.accounts.routing import router
from lambdas.platform.routing import form, html, limited, signed_in
from lambdas.platform.sessions import COOKIE, SessionRow
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/devices/"
AWAY = "/account/sign-in/?done=signed-out"

SessionId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$")]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A browser that is signed in. `agent` is empty where it did not say what it is."""

    id: str
    agent: str
    since: datetime
    seen: datetime
    this: bool


class Ended(BaseModel):
    ended: int = Field(description="How many sessions have ended")


def devices_of(visit: Visit) -> list[Device]:
    """This one first, then those last seen."""
    assert visit.session is not None
    here = visit.session.id
    rows = visit.services.sessions.of(visit.session.person_id)
    return sorted((_device(row, this=row.id == here) for row in rows), key=lambda device: not device.this)


def _device(row: SessionRow, *, this: bool) -> Device:
    return Device(id=row.id, agent=row.agent, since=row.created_at, seen=row.seen_at, this=this)


def context(visit: Visit) -> dict[str, Any]:
    return about(visit, devices=devices_of(visit), form=blank())


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.post("/api/auth/devices/<id>/end", tags=["account"], summary="Sign out one of one's devices")
@form(page=PAGE, sent=f"{PAGE}?done=ended", fields=(), context=context)
@signed_in
@limited(SAVES)
def end(id: SessionId, sent: Annotated[Sent, Body()], visit: Here) -> Done:
    """One that has been signed out already, or is another person's, changes nothing."""
    assert visit.session is not None
    visit.services.sessions.end(visit.session.person_id, id)
    if id == visit.session.id:
        _gone(visit)
    return Done()


@router.post("/api/auth/devices/end-others", tags=["account"], summary="Sign out all of one's other devices")
@form(page=PAGE, sent=f"{PAGE}?done=ended-others", fields=(), context=context)
@signed_in
@limited(SAVES)
def end_others(sent: Annotated[Sent, Body()], visit: Here) -> Ended:
    assert visit.session is not None
    return Ended(ended=visit.services.sessions.end_all(visit.session.person_id, but=visit.session.id))


@router.post("/api/auth/sign-out-everywhere", tags=["account"], summary="Sign out everywhere, here too")
@form(page=PAGE, sent=AWAY, fields=(), context=context)
@signed_in
@limited(SAVES)
def end_everywhere(sent: Annotated[Sent, Body()], visit: Here) -> Ended:
    assert visit.session is not None
    ended = visit.services.sessions.end_all(visit.session.person_id)
    _gone(visit)
    return Ended(ended=ended)


def _gone(visit: Visit) -> None:
    visit.drop_cookie(COOKIE)
    visit.go(AWAY)
