"""The secret in an overlay's address: derived, so that it can be shown again, and known by its digest, so that no key must last.

A secret is the HMAC-SHA256 of a random nonce under the session key, 256 bits. The row keeps the nonce and the secret's
SHA-256: who reads the table has no address, and an address outlives a rotation of the key. After two rotations it still
works and can no longer be shown; a new one can be made then.
"""

import base64
import hashlib
import hmac
import secrets
from typing import NamedTuple

from lambdas.core.errors import NotFound, PreconditionFailed
from lambdas.features.overlays.models import ADDRESS, Overlay, row
from lambdas.platform import audit
from lambdas.platform.keys import Keys
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

LENGTH = 43
"""256 bits in the alphabet of addresses."""


class Address(NamedTuple):
    """`secret` is empty where it works and cannot be shown any more, `version` 0 where there is none yet."""

    version: int = 0
    secret: str = ""


def address(keys: Keys) -> Address:
    """The address as it is, for those who may see it."""
    found = row(ADDRESS)
    if found is None:
        return Address()
    derived = (_secret(found.nonce, key) for key in keys.current_and_previous("session"))
    shown = next((one for one in derived if hmac.compare_digest(digest(one), found.digest)), "")
    return Address(version=int(found.version), secret=shown)


def known(secret: str) -> Overlay:
    """The row of the address with this secret; NotFound for every other one."""
    found = row(ADDRESS) if len(secret) == LENGTH else None
    if found is None or not hmac.compare_digest(digest(secret), found.digest):
        raise NotFound("There is no overlay at this address.", fix="Copy its address from the studio again.")
    return found


def renew(visit: Visit, *, seen: int) -> Address:
    """A new address, the first or in place of one; the one before opens nothing from now on.

    PreconditionFailed where somebody else has made another since version `seen`.
    """
    services, now = visit.services, visit.services.clock()
    nonce = secrets.token_urlsafe(32)
    secret = _secret(nonce, services.keys.current_and_previous("session")[0])
    fresh = Overlay(
        ADDRESS,
        version=seen + 1,
        nonce=nonce,
        digest=digest(secret),
        changed_by=visit.person.id,
        changed_at=now,
        correlation_id=visit.correlation_id,
    )
    action = "overlays.address.renewed" if seen else "overlays.address.made"
    entry = audit.entry(visit, action, ADDRESS, before={"version": seen}, after={"version": seen + 1})

    def write() -> None:
        with transaction(Overlay) as together:
            together.save(fresh, condition=(Overlay.version == seen) if seen else Overlay.id.does_not_exist())
            together.save(entry)

    try:
        repeated(write)
    except NotWritten:
        raise PreconditionFailed(fix="Look at the address that stands now, then decide again.") from None
    return Address(version=seen + 1, secret=secret)


def reader_of(secret_digest: str) -> str:
    """As whom the sources of an address are in the chat room: all of one address are one, so that all can be cut off."""
    return f"overlay_{secret_digest[:24]}"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _secret(nonce: str, key: str) -> str:
    mac = hmac.new(key.encode(), f"overlay:{nonce}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
