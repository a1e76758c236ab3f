"""Letting somebody watch: the one decision, a token that lives a minute, and a note of whom it was given to.

One write a start: the viewer's row (`live-viewers`, 1 WCU), beside what the rate limits count. Deciding costs reads: what is on
air (twice), and for members what they hold (twice).
"""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from lambdas.core.entitlements import Decision, Viewer, decide, refusal
from lambdas.core.errors import Conflict
from lambdas.features.live.models import LiveViewer
from lambdas.platform.broadcast import Broadcast, broadcast
from lambdas.platform.entitlements import viewer_of
from lambdas.platform.playback_tokens import claims, sign
from lambdas.platform.visit import Visit

LASTS = timedelta(seconds=60)
"""A token is looked at when playback starts, and that is at once."""

ROWS_KEPT = timedelta(days=2)
"""No stream of IVS lasts longer."""

_TRIES = 3


class OffAir(Conflict):
    code = "off_air"
    title = "Nothing is on air"


class Ticket(NamedTuple):
    """Where to play from, which show it is, and when the access to it ends by itself."""

    url: str
    show_id: str
    until: datetime | None


def admit(visit: Visit) -> Ticket:
    """A ticket for what is on air; OffAir, NotSignedIn, MembersOnly, OtherTier, Ended."""
    viewer_id = visit.session.person_id if visit.session else f"anon_{secrets.token_hex(12)}"
    for _ in range(_TRIES):
        on, decision = _decided(visit)
        issued_at = visit.services.clock()
        assert on.show_id is not None
        LiveViewer(
            on.show_id,
            viewer_id,
            person_id=visit.session.person_id if visit.session else None,
            issued_at=issued_at,
            until=decision.until,
            expires_at=issued_at + ROWS_KEPT,
        ).save()
        # Whoever takes access away looks through the rows afterwards; what they did before ours was there is seen here.
        after, again = _decided(visit)
        if (after.show_id, again.until) == (on.show_id, decision.until):
            return Ticket(_address(visit, viewer_id, issued_at), on.show_id, decision.until)
    raise OffAir("What is on air is just changing.", fix="Try again in a moment.")


def _decided(visit: Visit) -> tuple[Broadcast, Decision]:
    """What is on air, and that this visitor may see it; else why not."""
    on = broadcast()
    if not on.on_air or on.show_id is None:
        raise OffAir(fix="Come back when the next show begins.")
    # What somebody holds is only read where it matters.
    who = (
        viewer_of(visit)
        if on.rule.audience == "members"
        else Viewer(visit.session.person_id if visit.session else None)
    )
    decision = decide(on.rule, who, now=visit.services.clock())
    if not decision.allowed:
        raise refusal(decision.reason)
    return on, decision


def _address(visit: Visit, viewer_id: str, issued_at: datetime) -> str:
    services = visit.services
    told = claims(
        channel=services.channel.arn,
        origin=services.origin,
        viewer_id=viewer_id,
        issued_at=issued_at,
        expires_at=issued_at + LASTS,
        once=str(uuid4()),
    )
    token = sign(told, private_key=services.keys.current_and_previous("playback")[0])
    return f"{services.channel.playback}?token={token}"
