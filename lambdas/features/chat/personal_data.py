"""What the chat knows of a person: whether they may write, and when they last did. What they said is in the room's log only."""

from datetime import UTC, datetime
from typing import Any

from pynamodb.exceptions import PutError

from lambdas.features.chat.models import Act, ChatPerson
from lambdas.features.chat.moderation import forgotten
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """When they last wrote, and a ban or time-out; nothing where they never did."""
    try:
        row = ChatPerson.get(person_id, consistent_read=True)
    except ChatPerson.DoesNotExist:
        return {}
    known: dict[str, Any] = {}
    if row.last_at is not None:
        known["last_message_at"] = datetime.fromtimestamp(int(row.last_at) / 1000, UTC).isoformat()
    if row.is_muted(services.clock()):
        known["may_not_write"] = {
            "banned": bool(row.banned),
            "since": row.began_at.isoformat() if row.began_at else None,
            "until": row.ends_at.isoformat() if row.ends_at else None,
            "reason": row.reason,
        }
    return known


def forget(person_id: str, services: Services) -> None:
    """Delete their row, a ban too: the next account has another id. What they said is not shown any more, and they are sent out.

    The log keeps what was said until it expires. A second time changes nothing.
    """
    ChatPerson(person_id).delete()
    try:
        forgotten(person_id, services.clock()).save(condition=Act.id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
