"""Storing a message once, and knowing which have not been delivered."""

import hashlib
import json
from datetime import timedelta
from typing import Any, Literal

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition, size

from lambdas.core.creator import Locale
from lambdas.core.errors import Conflict
from lambdas.features.contact.message import ContactMessage
from lambdas.features.contact.models import OPEN, WAITING, Message
from lambdas.platform.services import Services

PENDING = "pending"

Confirmation = Literal["sent", "unwanted", "undeliverable"]
"""What became of the sender's mail; unwanted by the creator's settings."""

AnswerOutcome = Literal["sent", "undeliverable"]


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


def store(
    message: ContactMessage, *, id: str, locale: Locale, correlation_id: str, services: Services, keep: timedelta
) -> None:
    """Write the message under its id. Sent again, the same message changes nothing; another one is KeyReused."""
    now = services.clock()
    fingerprint = _fingerprint(message)
    item = Message(
        id=id,
        received_at=now,
        name=message.name,
        email=message.email,
        subject=message.subject,
        body=message.message,
        locale=locale,
        fingerprint=fingerprint,
        correlation_id=correlation_id,
        state=OPEN,
        undelivered=PENDING,
        expires_at=now + keep,
    )
    try:
        item.save(condition=Message.id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        if Message.get(id, consistent_read=True).fingerprint != fingerprint:
            raise KeyReused(fix="Use a new key for a new message.") from None


def undelivered(*, older_than: timedelta, services: Services) -> list[Message]:
    """Messages whose mails should have gone out by now, oldest first, at most 100."""
    late = services.clock() - older_than
    found = Message.index.query(PENDING, Message.received_at < late, limit=100)
    # An index is a moment behind its table: what has been deleted since is not among these.
    return sorted(Message.batch_get([entry.id for entry in found], consistent_read=True), key=lambda m: m.received_at)


def note_mailed(message: Message, *, services: Services) -> None:
    """Note that the creator has been mailed: what fails after this does not mail them again."""
    message.update(actions=[Message.mailed_at.set(services.clock())], condition=Message.id.exists())


def note_delivered(message: Message, *, confirmation: Confirmation) -> None:
    """Take the message off the list of the undelivered, unless an answer waits; a second time changes nothing."""
    done = Message.confirmation.set(confirmation)
    if any(answer.outcome == WAITING for answer in message.conversation):
        message.update(actions=[done], condition=Message.id.exists())
        return
    try:
        message.update(
            actions=[done, Message.undelivered.remove()], condition=Message.id.exists() & _still_answered_as(message)
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        # Somebody answered in the meantime: that answer's delivery takes it off the list.
        message.update(actions=[done], condition=Message.id.exists())


def note_answer(message: Message, place: int, *, outcome: AnswerOutcome, services: Services) -> None:
    """Note what became of the mail of the answer at `place`, and take the message off the list where nothing else waits."""
    answer = message.conversation[place]
    here: Any = Message.answers[place]  # the path to one of a list's items, whose attributes have no types
    noted = [here.outcome.set(outcome), here.mailed_at.set(services.clock())]
    this_one = Message.id.exists() & (here.id == answer.id)
    others_wait = any(other.outcome == WAITING for other in message.conversation if other.id != answer.id)
    if others_wait or "confirmation" not in message.attribute_values:
        message.update(actions=noted, condition=this_one)
        return
    try:
        message.update(actions=[*noted, Message.undelivered.remove()], condition=this_one & _still_answered_as(message))
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        message.update(actions=noted, condition=this_one)


def _still_answered_as(message: Message) -> Condition:
    """That nobody has answered since the message was read: answers are only ever added."""
    same: Condition = (
        size(Message.answers) == len(message.conversation)  # type: ignore[no-untyped-call]
        if message.conversation
        else Message.answers.does_not_exist()
    )
    return same


def _fingerprint(message: ContactMessage) -> str:
    content = message.model_dump(include={"name", "email", "subject", "message"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
