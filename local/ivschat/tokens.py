"""Chat tokens: each opens one connection, once, within a minute.

AWS's are encrypted and say all themselves; these are random names of what this process remembers. To a client both are
opaque, and what another process, another room or nobody made opens nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.core.clock import Clock

VALID = timedelta(minutes=1)


class Grant(NamedTuple):
    """What a token's holder is and may: in the room as `user_id` until `session_until`."""

    user_id: str
    attributes: Mapping[str, str]
    capabilities: frozenset[str]
    session_until: datetime


class Made(NamedTuple):
    token: str
    expires_at: datetime


class Tokens:
    """The tokens that nobody has used yet. They are kept as digests, so that what reads memory or a dump gets none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[bytes, tuple[datetime, Grant]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def make(self, grant: Grant) -> Made:
        self._forget_expired()
        token = secrets.token_urlsafe(48)
        expires_at = self._clock() + VALID
        self._waiting[_digest(token)] = (expires_at, grant)
        return Made(token, expires_at)

    def redeem(self, token: str) -> Grant | None:
        """What the token grants, for the first who shows it in time; None for everyone else."""
        expires_at, grant = self._waiting.pop(_digest(token), (None, None))
        return grant if expires_at and self._clock() < expires_at else None

    def _forget_expired(self) -> None:
        # All live equally long, so the oldest come first.
        while self._waiting:
            oldest = next(iter(self._waiting))
            if self._clock() < self._waiting[oldest][0]:
                return
            del self._waiting[oldest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
