"""The inbox: finding messages, answering them, putting them where they belong. Nothing is done twice or over another's head."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pynamodb.expressions.condition import Condition

from lambdas.core.errors import Conflict, NotFound, PreconditionFailed
from lambdas.core.ids import derived_id
from lambdas.features.contact.models import ANSWERED, ARCHIVED, DELETED, OPEN, SPAM, Answer, Message
from lambdas.features.contact.service import PENDING
from lambdas.platform import audit
from lambdas.platform.people import canonical
from lambdas.platform.services import Services
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

A_PAGE = 25
LOOKED_THROUGH = 300
"""How many messages one search reads at most; the next page goes on from there."""

COUNTED = 100
ANSWERS = 20
"""A message has at most so many answers: by then it is a conversation for a mailbox."""

BROUGHT_BACK = timedelta(days=1)
"""So long a deleted message can be brought back."""

Listed = Literal["open", "answered", "archived", "spam"]
Wanted = Literal["inbox", "archived", "spam", "deleted"]
"""Where a message may be put; in the inbox it is open, or answered where it has been."""

_CURSOR = re.compile(r"(\d{1,17})\.(msg_[0-9A-Z]{26})")


class ConversationFull(Conflict):
    code = "conversation_full"
    title = "This message has as many answers as it can hold"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Messages, newest first; `newer` and `older` are cursors of the pages before and after, empty where there is none."""

    messages: tuple[Message, ...]
    newer: str = ""
    older: str = ""


def find(id: str, *, services: Services) -> Message:
    """The message, by a consistent read; NotFound where there is none, or it has expired."""
    try:
        message = Message.get(id, consistent_read=True)
    except Message.DoesNotExist:
        raise _gone() from None
    # The table forgets what has expired some hours late.
    if message.expires_at <= services.clock():
        raise _gone()
    return message


def _gone() -> NotFound:
    return NotFound("This message is not there any more.", fix="It was deleted, or kept as long as your settings say.")


def page(state: Listed, *, older: str = "", newer: str = "", words: str = "", services: Services) -> Page:
    """One page of the messages in a state. A cursor that is none is the first page; `words` must all be in the message."""
    if words:
        return _matching(state, words, after=_read_cursor(older), services=services)
    back = _read_cursor(newer)
    start = back or _read_cursor(older)
    keys = list(_keys(state, start=start, forward=back is not None, limit=A_PAGE + 1))
    more, keys = len(keys) > A_PAGE, keys[:A_PAGE]
    if back:
        keys.reverse()
    if not keys:
        return Page(messages=()) if start is None else page(state, services=services)
    return Page(
        messages=tuple(_messages(keys, services=services)),
        newer=_cursor(keys[0]) if (more if back else start is not None) else "",
        older=_cursor(keys[-1]) if (more or back) else "",
    )


def count_open() -> tuple[int, bool]:
    """How many messages are open, and whether there are more than were counted."""
    counted = Message.inbox.count(OPEN, limit=COUNTED)
    return counted, counted == COUNTED


def newest_open() -> list[Message]:
    """The newest open messages, at most as many as are counted: their keys by one query, no more than the keys known."""
    return list(_keys(OPEN, start=None, forward=False, limit=COUNTED))


def read(keys: Iterable[Message], *, services: Services) -> list[Message]:
    """The messages of these keys, in their order; those gone since are left out."""
    return list(_messages(list(keys), services=services))


def search(words: str, *, at_most: int, services: Services) -> list[Message]:
    """The newest messages outside spam that have all these words, from the newest hundred of each state."""
    found: list[Message] = []
    for state in (OPEN, ANSWERED, ARCHIVED):
        keys = list(_keys(state, start=None, forward=False, limit=COUNTED))
        found += [message for message in _messages(keys, services=services) if _has(message, words)]
    return sorted(found, key=lambda message: message.received_at, reverse=True)[:at_most]


def of_sender(email: str) -> list[Message]:
    """Every message that came from this address, whatever became of it, oldest first."""
    keys: list[str] = []
    for state in (OPEN, ANSWERED, ARCHIVED, SPAM, DELETED):
        keys += [entry.id for entry in Message.inbox.query(state) if canonical(entry.email) == canonical(email)]
    return sorted(Message.batch_get(keys, consistent_read=True), key=lambda message: message.received_at)


def answer(id: str, *, body: str, version: int, visit: Visit) -> Message:
    """Store an answer, to be mailed by the worker. Pressed twice it is one; PreconditionFailed where the message has changed since."""
    assert visit.session is not None
    message, now = find(id, services=visit.services), visit.services.clock()
    written = Answer(  # type: ignore[no-untyped-call]
        id=derived_id("ans", id, str(version), visit.session.person_id, body),
        by=visit.session.person_id,
        body=body,
        written_at=now,
        correlation_id=visit.correlation_id,
    )
    if _has_answer(message, written.id):
        return message
    if len(message.conversation) >= ANSWERS:
        raise ConversationFull(fix="Write to the sender from your own mailbox.")
    actions = [
        Message.answers.set((Message.answers | []).append([written])),
        Message.undelivered.set(PENDING),
        Message.state.set(ANSWERED),
    ]
    try:
        _change(message, "contact.message.answered", actions, version=version, visit=visit, state=ANSWERED)
    except PreconditionFailed:
        # The same press, a moment earlier, may have been what changed it.
        if not _has_answer(find(id, services=visit.services), written.id):
            raise
    return find(id, services=visit.services)


def put(id: str, wanted: Wanted, *, version: int, visit: Visit) -> tuple[Wanted, Message]:
    """Put a message somewhere; where it was before, and the message as it is now. PreconditionFailed where it has changed since."""
    message, now = find(id, services=visit.services), visit.services.clock()
    was = _wanted(message.place)
    if was == wanted:
        return was, message
    state = (ANSWERED if message.conversation else OPEN) if wanted == "inbox" else wanted
    actions: list[Any] = [Message.state.set(state)]
    if wanted == "deleted":
        actions += [
            Message.kept_until.set(message.expires_at),
            Message.expires_at.set(min(message.expires_at, now + BROUGHT_BACK)),
        ]
    elif "kept_until" in message.attribute_values:
        actions += [Message.expires_at.set(message.kept_until), Message.kept_until.remove()]
    _change(message, f"contact.message.{_DONE[wanted]}", actions, version=version, visit=visit, state=state)
    return was, find(id, services=visit.services)


_DONE: dict[Wanted, str] = {"inbox": "restored", "archived": "archived", "spam": "spam", "deleted": "deleted"}


def _change(message: Message, action: str, actions: list[Any], *, version: int, visit: Visit, **after: str) -> None:
    """Write what somebody does to a message, and that they did it, at once and only if it is as they saw it."""
    assert visit.session is not None
    noted = [
        Message.version.set(version + 1),
        Message.changed_by.set(visit.session.person_id),
        Message.changed_at.set(visit.services.clock()),
    ]
    entry = audit.entry(visit, action, message.id, before={"state": message.place}, after=after)

    def once() -> None:
        with transaction(Message) as write:
            write.update(message, actions=[*actions, *noted], condition=_unchanged(version))
            write.save(entry)

    try:
        repeated(once)
    except NotWritten:
        raise PreconditionFailed(fix="Look at what has changed, then decide again.") from None


def _unchanged(version: int) -> Condition:
    seen = Message.version == version
    # Messages from before there was an inbox have no version: they are at their first.
    unchanged: Condition = (seen | Message.version.does_not_exist()) if version == 1 else seen
    there: Condition = Message.id.exists() & unchanged
    return there


def _has_answer(message: Message, id: str) -> bool:
    return any(answer.id == id for answer in message.conversation)


def _wanted(state: str) -> Wanted:
    return state if state in ("archived", "spam", "deleted") else "inbox"  # type: ignore[return-value]


def _matching(state: Listed, words: str, *, after: tuple[datetime, str] | None, services: Services) -> Page:
    """A page of those that have all the words, of the next so many messages."""
    keys = list(_keys(state, start=after, forward=False, limit=LOOKED_THROUGH + 1))
    more, keys = len(keys) > LOOKED_THROUGH, keys[:LOOKED_THROUGH]
    found: list[Message] = []
    for message in _messages(keys, services=services):
        if not _has(message, words):
            continue
        if len(found) == A_PAGE:
            return Page(messages=tuple(found), older=_cursor(found[-1]))
        found.append(message)
    return Page(messages=tuple(found), older=_cursor(keys[-1]) if more else "")


def _has(message: Message, words: str) -> bool:
    text = "\n".join((message.name, message.email, message.subject, message.body)).casefold()
    return all(word in text for word in words.casefold().split())


def _keys(state: str, *, start: tuple[datetime, str] | None, forward: bool, limit: int) -> Iterator[Message]:
    """What the index knows of messages: id, state, when they came."""
    from_ = None
    if start is not None:
        at, id = start
        from_ = {
            "id": {"S": id},
            "state": {"S": state},
            "received_at": {"S": Message.received_at.serialize(at)},  # type: ignore[no-untyped-call]
        }
    return Message.inbox.query(state, scan_index_forward=forward, limit=limit, last_evaluated_key=from_)


def _messages(keys: list[Message], *, services: Services) -> Iterator[Message]:
    """The messages themselves, in the order of their keys; those deleted or expired since are left out."""
    now = services.clock()
    by_id = {message.id: message for message in Message.batch_get([key.id for key in keys], consistent_read=True)}
    for key in keys:
        message = by_id.get(key.id)
        # An index is a moment behind its table: what has been put elsewhere since is not here any more.
        if message is not None and message.expires_at > now and message.place == key.state:
            yield message


def _cursor(message: Message) -> str:
    microseconds = round(message.received_at.timestamp() * 1_000_000)
    return f"{microseconds}.{message.id}"


def _read_cursor(text: str) -> tuple[datetime, str] | None:
    """When and which; None where it is no cursor of ours."""
    match = _CURSOR.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(match[1])), match[2]
    except OverflowError:
        return None
