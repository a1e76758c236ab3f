"""What follows a step: the mail with its code, and clearing away what a broken-off one left."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.accounts import codes
from lambdas.features.accounts.models import Step
from lambdas.platform import people
from lambdas.platform.mail import Undeliverable
from lambdas.platform.people import Person
from lambdas.platform.services import Services

BEGUN = "accounts.step.begun"
BROKEN_OFF = "accounts.step.broken-off"

_MAILED = frozenset({"sign-up", "forgot", "email"})


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a mailbox is told: a text below `accounts.mail`, with a code or without."""

    kind: str
    code: bool = True


def what_happened(change: Change) -> Iterator[Event]:
    """A step that is proved by mail was begun; or one was broken off halfway and its time is over."""
    old, new = change.old, change.new
    if old is None and new is not None and new.purpose in _MAILED:
        yield Event(
            id=derived_id("evt", BEGUN, new.id),
            name=BEGUN,
            at=new.created_at,
            subject=new.id,
            correlation_id=new.correlation_id,
        )
    if new is None and old is not None and old.purpose == "sign-up" and old.proven and not old.used:
        yield Event(
            id=derived_id("evt", BROKEN_OFF, old.id),
            name=BROKEN_OFF,
            at=change.at,
            subject=old.person_id,
            correlation_id=old.correlation_id,
        )


def deliver(event: Event, services: Services) -> None:
    """Mail the step's code to its mailbox, or that there is no account; never after the code's time.

    Only here it is looked up whether there is an account: the request that began the step did the same
    for everyone. Events repeat, and what was mailed is noted: a crash between SES's answer and our note sends one
    mail again, into the same thread.
    """
    try:
        step = Step.get(event.subject, consistent_read=True)
    except Step.DoesNotExist:
        return
    if "mailed_at" in step.attribute_values or step.used or step.expires_at <= services.clock():
        return
    person = _whose(step)
    told = _told(step, person)
    creator = services.creator
    letter = services.renderer().letter(
        "accounts/code",
        creator.language_or_own(person.locale if person else step.locale),
        {
            "kind": told.kind,
            "code": codes.code_of(step.id, services=services) if told.code else "",
            "minutes": int(codes.LASTS.total_seconds() // 60),
        },
    )
    # No mailbox, or this AWS account may not mail strangers yet (the studio and `doctor` say so): trying again is no use.
    with suppress(Undeliverable):
        services.mail.send(
            letter, to=_mailbox(step, person), reply_to=creator.email, reference=derived_id("mail", "step", step.id)
        )
    step.update(actions=[Step.mailed_at.set(services.clock())], condition=Step.id.exists())


def clear_away(event: Event, services: Services) -> None:
    """Remove the identity that a sign-up left in Cognito when it broke off before there was an account."""
    try:
        Person.get(event.subject, consistent_read=True)
    except Person.DoesNotExist:
        services.identity.delete(event.subject)


def _whose(step: Step) -> Person | None:
    """Whose account the step is about: for a new address the one who wants it, else whoever has the address."""
    person_id = step.person_id if step.purpose == "email" else people.find(step.email)
    try:
        return Person.get(person_id, consistent_read=True) if person_id else None
    except Person.DoesNotExist:
        return None


def _mailbox(step: Step, person: Person | None) -> str:
    """Where an account's code goes: to the address that was proven, and not to how somebody has just written it.

    To us `Ada@` and `ada@` are one account; there are servers where they are two mailboxes.
    """
    return step.email if person is None or step.purpose == "email" else person.email


def _told(step: Step, person: Person | None) -> _Told:
    if step.purpose == "email":
        return _Told(kind="new_address")
    if step.purpose == "sign-up":
        return _Told(kind="sign_up_known" if person else "sign_up")
    return _Told(kind="forgot") if person else _Told(kind="forgot_unknown", code=False)
