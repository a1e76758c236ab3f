"""Identifiers: a short prefix that says what it names, and a ULID (sortable by time of birth)."""

import hashlib
import hmac
from datetime import datetime

from ulid import ULID


def new_id(prefix: str, *, at: datetime) -> str:
    """A fresh id such as `msg_01J9…`, sorting by `at` (milliseconds)."""
    return f"{prefix}_{ULID.from_datetime(at)}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts, for ever: what makes a repeated write find the first one.

    256 bits of SHA-256 cut to the 128 of a ULID; parts are length-prefixed, so ("ab", "c") and
    ("a", "bc") differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return f"{prefix}_{ULID.from_bytes(digest.digest()[:16])}"


def pseudonym(who: str, *, key: str) -> str:
    """A name for someone that only the holder of `key` can lead back to them: 128 bits of HMAC-SHA-256, hexadecimal."""
    return hmac.new(key.encode(), who.encode(), hashlib.sha256).hexdigest()[:32]
