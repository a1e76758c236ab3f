"""What contact knows of a person: the messages that came from their address, and what was answered.

An address in the form is not proven, but whoever has an account has proven theirs: what came from it
is theirs to see and to have deleted.
"""

from typing import Any

from lambdas.features.contact.inbox import of_sender
from lambdas.features.contact.models import Message
from lambdas.platform.people import Person
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """Their messages and the answers to them, the oldest first; nothing where there are none."""
    messages = [
        {
            "sent_at": message.received_at.isoformat(),
            "name": message.name,
            "email": message.email,
            "subject": message.subject,
            "message": message.body,
            "answers": [
                {"written_at": answer.written_at.isoformat(), "message": answer.body} for answer in message.conversation
            ],
            "deleted_at": message.expires_at.isoformat(),
        }
        for message in _messages(person_id)
    ]
    return {"messages": messages} if messages else {}


def forget(person_id: str, services: Services) -> None:
    """Delete their messages, and with each its answers; a second time changes nothing. Before the person's own row goes."""
    with Message.batch_write() as batch:
        for message in _messages(person_id):
            batch.delete(message)


def _messages(person_id: str) -> list[Message]:
    try:
        return of_sender(Person.get(person_id, consistent_read=True).email)
    except Person.DoesNotExist:
        return []
