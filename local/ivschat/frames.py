"""What goes over the socket: requests as clients send them, and what the room sends to clients.

After the Amazon IVS Chat Messaging API Reference (docs.aws.amazon.com/ivs/latest/chatmsgapireference/: SendMessage, DeleteMessage and
DisconnectUser (Publish), Message and Event (Subscribe), Error Messages) and the client SDK amazon-ivs-chat-messaging 1.1.1. Where
these leave it open: a field that is too long is 413, as the SDK explains that code (the reference's example, of another age, says 400);
what nobody named a RequestId has an empty one; attributes hold 1 kB as JSON, as elsewhere in IVS Chat.
"""

import json
import re
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

MAX_FRAME_BYTES = 16 * 1024
"""Of a request. 500 code points may take 6,000 bytes in JSON, 1 kB of attributes as much."""

MAX_ATTRIBUTES_BYTES = 1024
MAX_USER_ID = 128
MAX_REASON = 256

DELETE_MESSAGE = "aws:DELETE_MESSAGE"
DISCONNECT_USER = "aws:DISCONNECT_USER"

_ID = re.compile(r"[a-zA-Z0-9]{12}")
_ALPHANUMERICS = string.ascii_letters + string.digits


class Refused(Exception):
    """A request that fails: one of IVS Chat's codes (400, 401, 403, 404, 406, 413, 429, 500), and why.

    `id` is that of the message that it was about to become.
    """

    def __init__(self, code: int, message: str, *, request_id: str = "", id: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.request_id = request_id
        self.id = id


class Request(NamedTuple):
    """A client's request. `action` is one of the capabilities, `target` the message or user it is about."""

    action: str
    request_id: str
    content: str = ""
    attributes: Mapping[str, str] = {}
    target: str = ""
    reason: str = ""


def new_id() -> str:
    return "".join(secrets.choice(_ALPHANUMERICS) for _ in range(12))


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def request_of(frame: str, *, length: int) -> Request:
    """What a client asks; `length` is how many code points a message may have. Refused, with the RequestId where there is one."""
    if len(frame) > MAX_FRAME_BYTES or len(frame.encode("utf-8", "surrogatepass")) > MAX_FRAME_BYTES:
        raise Refused(413, f"A request may have {MAX_FRAME_BYTES} bytes")
    try:
        asked = json.loads(frame)
    except (ValueError, RecursionError):
        raise Refused(400, "The request is no JSON") from None
    if not isinstance(asked, dict):
        raise Refused(400, "The request is no JSON object")
    request_id = asked.get("RequestId") or ""
    if not isinstance(request_id, str):
        raise Refused(400, "RequestId must be a string")
    try:
        return _read(asked, request_id, length)
    except Refused as refused:
        refused.request_id = request_id
        raise


def _read(asked: Mapping[str, Any], request_id: str, length: int) -> Request:
    match asked.get("Action"):
        case "SEND_MESSAGE":
            content = _text(asked, "Content", at_most=length)
            return Request("SEND_MESSAGE", request_id, content=content, attributes=_attributes(asked.get("Attributes")))
        case "DELETE_MESSAGE":
            message = _text(asked, "Id", at_most=MAX_FRAME_BYTES)
            if not is_id(message):
                raise Refused(400, "Id must be a message's")
            return Request("DELETE_MESSAGE", request_id, target=message, reason=_reason(asked))
        case "DISCONNECT_USER":
            user = _text(asked, "UserId", at_most=MAX_USER_ID)
            return Request("DISCONNECT_USER", request_id, target=user, reason=_reason(asked))
    raise Refused(400, "Action must be SEND_MESSAGE, DELETE_MESSAGE or DISCONNECT_USER")


def _text(asked: Mapping[str, Any], name: str, *, at_most: int) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name} must be a string of at least 1 character")
    if len(value) > at_most:
        raise Refused(413, f"{name} may have {at_most} characters")
    return value


def _reason(asked: Mapping[str, Any]) -> str:
    return _text(asked, "Reason", at_most=MAX_REASON) if asked.get("Reason") is not None else ""


def _attributes(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise Refused(400, "Attributes must be an object of strings")
    if size_of(value) > MAX_ATTRIBUTES_BYTES:
        raise Refused(413, f"Attributes may have {MAX_ATTRIBUTES_BYTES} bytes")
    return value


def size_of(attributes: Mapping[str, str]) -> int:
    """How many bytes attributes have, as the shortest JSON."""
    text = json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass"))


def message(
    *,
    id: str,
    request: Request,
    content: str,
    attributes: Mapping[str, str],
    user_id: str,
    sender: Mapping[str, str],
    at: datetime,
) -> dict[str, Any]:
    return {
        "Type": "MESSAGE",
        "Id": id,
        "RequestId": request.request_id,
        "Attributes": dict(attributes),
        "Content": content,
        "SendTime": timestamp(at),
        "Sender": {"UserId": user_id, "Attributes": dict(sender)},
    }


def event(name: str, attributes: Mapping[str, str], *, at: datetime, request_id: str = "") -> dict[str, Any]:
    return {
        "Type": "EVENT",
        "Id": new_id(),
        "RequestId": request_id,
        "EventName": name,
        "Attributes": dict(attributes),
        "SendTime": timestamp(at),
    }


def deletion(message_id: str, reason: str) -> dict[str, str]:
    """The attributes of `aws:DELETE_MESSAGE`: `MessageID` is deprecated, and what the SDK reads."""
    return {"MessageId": message_id, "MessageID": message_id, **({"Reason": reason} if reason else {})}


def disconnection(user_id: str, reason: str) -> dict[str, str]:
    """The attributes of `aws:DISCONNECT_USER`."""
    return {"UserId": user_id, **({"Reason": reason} if reason else {})}


def error(refused: Refused) -> dict[str, Any]:
    return {
        "Type": "ERROR",
        "Id": refused.id or new_id(),
        "RequestId": refused.request_id,
        "ErrorCode": refused.code,
        "ErrorMessage": refused.message,
    }


def timestamp(moment: datetime) -> str:
    """2026-11-21T12:00:00.000Z"""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
