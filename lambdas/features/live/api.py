"""POST /api/live/playback: a ticket for what is on air."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from lambdas.features.live.feature import FEATURE
from lambdas.features.live.playback import admit
from lambdas.platform.limits import Limit
from lambdas.platform.routing import Router, limited
from lambdas.platform.visit import Here

router = Router()

STARTS = Limit(name="live-playback", times=40, per=timedelta(minutes=1))


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Ticket(BaseModel):
    url: str = Field(description="The playlist with its token: good for one start of playback, within a minute.")
    player: Literal["hls", "ivs"] = Field(description="Which player the creator chose.")
    show: str = Field(description="The show's id.")
    until: datetime | None = Field(description="When access ends by itself; none where it does not.")


@router.post("/api/live/playback", tags=["live"], summary="A ticket for what is on air")
@limited(STARTS)
def playback(sent: Annotated[Asked, Body()], visit: Here) -> Ticket:
    """409 `off_air`; 401 where one must be signed in; 403 with `members_only`, `other_tier` or `ended`."""
    del sent
    ticket = admit(visit)
    player = FEATURE.config_in(visit.services.creator.features).player
    return Ticket(url=ticket.url, player=player, show=ticket.show_id, until=ticket.until)
