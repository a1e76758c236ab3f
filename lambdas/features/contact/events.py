"""What follows a message: a mail to the creator, one to the sender, and to the sender each answer."""

from collections.abc import Iterator
from datetime import timedelta

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.contact.feature import FEATURE
from lambdas.features.contact.models import WAITING, Answer, Message
from lambdas.features.contact.service import (
    PENDING,
    AnswerOutcome,
    Confirmation,
    note_answer,
    note_delivered,
    note_mailed,
    undelivered,
)
from lambdas.platform.mail import Undeliverable
from lambdas.platform.services import Services

RECEIVED = "contact.message.received"
ANSWERED = "contact.message.answered"


def what_happened(change: Change) -> Iterator[Event]:
    """A message that was not there before has been received, an answer that was not there before written; nothing else is news."""
    message = change.new
    if message is None:
        return
    if change.old is None:
        yield Event(
            id=derived_id("evt", RECEIVED, message.id),
            name=RECEIVED,
            at=message.received_at,
            subject=message.id,
            correlation_id=message.correlation_id,
        )
    known = {answer.id for answer in change.old.conversation} if change.old is not None else set()
    for answer in message.conversation:
        if answer.id not in known:
            yield Event(
                id=derived_id("evt", ANSWERED, message.id, answer.id),
                name=ANSWERED,
                at=answer.written_at,
                subject=message.id,
                correlation_id=answer.correlation_id,
            )


def deliver(event: Event, services: Services) -> None:
    """Mail what has not been mailed of a message: it to the creator, its confirmation and its answers to the sender.

    Events repeat: what has been done is noted after each mail and not done again, and a message
    deleted since is left alone. A crash between SES's answer and our note sends one mail again,
    into the same thread.
    """
    try:
        message = Message.get(event.subject, consistent_read=True)
    except Message.DoesNotExist:
        return
    _deliver(message, services)


def deliver_late(services: Services) -> None:
    """Deliver what no event has delivered within ten minutes: the worker was broken for longer than a stream remembers.

    One that fails costs the others nothing; ExceptionGroup of what failed when all have been tried.
    """
    failures = []
    for message in undelivered(older_than=timedelta(minutes=10), services=services):
        try:
            _deliver(message, services)
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup("late messages could not be delivered", failures) from failures[0]


def _deliver(message: Message, services: Services) -> None:
    if message.undelivered != PENDING:
        return
    if "confirmation" not in message.attribute_values:
        if "mailed_at" not in message.attribute_values:
            _mail_creator(message, services)
            note_mailed(message, services=services)
        note_delivered(message, confirmation=_confirm(message, services))
    for place, answer in enumerate(message.conversation):
        if answer.outcome == WAITING:
            note_answer(message, place, outcome=_send_answer(message, answer, services), services=services)


def _mail_creator(message: Message, services: Services) -> None:
    creator = services.creator
    services.mail.send(
        services.renderer().letter("contact/received", creator.locale, {"message": message}),
        to=creator.email,
        reply_to=message.email,
        reference=derived_id("mail", "received", message.id),
    )


def _confirm(message: Message, services: Services) -> Confirmation:
    creator = services.creator
    if not FEATURE.config_in(creator.features).confirm_sender:
        return "unwanted"
    locale = creator.language_or_own(message.locale)
    try:
        services.mail.send(
            services.renderer().letter("contact/confirmation", locale, {"message": message}),
            to=message.email,
            reply_to=creator.email,
            reference=derived_id("mail", "confirmation", message.id),
        )
    except Undeliverable:
        # A mistyped address, or a new account that may not mail strangers yet: the message has arrived all the same.
        return "undeliverable"
    return "sent"


def _send_answer(message: Message, answer: Answer, services: Services) -> AnswerOutcome:
    creator = services.creator
    names = {"message": message, "answer": answer, "creator": creator}
    try:
        services.mail.send(
            services.renderer().letter("contact/answer", creator.language_or_own(message.locale), names),
            to=message.email,
            reply_to=creator.email,
            # What the confirmation refers to, so that the sender finds both in one thread.
            reference=derived_id("mail", "confirmation", message.id),
            by_hand=True,
        )
    except Undeliverable:
        return "undeliverable"
    return "sent"
