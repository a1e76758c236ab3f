"""What was said in the room, as its log has it: nobody else keeps messages.

A line of the log is {"event_timestamp", "type", "version", "payload"} (IVS Chat User Guide, chat-logging), `payload` a message or
an event as clients got it. The log is about ten seconds behind, and a line may stand in it twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas.core.errors import Unavailable
from lambdas.features.chat.models import DELETE, UNBAN, Act, day_of

if TYPE_CHECKING:
    from lambdas.platform.ivschat import Room
    from lambdas.platform.services import Services

SHOWN = 100
KEPT_SECONDS = 3

HIDING = frozenset({"ban", "timeout"})
"""Reasons of a disconnection after which what the person had said is not shown any more."""

READ = 5000
"""So many lines are looked through for what is to be shown, and no more: a flood that was deleted costs nobody their history."""

_SPARE = 50
_BUSY = frozenset({"ThrottlingException", "LimitExceededException", "ServiceUnavailableException", "InternalFailure"})


class Said(NamedTuple):
    """One message. `role` is what its sender was then: "fan", "member" or "team"."""

    id: str
    content: str
    sent_at: datetime
    sender_id: str
    name: str
    role: str


class _Kept(NamedTuple):
    room: "Room"
    since: datetime
    read_at: datetime
    messages: tuple[Said, ...]


_kept: _Kept | None = None


def last_messages(services: "Services", *, since: datetime) -> tuple[Said, ...]:
    """The last hundred messages since then, the oldest first, without what was deleted and what those said who were banned.

    The log is asked every three seconds at most. Where it does not answer, what it said before is given; Unavailable
    where it has not said anything yet. What moderators do holds at once: it is not read from the log.
    """
    messages = _logged(services, since)
    return _without(removed(since, services.clock()), messages)[-SHOWN:]


class Removed(NamedTuple):
    """What is not shown any more: messages by id, and of people what they said up to a moment."""

    messages: frozenset[str]
    people: Mapping[str, datetime]

    def has(self, said: Said) -> bool:
        until = self.people.get(said.sender_id)
        return said.id in self.messages or (until is not None and said.sent_at <= until)


def removed(since: datetime, now: datetime) -> Removed:
    """What moderators have taken away since then; a query for each day (UTC), mostly one."""
    messages: set[str] = set()
    people: dict[str, datetime] = {}
    for act in _acts(since, now):
        if act.kind == DELETE:
            messages.add(act.message_id or "")
        elif act.kind == UNBAN and act.person_id in people:
            people[act.person_id] = min(act.at, people[act.person_id])
        elif act.hides and act.person_id:
            people[act.person_id] = max(act.covers_until, people.get(act.person_id, act.covers_until))
    return Removed(frozenset(messages), people)


def find(services: "Services", message_id: str, *, since: datetime) -> Said | None:
    """A message of this id, the newest first looked for; None where the log has none (yet). Unavailable."""
    return next((one for one in _read(services, since) if isinstance(one, Said) and one.id == message_id), None)


def said_by(services: "Services", person_id: str, *, since: datetime, most: int = 50) -> tuple[Said, ...]:
    """The last messages of one person, the newest first, as far as the log has them. Unavailable."""
    theirs = (one for one in _read(services, since) if isinstance(one, Said) and one.sender_id == person_id)
    return tuple(islice(theirs, most))


def _acts(since: datetime, now: datetime) -> Iterator[Act]:
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= now:
        yield from Act.query(day_of(day), consistent_read=True)
        day += timedelta(days=1)


def _logged(services: "Services", since: datetime) -> tuple[Said, ...]:
    """The last messages, at most three seconds old where the log answers."""
    global _kept
    now, room = services.clock(), services.room
    kept = _kept if _kept is not None and _kept.room is room and _kept.since == since else None
    if kept is not None and timedelta(0) <= now - kept.read_at < timedelta(seconds=KEPT_SECONDS):
        return kept.messages
    try:
        messages = _newest(_read(services, since))
    except Unavailable:
        if kept is None:
            raise
        # Not to be asked again by the next visitor at once.
        messages = kept.messages
    _kept = _Kept(room, since, now, messages)
    return messages


def _newest(lines: "Iterable[Said | _Gone]") -> tuple[Said, ...]:
    """The last messages, the oldest first. What took them away was logged after them, so it is read before."""
    messages: dict[str, Said] = {}
    gone: set[str] = set()
    people: dict[str, datetime] = {}
    for line in lines:
        if isinstance(line, _Gone):
            if line.message_id:
                gone.add(line.message_id)
            else:
                people[line.person_id] = max(line.until, people.get(line.person_id, line.until))
        elif not Removed(frozenset(gone), people).has(line):
            messages.setdefault(line.id, line)
            if len(messages) == SHOWN + _SPARE:
                break
    return tuple(sorted(messages.values(), key=lambda said: (said.sent_at, said.id)))


class _Gone(NamedTuple):
    """A line that takes away: a message, or what a person said until then."""

    until: datetime
    message_id: str = ""
    person_id: str = ""


def _without(removed: Removed, messages: Iterable[Said]) -> tuple[Said, ...]:
    return tuple(said for said in messages if not removed.has(said))


def _read(services: "Services", since: datetime) -> "Iterator[Said | _Gone]":
    """What the log has, the newest first. Unavailable where it does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        for line in islice(services.room.logged(since=since), READ):
            told = _understood(line)
            if told is not None:
                yield told
    except ClientError as error:
        if error.response["Error"]["Code"] not in _BUSY:
            raise
        raise Unavailable("The chat's log is busy.", fix="Try again in a moment.") from None
    except BotoCoreError:
        raise Unavailable("The chat's log does not answer.", fix="Try again in a moment.") from None


def _understood(line: Mapping[str, Any]) -> "Said | _Gone | None":
    """A line of the log; None for what is neither a message nor takes one away."""
    payload = line["payload"]
    attributes = payload.get("Attributes") or {}
    sent_at = datetime.fromisoformat(payload["SendTime"])
    if line["type"] == "MESSAGE":
        sender = payload["Sender"]
        who = sender.get("Attributes") or {}
        return Said(
            id=payload["Id"],
            content=payload["Content"],
            sent_at=sent_at,
            sender_id=sender["UserId"],
            name=who.get("name", ""),
            role=who.get("role", ""),
        )
    match payload.get("EventName"):
        case "aws:DELETE_MESSAGE":
            return _Gone(sent_at, message_id=attributes.get("MessageID") or attributes.get("MessageId", ""))
        case "aws:DISCONNECT_USER" if attributes.get("Reason") in HIDING:
            return _Gone(sent_at, person_id=attributes.get("UserId", ""))
    return None
