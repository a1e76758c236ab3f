"""Tokens for the room: who gets in, as whom, and what they may do there.

Nobody is given the capabilities DELETE_MESSAGE and DISCONNECT_USER: those of IVS Chat are for any message and any person. What a
token says of somebody (`role`, `name`) is what the review handler and all other clients go by, so it is decided here.
"""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdas.core.entitlements import Ended, Rule, decide, is_member
from lambdas.core.errors import Unavailable
from lambdas.features.chat.hours import Guest
from lambdas.features.chat.models import ChatPerson, ChatRoom
from lambdas.features.chat.moderation import person_in_chat
from lambdas.features.chat.telling import cut
from lambdas.platform.visit import Visit

if TYPE_CHECKING:
    from lambdas.platform.ivschat import Capability, ChatToken

Role = Literal["guest", "fan", "member", "team"]
WhyNot = Literal["", "sign_in", "members_only", "muted", "banned"]

LONGEST = 180
"""Minutes of a session in the room (IVS Chat service quotas)."""

DECIDED_AGAIN = 15
"""After so many minutes whoever is not on the team asks again. A show that is made narrower, and the next one, which may be for
others, cannot send those out who only read the chat: nobody knows them by name. Nor is a token recalled that waits to be used."""

_NAME_BYTES = 400
_MEMBERS = Rule("members")
_BUSY = frozenset({"ThrottlingException", "PendingVerification"})


class Me(NamedTuple):
    """Who somebody is in the room, and why they may not write, where they may not (`muted_until`: a time-out's end)."""

    id: str
    name: str
    role: Role
    why_not: WhyNot
    muted_until: datetime | None
    moderator: bool


def who(visit: Visit, guest: Guest, room: ChatRoom) -> Me:
    """Who asks, as the room knows them. Guests have another name each time."""
    if visit.session is None:
        return Me(f"guest_{secrets.token_hex(12)}", "", "guest", "sign_in", None, False)
    now = visit.services.clock()
    role: Role = "team" if guest.viewer.on_the_team else ("member" if is_member(guest.viewer, now=now) else "fan")
    person = person_in_chat(visit.session.person_id)
    return Me(
        id=visit.session.person_id,
        name=cut(visit.person.name, _NAME_BYTES),
        role=role,
        why_not=_why_not(person, room, role, now),
        muted_until=person.ends_at if person.is_muted(now) else None,
        moderator="chat.moderate" in visit.standing.permissions,
    )


def token_of(visit: Visit, guest: Guest, me: Me) -> "ChatToken":
    """A token for one connection. Its session ends before what lets them in does. Ended, Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    attributes = {"name": me.name, "role": me.role, **({"moderator": "1"} if me.moderator else {})}
    capabilities: tuple[Capability, ...] = () if me.why_not else ("SEND_MESSAGE",)
    try:
        return visit.services.room.token(
            me.id,
            attributes={name: value for name, value in attributes.items() if value},
            capabilities=capabilities,
            minutes=_minutes(guest, visit.services.clock()),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _BUSY:
            raise
        raise Unavailable("Many are coming in at once.", fix="Try again in a moment.") from None
    except BotoCoreError:
        raise Unavailable("The chat does not answer.", fix="Try again in a moment.") from None


def _why_not(person: ChatPerson, room: ChatRoom, role: Role, now: datetime) -> WhyNot:
    if person.is_muted(now):
        return "banned" if person.banned else "muted"
    return "members_only" if room.members_only and role == "fan" else ""


def _minutes(guest: Guest, now: datetime) -> int:
    """How long a session may be: whole minutes, within what lets them in and makes them a member, and until another show's chat
    begins."""
    membership = decide(_MEMBERS, guest.viewer, now=now)
    ends = [end for end in (guest.decision.until, membership.until, guest.opening.until) if end is not None]
    longest = LONGEST if guest.viewer.on_the_team else DECIDED_AGAIN
    left = min((int((end - now) / timedelta(minutes=1)) for end in ends), default=longest)
    if guest.decision.until is not None and guest.decision.until - now < timedelta(minutes=1):
        raise Ended()
    return max(1, min(longest, left))


def shown(me: Me) -> dict[str, Any]:
    """As the API gives it."""
    return {
        "id": me.id,
        "name": me.name,
        "role": me.role,
        "may_send": not me.why_not,
        "why_not": me.why_not,
        "muted_until": me.muted_until,
        "moderator": me.moderator,
    }
