"""What everyone in the room is told, by events of IVS Chat: each of these may be told again without harm.

    prism:room    {"version", "slow_seconds", "members_only": "1" or "0", "links"}, or {"emotes": "1"}, or {"audience": "1"}
                 (whom the show is for): ask GET /api/chat/room; who is let in no more asks for a token, and reads why
    prism:pin     {"id", "content", "name"}, the content cut to what an event holds;   prism:unpin  {"pinned": "0"}

and `aws:DELETE_MESSAGE`, and `aws:DISCONNECT_USER`, whose reason says what becomes of what the person had said: after "ban" and
"timeout" clients take it away, after "pause" (a time-out that leaves it), "access" (ask for a new token) and "gone" they do not.
"""

from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import UpdateError

from lambdas.core.errors import Unavailable
from lambdas.features.chat import history
from lambdas.features.chat.hours import opening
from lambdas.features.chat.models import DELETE, Act, ChatRoom

if TYPE_CHECKING:
    from lambdas.platform.services import Services

_PIN_BYTES = 700
"""An event's attributes hold a kilobyte, a message up to two."""


def tell_at_once(services: "Services", *acts: Act) -> None:
    """Tell the room in the request itself: it is done when the moderator reads that it is. What fails here the worker repeats."""
    from botocore.exceptions import BotoCoreError, ClientError

    for act in acts:
        try:
            tell(services, act)
        except (BotoCoreError, ClientError, Unavailable):
            continue


def tell(services: "Services", act: Act) -> None:
    """Tell the room of an act that it has not been told of, and note that; a second time tells nobody anything."""
    try:
        act.refresh(consistent_read=True)
    except Act.DoesNotExist:
        return
    if act.told:
        return
    room = services.room
    if act.kind == DELETE:
        room.delete_message(act.message_id or "", reason="moderated")
    else:
        # First of all they are stopped; what the log has of them goes after that.
        room.disconnect(act.person_id or "", reason=_reason(act))
        if act.purge:
            _delete_logged(services, act)
    try:
        act.update(actions=[Act.told_at.set(services.clock())], condition=Act.id.exists())
    except UpdateError as error:
        # It has expired.
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def tell_settings(services: "Services", row: ChatRoom) -> None:
    told = {
        "version": str(int(row.version)),
        "slow_seconds": str(int(row.slow_seconds)),
        "members_only": "1" if row.members_only else "0",
        "links": row.links,
    }
    services.room.send_event("prism:room", told)


def tell_pin(services: "Services", pinned: dict[str, Any] | None) -> None:
    if pinned is None:
        # An event without attributes is none for some clients.
        services.room.send_event("prism:unpin", {"pinned": "0"})
        return
    told = {"id": pinned["id"], "content": cut(pinned["content"], _PIN_BYTES), "name": cut(pinned["name"], 200)}
    services.room.send_event("prism:pin", told)


def tell_pin_at_once(services: "Services", pinned: dict[str, Any] | None) -> None:
    """As `tell_at_once`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        tell_pin(services, pinned)
    except (BotoCoreError, ClientError):
        return


def cut(text: str, most: int) -> str:
    """The text, where it has more than so many bytes its beginning and an ellipsis, together no more than that."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    return raw[: most - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def _reason(act: Act) -> str:
    match act.kind:
        case "ban":
            return "ban"
        case "timeout":
            return "timeout" if act.purge else "pause"
        case "forget":
            return "gone"
    return "access"


def _delete_logged(services: "Services", act: Act) -> None:
    """Take what a person said from everyone's sight message by message, for clients that do not go by the reason of a disconnection."""
    found = opening(services.clock())
    if found is None:
        return
    for said in history.said_by(services, act.person_id or "", since=found.since):
        if said.sent_at <= act.covers_until:
            services.room.delete_message(said.id, reason="moderated")
