"""What a browser is in the middle of: one signed cookie, for minutes, that no script reads.

It is signed and not secret: whoever has the browser may read it, so it names steps and never people
that its owner might not know of.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lambdas.platform.keys import signer
from lambdas.platform.visit import Visit

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

COOKIE = "__Host-step"
_LONGEST = 3800
"""Browsers keep about 4 kB of a cookie with its name and attributes."""


def keep(visit: Visit, kind: str, value: Mapping[str, Any], *, lasts: timedelta) -> None:
    """Let the browser bring `value` with its next requests, for so long. It replaces what was kept before."""
    ends = visit.services.clock() + lasts
    cookie = str(_signer(visit).dumps([kind, dict(value), int(ends.timestamp())]))
    assert len(cookie) <= _LONGEST, "a cookie that browsers drop"
    visit.set_cookie(COOKIE, cookie, seconds=int(lasts.total_seconds()))


def kept(visit: Visit, *kinds: str) -> dict[str, Any]:
    """What was kept under one of these kinds; empty where nothing was, or its time is over, or it is not ours."""
    from itsdangerous import BadData

    cookie = visit.cookies.get(COOKIE)
    if not cookie:
        return {}
    try:
        kind, value, ends = _signer(visit).loads(cookie)
    except (BadData, ValueError, TypeError):
        return {}
    if kind not in kinds or visit.services.clock().timestamp() >= ends:
        return {}
    return dict(value)


def drop(visit: Visit) -> None:
    """Forget what was kept."""
    visit.drop_cookie(COOKIE)


def _signer(visit: Visit) -> "URLSafeSerializer":
    return signer(visit.services.keys.current_and_previous("session"), salt=f"step/{visit.services.creator.id}")
