"""When the chat is open, and for whom: it belongs to a show, and follows its rule."""

from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.core.entitlements import Decision, Rule, Viewer, decide, refusal
from lambdas.features.chat.models import stored
from lambdas.features.chat.refusals import ChatClosed
from lambdas.platform.broadcast import Broadcast, broadcast
from lambdas.platform.entitlements import viewer_of
from lambdas.platform.visit import Visit

EARLY = timedelta(minutes=30)
"""So long before a show its chat opens."""

LATE = timedelta(hours=1)
"""So long a chat waits for a show that does not begin when it was planned."""


class Opening(NamedTuple):
    """An open chat. `since` is from when on what was said belongs to it, `until` when another show's chat takes its place."""

    since: datetime
    rule: Rule
    until: datetime | None = None


class Guest(NamedTuple):
    """Somebody who is let in: `decision.until` is when what lets them in ends."""

    viewer: Viewer
    opening: Opening
    decision: Decision


def opening(now: datetime) -> Opening | None:
    """The chat of the show that is on (until its grace is over, as long as `Broadcast` has it), or that begins within 30 minutes.

    None where the chat is closed.
    """
    return _of(broadcast(), now)


def admitted(visit: Visit) -> Guest:
    """Who asks, where the show's rule lets them into its chat. ChatClosed, NotSignedIn, MembersOnly, OtherTier, Ended."""
    now = visit.services.clock()
    found = opening(now)
    if found is None:
        raise ChatClosed(fix="Come back when the show begins: the chat opens half an hour before it.")
    viewer = viewer_of(visit)
    decision = decide(found.rule, viewer, now=now)
    if not decision.allowed:
        raise refusal(decision.reason)
    return Guest(viewer, found, decision)


def _of(row: Broadcast, now: datetime) -> Opening | None:
    began, planned, before = (stored(moment) for moment in (row.live_since, row.next_at, row.before_until))
    if row.show_id:
        ends = planned - EARLY if planned is not None and planned - EARLY > now else None
        begins = began or now
        return Opening(since=_since(begins, before and min(before, begins)), rule=row.rule, until=ends)
    if planned is not None and planned - EARLY <= now < planned + LATE:
        return Opening(since=_since(planned, before), rule=row.rule)
    return None


def _since(begins: datetime, before: datetime | None) -> datetime:
    """From when on what is said belongs to a show's chat: half an hour before it, but nothing of the show before."""
    early = begins - EARLY
    return early if before is None else max(early, before)
