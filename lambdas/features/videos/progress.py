"""How far somebody has watched: one small row a person and video, so that another device can go on from there."""

from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import PutError

from lambdas.features.videos.models import SHELF, Progress, Video
from lambdas.platform.services import Services

KEPT = timedelta(days=180)
_NEARLY_OVER = 0.95


def keep(person_id: str, video: Video, ms: int, *, at: datetime, services: Services) -> bool:
    """Note how far somebody was at a moment; False where it is known how far they were later than that."""
    now = services.clock()
    row = Progress(person_id, video.id, ms=min(ms, int(video.duration_ms) or ms), at=at, expires_at=now + KEPT)
    try:
        row.save(condition=Progress.person_id.does_not_exist() | (Progress.at < at))
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def resume_at(person_id: str, video: Video) -> int:
    """From where to go on, in milliseconds: 0 where somebody has not begun, or has come to the end."""
    try:
        ms = int(Progress.get(person_id, video.id).ms)
    except Progress.DoesNotExist:
        return 0
    return 0 if video.duration_ms and ms >= _NEARLY_OVER * int(video.duration_ms) else ms


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """How far they have watched which videos."""
    del services
    rows = list(Progress.query(person_id, consistent_read=True))
    keys = [(SHELF, row.video_id) for row in rows]
    titles = {video.id: video.title for video in Video.batch_get(keys)}
    watched = [
        {
            "video": titles.get(row.video_id) or row.video_id,
            "watched_to_ms": int(row.ms),
            "at": row.at.isoformat(),
            "deleted_at": row.expires_at.isoformat(),
        }
        for row in rows
    ]
    return {"watched": watched} if watched else {}


def forget(person_id: str, services: Services) -> None:
    """Delete all of it; a second time changes nothing."""
    del services
    with Progress.batch_write() as batch:
        for row in Progress.query(person_id, consistent_read=True):
            batch.delete(row)
