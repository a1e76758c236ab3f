"""/api/overlays/<secret>/…: the sources themselves, and the token by which they hear the room."""

from datetime import datetime, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, Field

from lambdas.core.errors import NotFound
from lambdas.features.overlays.address import known, reader_of
from lambdas.features.overlays.content import goal, settings
from lambdas.features.overlays.events import told
from lambdas.platform.limits import Limit
from lambdas.platform.routing import Router, html, limited
from lambdas.platform.visit import Here, Html, Visit

router = Router()

PAGE = "/overlays/"
KINDS = ("chat", "alerts", "goal")
SESSION_MINUTES = 15
"""A token that waits to be used is not recalled: who had one of an address that was replaced hears the room no longer than this."""

Secret = Annotated[str, Path(max_length=200, description="What makes the address one's own")]


class SourceToken(BaseModel):
    token: str = Field(description="Opens one connection to the room within a minute; it reads, and sends nothing")
    endpoint: str
    expires_at: datetime
    session_until: datetime
    settings: dict[str, str]
    goal: dict[str, str]


def _source(kind: str, secret: str, visit: Visit) -> Html:
    visit = visit.in_language(visit.services.creator.locale)  # what is on stream speaks the creator's language
    try:
        known(secret)
    except NotFound:
        # Whoever pastes an old address into OBS is told so; nothing of a site's frame stands on a stream.
        return visit.page(PAGE, {"kind": "gone"}, status=404)
    return visit.page(PAGE, {"kind": kind, "settings": told(*settings()), "goal": told(*goal())})


@router.get("/api/overlays/<secret>/chat", include_in_schema=False)
@html
def chat(secret: Secret, visit: Here) -> Html:
    """The chat, as a browser source."""
    return _source("chat", secret, visit)


@router.get("/api/overlays/<secret>/alerts", include_in_schema=False)
@html
def alerts(secret: Secret, visit: Here) -> Html:
    """Alerts, as a browser source."""
    return _source("alerts", secret, visit)


@router.get("/api/overlays/<secret>/goal", include_in_schema=False)
@html
def goal_bar(secret: Secret, visit: Here) -> Html:
    """The goal, as a browser source."""
    return _source("goal", secret, visit)


@router.post("/api/overlays/<secret>/token", tags=["overlays"], summary="A token for a browser source to hear the room")
@limited(Limit(name="overlays", times=60, per=timedelta(minutes=10)))
def token(secret: Secret, visit: Here) -> SourceToken:
    """It may read the chat, whomever the show is for, and sends nothing. 404 for an address that is none (any more)."""
    address = known(secret)
    room = visit.services.room
    made = room.token(
        reader_of(address.digest), attributes={"role": "overlay"}, capabilities=(), minutes=SESSION_MINUTES
    )
    return SourceToken(
        token=made.token,
        endpoint=room.endpoint,
        expires_at=made.expires_at,
        session_until=made.session_until,
        settings=told(*settings()),
        goal=told(*goal()),
    )
