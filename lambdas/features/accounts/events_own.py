"""What follows a change of a person's row: letters about what matters for security, and a picture to prepare."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.accounts.changes import ASKED
from lambdas.features.accounts.email_back import GOOD_FOR, link
from lambdas.features.accounts.email_back import Change as Undoable
from lambdas.features.accounts.letters import tell
from lambdas.platform.people import Person
from lambdas.platform.pictures import NotAPicture, drop_picture, make_picture
from lambdas.platform.services import Services

CHANGED = "accounts.own.changed"
UPLOADED = "accounts.picture.uploaded"
PICTURE_GONE = "accounts.picture.gone"


def what_happened(change: Change) -> Iterator[Event]:
    """News about a person who was there before and still is: what came with signing up, and what goes with them, is none."""
    old, new = change.old, change.new
    if old is None or new is None:
        return
    for kind, details in _letters(old, new):
        # To the address that was theirs before: whoever took the account over may have changed it right after.
        yield _event(CHANGED, new, change.at, kind=kind, to=old.email, **details)
    if new.upload and new.upload != old.upload:
        yield _event(UPLOADED, new, change.at, key=new.upload)
    if old.picture and old.picture != new.picture:
        yield _event(PICTURE_GONE, new, change.at, picture=old.picture)


def deliver(event: Event, services: Services) -> None:
    """Mail whose account it is; someone deleted since is told nothing."""
    try:
        person = Person.get(event.subject, consistent_read=True)
    except Person.DoesNotExist:
        return
    details = dict(event.data)
    kind, to = details.pop("kind"), details.pop("to")
    if "due" in details:
        details["due"] = datetime.fromisoformat(details["due"])
    if "changed_at" in details:
        changed_at = datetime.fromisoformat(details.pop("changed_at"))
        undone = link(Undoable(person_id=person.id, former=to, changed_at=changed_at), services)
        details |= {"back": undone, "until": changed_at + GOOD_FOR}
    tell(person, kind, services, reference=derived_id("mail", event.id), at=event.at, to=to, **details)


def prepare_picture(event: Event, services: Services) -> None:
    """Make the picture of what was sent, and show it; what is no picture leaves the one before, and says so.

    One that was replaced or taken back in the meantime is not shown, and removed again.
    """
    key = event.data["key"]
    if not _is_wanted(event.subject, key):
        return
    try:
        made = make_picture(key, services)
    except NotAPicture:
        _settle(event.subject, key, [Person.upload_fault.set("no_picture")])
        return
    shown = _settle(event.subject, key, [Person.picture.set(made), Person.upload_fault.remove()])
    # A write whose answer was lost is refused when it is sent again, and stands.
    if not shown and not _is_shown(event.subject, made):
        drop_picture(made, services)


def forget_picture(event: Event, services: Services) -> None:
    """Remove a picture that nobody shows any more."""
    drop_picture(event.data["picture"], services)


def _is_wanted(person_id: str, key: str) -> bool:
    try:
        return Person.get(person_id, consistent_read=True).upload == key
    except Person.DoesNotExist:
        return False


def _is_shown(person_id: str, picture: str) -> bool:
    try:
        return Person.get(person_id, consistent_read=True).picture == picture
    except Person.DoesNotExist:
        return False


def _settle(person_id: str, key: str, actions: list[Action]) -> bool:
    """Write what became of an upload; False where it is no longer the one that is waited for."""
    try:
        Person(person_id).update(
            actions=[*actions, Person.upload.remove(), Person.version.set(Person.version + 1)],
            condition=Person.upload == key,
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _letters(old: Person, new: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """What of a change its owner is written about, with what the letter says of it."""
    if old.email != new.email:
        moved = new.email_changed_at
        # The address that is taken back is told without a way back: that would be the other one's.
        back = {} if new.password_changed_at == moved or moved is None else {"changed_at": moved.isoformat()}
        yield "email_changed", back
    if old.password_changed_at != new.password_changed_at:
        yield "password_changed", {}
    yield from _factor_letters(old.second_factor or {}, new.second_factor or {})
    before, after = _passkeys(old), _passkeys(new)
    for id in after.keys() - before.keys():
        yield "passkey_added", {"passkey": after[id]}
    for id in before.keys() - after.keys():
        yield "passkey_removed", {"passkey": before[id]}
    if new.new_device and old.new_device != new.new_device:
        yield "new_device", {"agent": new.new_device["agent"]}
    if new.leaving == ASKED and old.leaving != ASKED:
        yield "deletion_asked", {"due": new.deletion_due.isoformat()}
    if old.leaving == ASKED and not new.leaving:
        yield "deletion_cancelled", {}


def _factor_letters(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not old or not new:
        if old or new:
            yield ("second_factor_on" if new else "second_factor_off"), {}
        return
    before, after = set(old.get("recovery", ())), set(new.get("recovery", ()))
    if after - before:
        yield "recovery_renewed", {}
    elif before - after:
        yield "recovery_used", {"left": len(after)}


def _passkeys(person: Person) -> dict[str, str]:
    return {key["id"]: key["name"] for key in person.passkeys or ()}


def _event(name: str, person: Person, at: datetime, **data: Any) -> Event:
    parts = (name, person.id, str(person.version), str(data.get("kind", "")), str(data.get("passkey", "")))
    return Event(
        id=derived_id("evt", *parts),
        name=name,
        at=at,
        subject=person.id,
        correlation_id=person.correlation_id,
        data=data,
    )
