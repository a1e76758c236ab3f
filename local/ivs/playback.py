"""Playback by HLS: a token opens a session, whose addresses give the playlist, its segments and its parts."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from local.ivs.channel import Channel
from local.ivs.playlists import live_playlist, main_playlist
from local.ivs.tokens import BadToken, Token, Verifier
from local.ivs.viewers import Session, Viewers
from local.ivs.window import Window
from local.loopback import Scope

SESSION_PATH = "/v1/"
HOLD_TARGETS = 3
"""Target durations for which a request for what is not there yet is held."""

AHEAD_MOST = 2
"""Segments that somebody may ask for in advance."""

PLAYLIST, MEDIA = "application/vnd.apple.mpegurl", "video/mp4"
_FILE = re.compile(
    r"(?P<session>[\w-]{8,64})/(?:(?P<list>index\.m3u8)|init(?P<init>\d{1,6})\.mp4|(?P<segment>\d{1,9})(?:\.(?P<part>\d{1,5}))?\.m4s)"
)
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    kind: str = "text/plain"


FORBIDDEN, NOT_FOUND, BAD_REQUEST = Answer(403), Answer(404), Answer(400)


@dataclass(frozen=True, kw_only=True)
class Playback:
    """An ASGI app for the playback URL and what it leads to."""

    channel: Channel
    viewers: Viewers
    verifier: Verifier
    path: str

    def serves(self, path: str) -> bool:
        return path == self.path or path.startswith(SESSION_PATH)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """The guard in front has let through only our own sites' origins and programs without one."""
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        origin = headers.get("origin")
        if scope["method"] == "OPTIONS":
            await _send(send, Answer(204), origin or "null", preflight=True)
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await _send(send, Answer(405), origin)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["path"] == self.path:
            answer, allowed = self._begin(query, origin)
        else:
            answer, allowed = await self._go_on(scope["path"].removeprefix(SESSION_PATH), query, origin)
        await _send(send, answer, allowed, head=scope["method"] == "HEAD")

    def _begin(self, query: Mapping[str, list[str]], origin: str | None) -> tuple[Answer, str | None]:
        now = time.time()
        try:
            token = self.verifier.read(query.get("token", [""])[0], now=now)
            if origin is not None and not token.allows(origin):
                return FORBIDDEN, None
            if token.strict and not token.allows(origin):
                return FORBIDDEN, None
            stream = self.channel.live
            if stream is None:
                return NOT_FOUND, _allowed(token, origin)
            session = self.viewers.open(token, stream, now=now)
        except BadToken:
            return FORBIDDEN, origin
        text = main_playlist(stream.window, variant=f"{SESSION_PATH}{session.id}/index.m3u8")
        return Answer(200, text.encode(), PLAYLIST), _allowed(token, origin)

    async def _go_on(self, path: str, query: Mapping[str, list[str]], origin: str | None) -> tuple[Answer, str | None]:
        asked = _FILE.fullmatch(path)
        session = self._session(asked["session"]) if asked else None
        if asked is None or session is None:
            return FORBIDDEN, origin
        if session.token.strict and not session.token.allows(origin):
            return FORBIDDEN, None
        window = session.stream.window
        if asked["list"]:
            answer = await _playlist(window, query)
        elif asked["init"]:
            epoch = window.epochs.get(int(asked["init"]))
            answer = Answer(200, epoch.init, MEDIA) if epoch else NOT_FOUND
        else:
            answer = await _media(window, int(asked["segment"]), int(asked["part"]) if asked["part"] else None)
        # It may have been held for seconds, and the session may have been revoked meanwhile.
        if self._session(session.id) is None:
            return FORBIDDEN, origin
        return answer, _allowed(session.token, origin)

    def _session(self, identifier: str) -> Session | None:
        return self.viewers.find(identifier, now=time.time())


async def _playlist(window: Window, query: Mapping[str, list[str]]) -> Answer:
    numbers = {}
    for name in ("_HLS_msn", "_HLS_part"):
        if name in query:
            if not _NUMBER.fullmatch(query[name][0]):
                return BAD_REQUEST
            numbers[name] = int(query[name][0])
    if "_HLS_part" in numbers and "_HLS_msn" not in numbers:
        return BAD_REQUEST
    if "_HLS_msn" in numbers:
        if numbers["_HLS_msn"] > window.next_part[0] + AHEAD_MOST:
            return BAD_REQUEST
        # Where nothing comes, as from a publisher that is away, the player gets the list as it is and asks again.
        seconds = HOLD_TARGETS * window.target_seconds
        await window.wait_for(numbers["_HLS_msn"], numbers.get("_HLS_part"), seconds=seconds)
    return Answer(200, live_playlist(window).encode(), PLAYLIST)


async def _media(window: Window, number: int, part: int | None) -> Answer:
    # The part that was announced to come next is held back until it is there.
    if (number, part) == window.next_part:
        await window.wait_for(number, part, seconds=HOLD_TARGETS * window.target_seconds)
    segment = window.segment(number)
    if segment is None or (part is None and not segment.done):
        return NOT_FOUND
    if part is None:
        return Answer(200, segment.data, MEDIA)
    return Answer(200, segment.parts[part].data, MEDIA) if part < len(segment.parts) else NOT_FOUND


def _allowed(token: Token, origin: str | None) -> str | None:
    """The origin to allow: the one that asks, or any, as the token has it."""
    if "*" in token.origins:
        return "*"
    return origin if origin is not None and token.allows(origin) else None


async def _send(send: Any, answer: Answer, allowed: str | None, *, head: bool = False, preflight: bool = False) -> None:
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Origin"),
    ]
    if allowed is not None:
        headers.append((b"access-control-allow-origin", allowed.encode("latin-1")))
    if preflight:
        headers.append((b"access-control-allow-methods", b"GET, HEAD"))
        headers.append((b"access-control-allow-headers", b"range"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
