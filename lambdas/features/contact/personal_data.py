"""What contact knows of a person: the messages that came from their address.

An address in the form is not proven, but whoever has an account has proven theirs: what came from it
is theirs to see and to have deleted.
"""

from typing import Any

from lambdas.features.contact.models import Message
from lambdas.platform.people import Person, canonical
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """Their messages, the oldest first."""
    messages = [
        {
            "sent_at": message.received_at.isoformat(),
            "name": message.name,
            "email": message.email,
            "subject": message.subject,
            "message": message.body,
            "deleted_at": message.expires_at.isoformat(),
        }
        for message in _messages(person_id)
    ]
    return {"messages": messages} if messages else {}


def forget(person_id: str, services: Services) -> None:
    """Delete their messages; a second time changes nothing."""
    with Message.batch_write() as batch:
        for message in _messages(person_id):
            batch.delete(message)


def _messages(person_id: str) -> list[Message]:
    try:
        person = Person.get(person_id, consistent_read=True)
    except Person.DoesNotExist:
        return []
    found = [entry.id for entry in Message.from_sender.query(canonical(person.email))]
    # An index is a moment behind its table: what has been deleted since is not among these.
    return sorted(Message.batch_get(found, consistent_read=True), key=lambda message: message.received_at)
