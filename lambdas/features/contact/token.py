"""The form's token: proves when a form was handed out, without storing anything.

A person needs a while to write; a program that posts at once does not. The token's random part also
names the message (unless the sender's own Idempotency-Key does), so a form sent twice is stored once.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdas.core.clock import Clock
from lambdas.core.errors import Forbidden, PrismError
from lambdas.platform.keys import signer

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

YOUNGEST = timedelta(seconds=2)
OLDEST = timedelta(hours=24)
_SALT = "contact-form"


class TooFast(PrismError):
    status = 429
    code = "too_fast"
    title = "That was quicker than a person types"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(int(YOUNGEST.total_seconds()))}


class TokenMissing(Forbidden):
    code = "token_missing"
    title = "The form has no valid token"


@dataclass(frozen=True, kw_only=True)
class FormTokens:
    """Signs and reads tokens with the session keys; the first key signs, all are accepted."""

    keys: list[str]
    clock: Clock

    def issue(self) -> str:
        return self._signer().dumps([secrets.token_urlsafe(12), self.clock().timestamp()])

    def nonce(self, token: str) -> str:
        """The token's random part; TokenMissing where it is none of ours or a day old, TooFast under two seconds."""
        from itsdangerous import BadData

        try:
            nonce, issued = self._signer().loads(token)
        except (BadData, ValueError, TypeError):
            raise TokenMissing(fix="Get a token from GET /api/contact/token and send it after two seconds.") from None
        age = timedelta(seconds=self.clock().timestamp() - issued)
        if age > OLDEST:
            raise TokenMissing("The form was opened more than a day ago.", fix="Get a new token and send again.")
        if age < YOUNGEST:
            raise TooFast(fix="Wait two seconds and send again.")
        return str(nonce)

    def _signer(self) -> "URLSafeSerializer":
        return signer(self.keys, salt=_SALT)
