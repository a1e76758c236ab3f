"""Letting somebody watch a video: the one decision, and where it is guarded the cookies that CloudFront asks for."""

from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.core.entitlements import Decision, Viewer, decide, refusal
from lambdas.core.errors import Conflict, NotFound
from lambdas.features.videos.library import find
from lambdas.features.videos.models import PUBLISHED, Video
from lambdas.features.videos.places import guarded_folder, kind_of
from lambdas.platform.entitlements import viewer_of
from lambdas.platform.visit import Visit

LASTS = timedelta(hours=6)
"""So long the cookies are good; a player asks for new ones before that."""

READ = "videos.read"


class NotReady(Conflict):
    code = "video_preparing"
    title = "This video is being prepared"


class Ticket(NamedTuple):
    """Where to play from; `until` is when what was lent with it ends, None where nothing was needed."""

    url: str
    until: datetime | None


def admit(id: str, visit: Visit) -> Ticket:
    """Lend the cookies for a video and say where it is; NotFound, NotSignedIn, MembersOnly, OtherTier, Ended, NotReady.

    What is not published is there for the team only.
    """
    video = find(id)
    decision = _decided(video, visit)
    if not video.place:
        raise NotReady(fix="Try again in a minute.")
    if kind_of(video.place) == "public":
        return Ticket(video.master, None)
    return Ticket(video.master, lend(video, visit, until=decision.until))


def lend(video: Video, visit: Visit, *, until: datetime | None = None) -> datetime:
    """Give the visitor's browser the cookies for all of a video's guarded places, for a while; until when."""
    now = visit.services.clock()
    ends = min(until or now + LASTS, now + LASTS)
    path = f"/{guarded_folder(video.id)}"
    cookies = visit.services.media_signer.cookies(path, until=ends)
    visit.lend_cookies(cookies, path=path, seconds=max(0, int((ends - now).total_seconds())))
    return ends


def _decided(video: Video, visit: Visit) -> Decision:
    if READ in visit.standing.permissions:
        return Decision(True)
    if video.state != PUBLISHED:
        raise NotFound("There is no such video.", fix="It may have been deleted.")
    # What somebody holds is only read where it matters.
    who = viewer_of(visit) if video.rule.audience == "members" else Viewer(_person_id(visit))
    decision = decide(video.rule, who, now=visit.services.clock())
    if not decision.allowed:
        raise refusal(decision.reason)
    return decision


def _person_id(visit: Visit) -> str | None:
    return visit.session.person_id if visit.session else None
