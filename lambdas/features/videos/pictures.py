"""A video's picture: a frame of the recording, or one that was uploaded, made 16:9 in two widths. It is public, whomever the video is for."""

import hashlib

from lambdas.features.videos.models import WIDTHS, Video
from lambdas.features.videos.places import posters_folder
from lambdas.platform.pictures import NotAPicture, widescreen
from lambdas.platform.services import Services

_FOR_EVER = "public, max-age=31536000, immutable"
_FRAME, _UPLOAD = "frame:", "upload:"


def frame(number: int) -> str:
    """What `Video.wanted_picture` says to have the picture made of a frame."""
    return f"{_FRAME}{number}"


def upload(key: str) -> str:
    """What `Video.wanted_picture` says to have the picture made of an upload."""
    return f"{_UPLOAD}{key}"


def is_upload(wanted: str) -> bool:
    return wanted.startswith(_UPLOAD)


def frame_key(place: str, number: int) -> str:
    """Where a frame lies in a place."""
    return f"{place}frames/{number}.jpg"


def make(video: Video, services: Services) -> str | None:
    """Publish the picture that is wanted, in its widths; its address without width, as a key. None where there is no picture in it.

    A second time the same picture is put to the same addresses.
    """
    wanted = str(video.wanted_picture)
    content = _content(wanted, video, services)
    if content is None:
        return None
    # Nobody else can tell the address: the place's own name is in it.
    name = hashlib.sha256(f"{wanted} {video.to or video.place}".encode() + content).hexdigest()[:32]
    base = f"{posters_folder(video.id)}{name}"
    try:
        made = {width: widescreen(content, width=width) for width in WIDTHS}
    except NotAPicture:
        return None
    for width, picture in made.items():
        services.media.put(f"{base}-{width}.webp", picture, content_type="image/webp", cache_control=_FOR_EVER)
    return base


def drop(base: str, services: Services) -> None:
    """Remove a picture that is shown no more, also where the edge has it."""
    keys = [f"{base}-{width}.webp" for width in WIDTHS]
    for key in keys:
        services.media.delete(key)
    services.publisher.edge.forget(tuple(f"/{key}" for key in keys))


def _content(wanted: str, video: Video, services: Services) -> bytes | None:
    if is_upload(wanted):
        return services.media.read(wanted.removeprefix(_UPLOAD))
    number = int(wanted.removeprefix(_FRAME))
    found = (services.media.read(frame_key(place, number)) for place in (video.place, video.to, video.origin) if place)
    return next((content for content in found if content is not None), None)
