"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is gone.

The app's secret is derived from a key of the platform, the person's id and a nonce in their row: nobody
who reads the table can make a code. Recovery codes are kept as HMACs under the same key.
"""

import base64
import hmac
import secrets
import struct
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from lambdas.core.errors import NotSignedIn
from lambdas.features.accounts.changes import change
from lambdas.platform.people import Person
from lambdas.platform.services import Services

DIGITS = 6
PERIOD = 30
"""Seconds that one code of the app is shown."""

DRIFT = 1
"""How many periods the clock of a phone may be off, to either side."""

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter or figure that looks like another."""

_RECOVERY_LETTERS = 10
_SECRET_BYTES = 20

Used = Literal["totp", "recovery"]


@dataclass(frozen=True, kw_only=True)
class SecondFactor:
    """What a person's row keeps. `last` is the last period whose code was taken, `recovery` the codes left, as HMACs."""

    nonce: str
    since: str
    last: int = 0
    recovery: tuple[str, ...] = ()

    @classmethod
    def of(cls, person: Person) -> "SecondFactor | None":
        """None where the person has none."""
        kept: dict[str, Any] | None = person.second_factor
        if not kept:
            return None
        return cls(
            nonce=kept["nonce"], since=kept["since"], last=int(kept["last"]), recovery=tuple(kept.get("recovery", ()))
        )

    def as_json(self) -> dict[str, Any]:
        return {"nonce": self.nonce, "since": self.since, "last": self.last, "recovery": list(self.recovery)}


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def secret(*, key: str, person_id: str, nonce: str) -> bytes:
    """The app's secret (160 bits, as RFC 4226 wishes): the same for the same person and nonce."""
    return hmac.digest(key.encode(), f"totp/{person_id}/{nonce}".encode(), "sha256")[:_SECRET_BYTES]


def as_typed(secret: bytes) -> str:
    """The secret as a person can type it into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def otpauth(secret: bytes, *, issuer: str, account: str) -> str:
    """What the QR code holds. A colon would end the issuer's name, so it has none."""
    issuer = issuer.replace(":", " ")
    label = quote(f"{issuer}:{account}", safe="@")
    query = {"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}
    rest = {"algorithm": "SHA1", "digits": str(DIGITS), "period": str(PERIOD)}
    return f"otpauth://totp/{label}?{urlencode(query | rest, quote_via=quote)}"


def period(moment: datetime) -> int:
    """Which period a moment is in."""
    return int(moment.timestamp()) // PERIOD


def totp(secret: bytes, number: int, *, digits: int = DIGITS) -> str:
    """The code of a period (RFC 6238 with SHA-1, which is all that every app knows)."""
    mac = hmac.digest(secret, struct.pack(">Q", number), "sha1")
    at = mac[-1] & 0x0F
    value = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return f"{value % 10**digits:0{digits}d}"


def period_of(secret: bytes, code: str, *, now: datetime, last: int) -> int | None:
    """The period that this is the code of, one to either side of now and later than `last`; else None."""
    if not code.isascii():
        return None
    current, found = period(now), None
    for number in range(current - DRIFT, current + DRIFT + 1):
        # All of them each time: how long it takes does not tell which came close.
        if hmac.compare_digest(totp(secret, number), code) and number > last:
            found = number
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes such as "k7mpa-x2hqd", to be shown once; `hashed` is what is kept of them."""
    made = ("".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LETTERS)) for _ in range(RECOVERY_CODES))
    return tuple(f"{code[:5]}-{code[5:]}" for code in made)


def hashed(code: str, *, key: str, person_id: str) -> str:
    """A recovery code as it is kept, whatever spaces, dashes and capitals it was typed with."""
    plain = "".join(code.split()).replace("-", "").lower()
    return hmac.digest(key.encode(), f"recovery/{person_id}/{plain}".encode(), "sha256").hex()


def prove(person: Person, code: str, *, services: Services, correlation_id: str) -> Used | None:
    """Which kind of code this is, if one: it is used up by one conditional write, so that it works once. None changes nothing."""
    key = services.keys.current_and_previous("second-factor")[0]
    used: Used | None = None

    def decide(now: Person) -> list[Any] | None:
        nonlocal used
        used = None
        factor = SecondFactor.of(now)
        if factor is None:
            return None
        found, used = _spent(factor, code, key=key, person_id=now.id, at=services.clock())
        return [Person.second_factor.set(found.as_json())] if used else None

    try:
        change(person, decide, correlation_id=correlation_id)
    except NotSignedIn:
        return None
    return used


def _spent(
    factor: SecondFactor, code: str, *, key: str, person_id: str, at: datetime
) -> tuple[SecondFactor, Used | None]:
    """What is left of a second factor after this code, and which kind it was; None where it is no code of it."""
    number = period_of(secret(key=key, person_id=person_id, nonce=factor.nonce), code, now=at, last=factor.last)
    if number is not None:
        return replace(factor, last=number), "totp"
    shown = hashed(code, key=key, person_id=person_id)
    left = tuple(kept for kept in factor.recovery if not hmac.compare_digest(kept, shown))
    if len(left) < len(factor.recovery):
        return replace(factor, recovery=left), "recovery"
    return factor, None
