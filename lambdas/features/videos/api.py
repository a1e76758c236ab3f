"""POST /api/videos/{id}/playback and /api/videos/{id}/progress, for the player."""

from datetime import datetime, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from lambdas.features.videos.library import find, published
from lambdas.features.videos.playback import admit
from lambdas.features.videos.progress import keep, resume_at
from lambdas.platform.limits import Limit
from lambdas.platform.routing import Router, limited, signed_in
from lambdas.platform.visit import Here

router = Router()

VideoId = Annotated[str, Path(pattern=r"^vid_[0-9A-Z]{26}$")]

_LONGEST_MS = 7 * 24 * 3_600_000

STARTS = Limit(name="video-playback", times=120, per=timedelta(hours=1))
NOTES = Limit(name="video-progress", times=400, per=timedelta(hours=1))


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Ticket(BaseModel):
    url: str = Field(description="The playlist to begin with, on the site itself.")
    until: datetime | None = Field(description="When the cookies that came with it end; none where none are needed.")
    resume_ms: int = Field(description="Where the person who is signed in has been, in milliseconds.")
    remembers: bool = Field(description="Whether `progress` is kept: somebody is signed in.")


class Watched(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    ms: Annotated[int, Field(ge=0, le=_LONGEST_MS, description="How far, in milliseconds.")]
    age_ms: Annotated[int, Field(ge=0, le=86_400_000, description="How long ago that was, in milliseconds.")] = 0


class Noted(BaseModel):
    noted: bool = Field(description="False where it is known how far the person was later than that.")


@router.post("/api/videos/<id>/playback", tags=["videos"], summary="Watch a video")
@limited(STARTS)
def playback(id: VideoId, asked: Annotated[Asked, Body()], visit: Here) -> Ticket:
    """Where to play it from. A guarded one comes with three cookies for its own path, good for six hours at most.

    401 where one must be signed in; 403 with `members_only`, `other_tier` or `ended`; 409 `video_preparing`.
    """
    ticket = admit(id, visit)
    at = resume_at(visit.session.person_id, find(id)) if visit.session else 0
    return Ticket(url=ticket.url, until=ticket.until, resume_ms=at, remembers=visit.session is not None)


@router.post("/api/videos/<id>/progress", tags=["videos"], summary="Remember how far one has watched")
@signed_in
@limited(NOTES)
def progress(id: VideoId, watched: Annotated[Watched, Body()], visit: Here) -> Noted:
    """So that another device can go on from there. What an older tab tells later changes nothing."""
    assert visit.session is not None
    at = visit.services.clock() - timedelta(milliseconds=watched.age_ms)
    return Noted(noted=keep(visit.session.person_id, published(id), watched.ms, at=at, services=visit.services))
