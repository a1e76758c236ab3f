"""The picture of a show: sent in the studio, made by the worker, public."""

import hashlib

from lambdas.core.events import Event
from lambdas.features.live.ledger import Desk, settle
from lambdas.features.live.state import WIDTHS
from lambdas.platform.pictures import NotAPicture, widescreen
from lambdas.platform.services import Services
from lambdas.platform.storage import PUBLISHED

_FOLDER = f"{PUBLISHED}live/covers/"
_FOR_EVER = "public, max-age=31536000, immutable"


def prepare(event: Event, services: Services) -> None:
    """Make the cover of what was sent, and show it; what is no picture leaves the one before, and says so.

    One that was replaced or taken back in the meantime is not shown, and removed again.
    """
    key, shown = event.data["key"], True
    try:
        made: str | None = _make(key, services)
    except NotAPicture:
        made = None

    def work(desk: Desk) -> None:
        nonlocal shown
        desk.load((event.subject,))
        show = desk.shows.get(event.subject)
        shown = show is not None and (show.cover == made or show.upload == key)
        if show is None or show.upload != key:
            return
        show.upload = None
        show.upload_fault = None if made else "no_picture"
        show.cover = made or show.cover

    settle(services, work)
    if made and not shown:
        _drop(made, services)


def forget(event: Event, services: Services) -> None:
    """Remove a cover that no show has any more."""
    _drop(event.data["cover"], services)


def _make(key: str, services: Services) -> str:
    """Publish an upload in every width; the address that all of them begin with. NotAPicture where it is none, or is gone."""
    content = services.media.read(key)
    if content is None:
        raise NotAPicture()
    # Derived, so that a repeated event makes no second one; from a secret, so that nobody can tell the address.
    base = f"{_FOLDER}{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    for width in WIDTHS:
        made = widescreen(content, width=width)
        services.media.put(f"{base}-{width}.webp", made, content_type="image/webp", cache_control=_FOR_EVER)
    return f"/{base}"


def _drop(address: str, services: Services) -> None:
    """Remove a cover, also where the edge has it; one that is gone already changes nothing."""
    if not address.startswith(f"/{_FOLDER}"):
        raise ValueError(f"{address!r} is not the address of a cover")
    gone = tuple(f"{address}-{width}.webp" for width in WIDTHS)
    for one in gone:
        services.media.delete(one.removeprefix("/"))
    services.publisher.edge.forget(gone)
