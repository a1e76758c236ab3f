"""The videos there are: found, listed, chosen for."""

from lambdas.core.errors import NotFound
from lambdas.features.videos.models import CHOICES, DRAFT, GONE, PUBLISHED, SHELF, Choices, Video


def find(id: str) -> Video:
    """The video, by a consistent read; NotFound where there is none, or it is gone."""
    try:
        video = Video.get(SHELF, id, consistent_read=True)
    except Video.DoesNotExist:
        raise _none() from None
    if video.state == GONE:
        raise _none()
    return video


def _none() -> NotFound:
    return NotFound("There is no such video.", fix="It may have been deleted.")


def published(id: str) -> Video:
    """A video that everyone may know of; NotFound where it is not there, or not published."""
    video = find(id)
    if video.state != PUBLISHED:
        raise _none()
    return video


def everything() -> list[Video]:
    """All videos that are not gone, the newest first, as they are at this moment."""
    there = [video for video in Video.query(SHELF, consistent_read=True) if video.state != GONE]
    return sorted(there, key=lambda video: (video.recorded_at, video.id), reverse=True)


def on_show() -> list[Video]:
    """The published ones, the newest first."""
    return [video for video in everything() if video.state == PUBLISHED]


def choices() -> Choices:
    """What the creator chose, or what holds until then."""
    try:
        return Choices.get(CHOICES, consistent_read=True)
    except Choices.DoesNotExist:
        return Choices(CHOICES, recordings=DRAFT)


def has_words(video: Video, words: str) -> bool:
    """Whether all the words are in what is said of a video."""
    text = "\n".join((video.title, video.description, *(chapter.label for chapter in video.marks))).casefold()
    return all(word in text for word in words.casefold().split())
