"""What videos tell the studio's overview and its search."""

from datetime import datetime

from lambdas.core.overview import Found, Line, News, Step
from lambdas.features.videos.library import everything, has_words
from lambdas.features.videos.models import DELETED, DRAFT, FAILED, PUBLISHED
from lambdas.platform.visit import Visit

LIST = "/studio/videos/"
_READ = "videos.read"
_SHOWN, _FOUND = 4, 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many drafts wait to be published, and what is new among them."""
    if _READ not in visit.standing.permissions:
        return ()
    waiting = [video for video in everything() if video.state in (DRAFT, FAILED)]
    new = [video for video in waiting if since is None or video.recorded_at > since]
    lines = tuple(
        Line(
            title=video.title or f"{video.recorded_at:%Y-%m-%d}",
            detail_text=f"videos.states.{video.state}",
            url=f"{LIST}{video.id}/",
            at=video.recorded_at,
            icon="film",
        )
        for video in new[:_SHOWN]
    )
    return (
        News(text="videos.studio.waiting", count=len(waiting), new=len(new), url=f"{LIST}?state=draft", lines=lines),
    )


def steps(visit: Visit) -> tuple[Step, ...]:
    """A first video to publish, where there are only drafts."""
    if _READ not in visit.standing.permissions:
        return ()
    states = {video.state for video in everything()}
    if DRAFT not in states or PUBLISHED in states:
        return ()
    return (Step(text="videos.studio.first", icon="film", url=f"{LIST}?state=draft"),)


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """Videos that have all the words."""
    if _READ not in visit.standing.permissions:
        return ()
    found = [video for video in everything() if video.state != DELETED and has_words(video, words)]
    return tuple(
        Found(
            title=video.title or f"{video.recorded_at:%Y-%m-%d}",
            detail=video.description[:80],
            url=f"{LIST}{video.id}/",
            kind="videos.studio.video",
            icon="film",
        )
        for video in found[:_FOUND]
    )
