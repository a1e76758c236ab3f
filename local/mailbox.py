"""Mail as the inbox shows it, out of what the emulator's SES took."""

import base64
import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to its recipients. `raw` is the message as it was sent, None where it was sent in parts."""

    id: str
    refers_to: str
    sender: str
    to: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    html: str
    sent_at: datetime
    raw: bytes | None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Mail":
        """Out of a record of `local.outbox`."""
        common: dict[str, Any] = {
            "id": record["MessageId"].partition("@")[0],
            "to": tuple(record.get("To") or ()),
            "sent_at": datetime.fromtimestamp(record["Timestamp"], UTC),
        }
        if "Raw" not in record:
            return cls(
                **common,
                refers_to="",
                sender=record.get("Source") or "",
                reply_to="",
                subject=record.get("Subject") or "",
                text=record.get("BodyText") or "",
                html=record.get("BodyHtml") or "",
                raw=None,
            )
        raw = base64.b64decode(record["Raw"])
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return cls(
            **common,
            refers_to=str(message.get("References", "")),
            sender=str(message.get("From", "")),
            reply_to=str(message.get("Reply-To", "")),
            subject=str(message.get("Subject", "")),
            text=_body(message, "plain"),
            html=_body(message, "html"),
            raw=raw,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "refers_to": self.refers_to,
            "from": self.sender,
            "to": list(self.to),
            "reply_to": self.reply_to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "sent_at": self.sent_at.isoformat(),
        }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
