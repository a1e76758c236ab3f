"""What moderators do to messages and people, and people to messages of their own.

Each is one transaction: the person's row, the act that the room is to be told of (`Act`, the outbox), and the entry of the audit
log. The room is told by the request itself, and by the worker from the act's stream until it has been.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict, NotFound, Unavailable
from lambdas.core.ids import derived_id, new_id
from lambdas.core.permissions import FAN, may_change
from lambdas.features.chat import history, room_settings
from lambdas.features.chat.hours import opening
from lambdas.features.chat.models import (
    BAN,
    BANNED_UNTIL,
    DELETE,
    FORGET,
    RESTRICTED,
    TIMEOUT,
    UNBAN,
    Act,
    ChatPerson,
    day_of,
    milliseconds,
)
from lambdas.features.chat.refusals import AboveYou, BannedAlready, NotLoggedYet, NotYours, Yourself
from lambdas.features.chat.telling import tell_at_once, tell_pin_at_once
from lambdas.platform import audit
from lambdas.platform.people import Person
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.team import Member, standing_of_role
from lambdas.platform.visit import Visit

if TYPE_CHECKING:
    from lambdas.platform.services import Services

SHORTEST, LONGEST = 10, 1_209_600
"""Seconds of a time-out: two weeks at most. What is to be longer is a ban."""

LOOKED_BACK = timedelta(hours=12)
"""How old a message of a show that is over may be, to be deleted still."""

_KEPT = timedelta(days=30)
_TRIES = 6
_PERSON = re.compile(r"per_[0-9A-HJKMNP-TV-Z]{26}")
_MESSAGE = re.compile(r"[A-Za-z0-9]{12}")


class Restriction(NamedTuple):
    """How it stands with somebody: banned, muted until then, or neither."""

    person_id: str
    banned: bool
    muted_until: datetime | None


def looked_back(services: "Services") -> datetime:
    """From when on moderators see messages: those of the show that is on, else of the last hours."""
    now = services.clock()
    found = opening(now)
    return found.since if found is not None else now - LOOKED_BACK


def said_or_busy(services: "Services", message_id: str) -> "history.Said | None":
    """A message as the log has it, None also where the log does not answer: moderators do not wait for it."""
    try:
        return history.find(services, message_id, since=looked_back(services))
    except Unavailable:
        return None


def find_said(services: "Services", message_id: str) -> "history.Said":
    """A message as the log has it; NotLoggedYet, NotFound where the show is over and it never will, Unavailable."""
    said = history.find(services, message_id, since=looked_back(services))
    if said is not None:
        return said
    if opening(services.clock()) is None:
        raise NotFound("There is no such message.")
    raise NotLoggedYet(fix="Try again in a few seconds.")


def delete_message(visit: Visit, message_id: str) -> None:
    """Take a message away, for everyone and for good; one that is gone already changes nothing.

    People delete their own, whose author the log knows: NotLoggedYet where it does not have it yet, NotFound where the show is
    over and it never will, NotYours. Moderators delete any.
    """
    services = visit.services
    may_any = "chat.moderate" in visit.standing.permissions
    said = said_or_busy(services, message_id) if may_any else find_said(services, message_id)
    if said is None and not _MESSAGE.fullmatch(message_id):
        # IVS Chat refuses it each time, and what it refuses the worker would try again and again.
        raise NotFound("There is no such message.")
    mine = said is not None and visit.session is not None and said.sender_id == visit.session.person_id
    if not mine and not may_any:
        raise NotYours(fix="Ask a moderator to look at it.")
    act = repeated(lambda: _delete(visit, message_id, said))
    if act is not None:
        tell_at_once(services, act)


def _delete(visit: Visit, message_id: str, said: "history.Said | None") -> Act | None:
    """The act, None where the message was deleted before."""
    now = visit.services.clock()
    act = _act(visit, DELETE, now, id=derived_id("act", DELETE, message_id), message_id=message_id)
    noted = {"sender": said.sender_id, "name": said.name} if said is not None else {}
    for _ in range(_TRIES):
        row = room_settings.read()
        pinned = bool(row.pinned) and row.pinned["id"] == message_id
        try:
            with transaction(Act) as together:
                together.save(act, condition=Act.id.does_not_exist())
                together.save(audit.entry(visit, "chat.message.deleted", message_id, before=noted))
                if pinned:
                    room_settings.unpinning(together, row, visit)
        except NotWritten as refused:
            if 0 in refused.places:
                return None
            continue  # somebody has just pinned another message, or taken this one down
        if pinned:
            tell_pin_at_once(visit.services, None)
        return act
    raise Conflict(fix="Try again in a moment.")


def time_out(visit: Visit, person_id: str, *, seconds: int, purge: bool, reason: str = "") -> Restriction:
    """Nothing from a person for so long; a time-out before it gives way. BannedAlready, NotFound, AboveYou, Yourself."""
    until = milliseconds(visit.services.clock()) + seconds * 1000

    def decide(row: ChatPerson) -> _Decided:
        if row.banned:
            raise BannedAlready(fix="Lift the ban first.")
        return _Decided(_restricted(visit, until=until, banned=False, reason=reason), {"seconds": seconds})

    return _restrict(visit, person_id, kind=TIMEOUT, decide=decide, purge=purge)


def ban(visit: Visit, person_id: str, *, purge: bool, reason: str = "") -> Restriction:
    """Nothing from a person any more, by any token, until the ban is lifted. NotFound, AboveYou, Yourself."""

    def decide(row: ChatPerson) -> _Decided | None:
        if row.banned and not purge:
            return None
        return _Decided(_restricted(visit, until=BANNED_UNTIL, banned=True, reason=reason), {})

    return _restrict(visit, person_id, kind=BAN, decide=decide, purge=purge)


def unban(visit: Visit, person_id: str) -> Restriction:
    """Let a person write again, whatever kept them from it; who may write already is left alone. NotFound, AboveYou, Yourself."""

    def decide(row: ChatPerson) -> _Decided | None:
        if not row.is_muted(visit.services.clock()):
            return None
        lifted = [
            attribute.remove()
            for attribute in (
                ChatPerson.muted_until,
                ChatPerson.restricted,
                ChatPerson.banned,
                ChatPerson.name,
                ChatPerson.reason,
                ChatPerson.by,
                ChatPerson.since,
            )
        ]
        return _Decided(lifted, {}, {"banned": bool(row.banned)})

    return _restrict(visit, person_id, kind=UNBAN, decide=decide, purge=False)


def person_in_chat(person_id: str) -> ChatPerson:
    """The row as it is, or as it is of somebody who has never written."""
    try:
        return ChatPerson.get(person_id, consistent_read=True)
    except ChatPerson.DoesNotExist:
        return ChatPerson(person_id)


def restricted_now(now: datetime, *, most: int = 200) -> tuple[ChatPerson, ...]:
    """Who may not write at this moment: the bans first, then the time-outs that last longest."""
    found = list(
        ChatPerson.by_end.query(
            RESTRICTED, ChatPerson.muted_until > milliseconds(now), scan_index_forward=False, limit=most
        )
    )
    # An index is a moment behind its table: who has been let in again since is not among these.
    rows = {row.id: row for row in ChatPerson.batch_get([one.id for one in found], consistent_read=True)}
    return tuple(rows[one.id] for one in found if one.id in rows and rows[one.id].is_muted(now))


class _Decided(NamedTuple):
    """What to write to the person's row, and what of it the log is told."""

    actions: Sequence[Action]
    after: dict[str, Any]
    before: dict[str, Any] | None = None


_ACTIONS = {TIMEOUT: "chat.person.timed_out", BAN: "chat.person.banned", UNBAN: "chat.person.unbanned"}


def _restrict(visit: Visit, person_id: str, *, kind: str, decide: Any, purge: bool) -> Restriction:
    """Decide on the rows as they stand, write, and tell the room; decided anew where another change came between."""
    for _ in range(_TRIES):
        target, team = _target(visit, person_id)
        row = person_in_chat(person_id)
        decided: _Decided | None = decide(row)
        if decided is None:
            return _restriction(row, visit.services.clock())
        act = _act(visit, kind, visit.services.clock(), person_id=person_id, purge=purge)
        named = [ChatPerson.name.set(target.name)] if kind != UNBAN else []
        after = {"name": target.name, **decided.after, **({"messages": True} if purge else {})}
        entry = audit.entry(visit, _ACTIONS[kind], person_id, before=decided.before, after=after)
        try:
            repeated(lambda: _write(row, [*decided.actions, *named], act, entry, team))  # noqa: B023  # called at once
        except NotWritten:
            continue
        tell_at_once(visit.services, act)
        return _restriction(person_in_chat(person_id), visit.services.clock())
    raise Conflict(fix="Try again in a moment.")


def _write(row: ChatPerson, actions: Sequence[Action], act: Act, entry: audit.AuditEntry, team: Condition) -> None:
    before = int(row.version)
    unchanged = (ChatPerson.version == before) if before else ChatPerson.version.does_not_exist()
    with transaction(ChatPerson) as together:
        together.update(ChatPerson(row.id), actions=[*actions, ChatPerson.version.set(before + 1)], condition=unchanged)
        # Nobody is put on the team, or given more rights, between our look and our deed.
        together.condition_check(Member, row.id, condition=team)
        together.save(act)
        together.save(entry)


def _target(visit: Visit, person_id: str) -> tuple[Person, Condition]:
    """Who is meant, and the condition that they still sit where they sat. NotFound, AboveYou, Yourself."""
    if not _PERSON.fullmatch(person_id):
        raise NotFound("There is nobody of this id.")
    assert visit.session is not None
    try:
        person = Person.get(person_id, consistent_read=True)
    except Person.DoesNotExist:
        raise NotFound("There is nobody of this id.") from None
    if person_id == visit.session.person_id:
        raise Yourself()
    try:
        member = Member.get(person_id, consistent_read=True)
    except Member.DoesNotExist:
        return person, Member.id.does_not_exist()
    present = standing_of_role(member.role, visit.services.features) if member.role else FAN
    if present.on_the_team and not may_change(visit.standing_now(), present=present, wanted=FAN):
        raise AboveYou(fix="Ask an owner of the site.")
    return person, Member.version == member.version


def _restricted(visit: Visit, *, until: int, banned: bool, reason: str) -> list[Action]:
    return [
        ChatPerson.muted_until.set(until),
        ChatPerson.restricted.set(RESTRICTED),
        ChatPerson.banned.set(banned),
        ChatPerson.by.set(visit.person.id),
        ChatPerson.since.set(visit.services.clock()),
        ChatPerson.reason.set(reason) if reason else ChatPerson.reason.remove(),
    ]


def _restriction(row: ChatPerson, now: datetime) -> Restriction:
    if not row.is_muted(now):
        return Restriction(row.id, banned=False, muted_until=None)
    return Restriction(row.id, banned=bool(row.banned), muted_until=row.ends_at)


def _act(visit: Visit, kind: str, now: datetime, *, id: str = "", **what: Any) -> Act:
    return Act(
        day_of(now),
        id or new_id("act", at=now),
        kind=kind,
        at=now,
        correlation_id=visit.correlation_id,
        expires_at=now + _KEPT,
        **what,
    )


def forgotten(person_id: str, now: datetime) -> Act:
    """The act that takes from sight what somebody said who deletes their account; the same each day, so it is told once."""
    return Act(
        day_of(now),
        derived_id("act", FORGET, person_id),
        kind=FORGET,
        person_id=person_id,
        purge=True,
        at=now,
        expires_at=now + _KEPT,
    )
