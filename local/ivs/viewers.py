"""Playback sessions: who watches, and who may not any more."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from local.ivs.channel import Stream
from local.ivs.state import Store
from local.ivs.tokens import BadToken, Token

SESSIONS_KEPT = 5_000
FORGOTTEN_AFTER_SECONDS = 300.0
"""A player that asked for nothing for so long begins anew."""

REVOCATIONS_KEPT = 10_000

_FILE = "revoked.json"


@dataclass(kw_only=True)
class Session:
    """One player's playback, begun with a token."""

    id: str = field(repr=False)
    stream: Stream
    token: Token
    asked: float
    """When it asked for something last."""


class Viewers:
    """`now` is seconds since 1970 everywhere."""

    def __init__(self, store: Store, *, counted: float) -> None:
        """`counted`: who asked within so many seconds is watching."""
        self._store, self._counted = store, counted
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._used: dict[str, float] = {}
        kept = store.read(_FILE) or {}
        self._revoked: dict[str, int] = {viewer: int(version) for viewer, version in kept.items()}

    def open(self, token: Token, stream: Stream, *, now: float) -> Session:
        """A new session; BadToken where the token was used before, or its viewer's sessions were revoked."""
        self._forget(now)
        if self._is_revoked(token):
            raise BadToken("its viewer's sessions were revoked")
        if token.once is not None:
            if token.once in self._used:
                raise BadToken("it was used before")
            self._used[token.once] = token.expires
        session = Session(id=secrets.token_urlsafe(24), stream=stream, token=token, asked=now)
        self._sessions[session.id] = session
        return session

    def find(self, identifier: str, *, now: float) -> Session | None:
        """The session, None where there is none or it has ended. It counts as watching from now on."""
        session = self._sessions.get(identifier)
        if session is None or now - session.asked > FORGOTTEN_AFTER_SECONDS:
            return None
        session.asked = now
        self._sessions.move_to_end(identifier)
        return session

    def revoke(self, viewer: str, *, version: int) -> None:
        """End the viewer's sessions up to this version at once, and let none of their tokens begin another."""
        self._revoked[viewer] = max(version, self._revoked.get(viewer, 0))
        while len(self._revoked) > REVOCATIONS_KEPT:
            del self._revoked[next(iter(self._revoked))]
        self._store.write(_FILE, self._revoked)
        for session in [each for each in self._sessions.values() if self._is_revoked(each.token)]:
            del self._sessions[session.id]

    def count(self, stream: Stream, *, now: float) -> int:
        watching = (each for each in self._sessions.values() if now - each.asked <= self._counted)
        return sum(session.stream is stream for session in watching)

    def _is_revoked(self, token: Token) -> bool:
        return token.viewer is not None and token.version <= self._revoked.get(token.viewer, -1)

    def _forget(self, now: float) -> None:
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if len(self._sessions) < SESSIONS_KEPT and now - oldest.asked <= FORGOTTEN_AFTER_SECONDS:
                break
            del self._sessions[oldest.id]
        for once in [once for once, expires in self._used.items() if expires <= now]:
            del self._used[once]
