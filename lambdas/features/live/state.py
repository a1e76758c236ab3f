"""What everybody may know of the moment, as one small file that pages ask for: no function and no read a view.

Two workers may write at once, and the slower may have read the older state. So each looks again when it has written, and goes on
until what lies there is what it would write: who writes last has looked last. `version` is the ledger's; a reader that has seen a
newer one leaves an older one alone.
"""

import json
from collections.abc import Iterable
from typing import Any

from lambdas.core.errors import Unavailable
from lambdas.features.live.books import Books
from lambdas.features.live.ledger import Settled, standing
from lambdas.features.live.models import LIVE, SCHEDULED, Show, iso
from lambdas.features.live.reckoning import Run
from lambdas.platform.services import Services
from lambdas.platform.storage import PUBLISHED

STATE_FILE = f"{PUBLISHED}live/state.json"
_LOOKS = 8

WIDTHS = (640, 1280)
"""Of a cover, in pixels; it is 16:9."""


def publish_state(services: Services) -> None:
    """Bring the file up to what is stored; Unavailable where that changes faster than it can be followed."""
    for _ in range(_LOOKS):
        how = standing(services)
        there = _there(services)
        text = as_text(how, services)
        if there == text.encode():
            return
        # Somebody has seen more: what we read is old by now. Unless the tables were brought back from an earlier day.
        if _version(there) > how.version and standing(services).version >= _version(there):
            continue
        services.media.put(
            STATE_FILE, text.encode(), content_type="application/json", cache_control="public, max-age=2"
        )
    raise Unavailable("What is on air changes faster than it can be told.", fix="It is tried again.")


def as_text(how: Settled, services: Services) -> str:
    chat = any(feature.name == "chat" for feature in services.features)
    return json.dumps(snapshot(how.version, how.books, how.runs, chat=chat), ensure_ascii=False, separators=(",", ":"))


def snapshot(version: int, books: Books, runs: tuple[Run, ...], *, chat: bool) -> dict[str, Any]:
    """What the file says: {"state", "show", "viewers", "since", "next", "last", "chat", "version"}.

    From what is stored alone: by no clock, so that two who make it of the same ledger make the same.
    """
    last = runs[-1] if runs else None
    coming = still_planned(books, runs)
    found = shows_of([*([last.show_id] if last else ()), *coming, books.last_show])
    on = last if last and last.show_id in found and found[last.show_id].state == LIVE else None
    comes_in = on is not None and on.over_at is None
    following = next((found[id] for id in coming if id in found and found[id].state == SCHEDULED), None)
    return {
        "state": ("live" if comes_in else "reconnecting") if on else "upcoming" if following else "offline",
        "show": described(found[on.show_id]) if on else None,
        "viewers": books.viewers if comes_in else None,
        "since": iso(on.started_at) if on else None,
        "next": described(following) if following else None,
        "last": _last(found.get(books.last_show)),
        "chat": chat,
        "version": version,
    }


def still_planned(books: Books, runs: tuple[Run, ...]) -> list[str]:
    """The ids of the shows that are planned and have not begun, the next first."""
    taken = {run.show_id for run in runs}
    return [one.show_id for one in books.planned if one.show_id not in taken]


def described(show: Show | None) -> dict[str, Any] | None:
    """A show as pages know it; its description is Markdown."""
    if show is None:
        return None
    return {
        "id": show.id,
        "title": show.title,
        "description": show.description,
        "category": show.category,
        "cover": cover_of(show),
        "audience": show.rule.audience,
        "tiers": list(show.rule.tiers),
        "starts_at": iso(show.starts_at),
        "started_at": iso(show.started_at),
        "minutes": int(show.minutes) or None,
    }


def cover_of(show: Show) -> dict[str, str] | None:
    """The addresses of its cover, by width; None where it has none."""
    return {str(width): f"{show.cover}-{width}.webp" for width in WIDTHS} if show.cover else None


def shows_of(ids: Iterable[str]) -> dict[str, Show]:
    """The shows of these ids that there are, by a consistent read."""
    wanted = [id for id in dict.fromkeys(ids) if id]
    return {show.id: show for show in Show.batch_get(wanted, consistent_read=True)} if wanted else {}


def _last(show: Show | None) -> dict[str, Any] | None:
    if show is None:
        return None
    return {"id": show.id, "title": show.title, "ended_at": iso(show.ended_at), "video": show.video}


def _there(services: Services) -> bytes:
    return services.media.read(STATE_FILE) or b"{}"


def _version(content: bytes) -> int:
    return int(json.loads(content).get("version", 0))
