"""Where a video's objects may lie: a public place, which CloudFront gives to everyone, or a guarded one, for signed cookies only.

    media/public/videos/<id>/<name>/   published, for everyone
    media/videos/<id>/<name>/          all others: drafts, deleted ones, and what is not for everyone
    media/public/posters/<id>/         the pictures of both: who may not watch sees what it is they may not

Every place has a name made up for it and used once. So what an edge or a browser kept of an old place is worth nothing to a
new one, and what a worker copies into a place that was given up meanwhile lies where nobody can ask for it.
"""

import secrets
from typing import Literal, NamedTuple

from lambdas.features.videos.models import DELETED, DRAFT, PREPARING, PUBLISHED, Video
from lambdas.platform.storage import GUARDED
from lambdas.platform.storage import PUBLISHED as EVERYONES

Kind = Literal["", "public", "guarded"]

_DAY = 86_400


def public_folder(id: str) -> str:
    return f"{EVERYONES}videos/{id}/"


def guarded_folder(id: str) -> str:
    """The signed cookies of a video are for this path, with a slash before it."""
    return f"{GUARDED}{id}/"


def posters_folder(id: str) -> str:
    return f"{EVERYONES}posters/{id}/"


def new_place(id: str, kind: Kind) -> str:
    folder = public_folder(id) if kind == "public" else guarded_folder(id)
    return f"{folder}{secrets.token_hex(8)}/"


def kind_of(place: str) -> Kind:
    if not place:
        return ""
    return "public" if place.startswith(EVERYONES) else "guarded"


def wanted_kind(video: Video) -> Kind:
    """Where its objects should be by what stands in its row; empty where there is nothing to be done with them."""
    state = video.goal if video.state == PREPARING else video.state
    if state == PUBLISHED:
        return "public" if video.rule.audience == "everyone" else "guarded"
    if state == DRAFT:
        return "guarded"
    if state == DELETED and (video.place or video.to):
        # What is deleted can still be brought back, and is nobody's to see until then.
        return "guarded"
    return ""


class Stored(NamedTuple):
    """What S3 and CloudFront are told of an object."""

    content_type: str
    cache_control: str


_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "m4s": "video/mp4",
    "mp4": "video/mp4",
    "aac": "audio/aac",
    "vtt": "text/vtt",
    "jpg": "image/jpeg",
    "json": "application/json",
}


def stored(key: str) -> Stored:
    """How an object is to be served at its place.

    Public segments never change. Guarded ones could be kept by the edge as well, which asks for the cookies before it looks into
    its cache; `private` keeps them out of it nevertheless, so that what is deleted or moved is gone at once and everywhere,
    for the price of a read from S3. The browser that was let in keeps them for an hour, to seek without asking again.
    """
    content_type = _TYPES.get(key.rpartition(".")[2], "application/octet-stream")
    playlist = key.endswith(".m3u8")
    if kind_of(key) == "public":
        return Stored(content_type, "public, max-age=60" if playlist else f"public, max-age={365 * _DAY}, immutable")
    return Stored(content_type, "private, no-store" if playlist else "private, max-age=3600")
