"""What was sent as mail, whole: the emulator's SES keeps a raw message's subject and texts, and forgets the rest.

Here the message itself is put beside SES's own record, so it is saved and reset with it, and a
list of all mail is served to the inbox.
"""

import json
from collections.abc import Mapping
from typing import Any

from local.loopback import answer_json

PATH = "/_prism/mail"
_SEND = "/v2/email/outbound-emails"


class Outbox:
    """The emulator's ASGI app, keeping raw messages and listing all mail at `PATH`, the newest first."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] not in {PATH, _SEND}:
            await self.app(scope, receive, send)
        elif scope["path"] == PATH:
            await answer_json(send, json.dumps(all_mail()).encode())
        else:
            await self._send_mail(scope, receive, send)

    async def _send_mail(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        sent, answer = bytearray(), bytearray()

        async def read() -> Any:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def write(message: Any) -> None:
            answer.extend(message.get("body", b""))
            # Beside the record before the sender hears of it: a snapshot has both or none.
            if message["type"] == "http.response.body" and not message.get("more_body"):
                _keep(bytes(sent), bytes(answer))
            await send(message)

        await self.app(scope, read, write)


def all_mail() -> list[dict[str, Any]]:
    """Every mail of this emulator's accounts."""
    from ministack.services import ses

    records = [record for _, entries in ses._sent_emails.all_items() for record in entries]
    return sorted(records, key=lambda record: float(record["Timestamp"]), reverse=True)


def _keep(request: bytes, answer: bytes) -> None:
    try:
        raw = json.loads(request)["Content"]["Raw"]["Data"]
        message_id = json.loads(answer)["MessageId"]
    except (ValueError, KeyError, TypeError):
        return  # a mail of simple parts, or one that SES refused
    for record in all_mail():
        if record["MessageId"] == message_id:
            record["Raw"] = raw
