"""The room: who is in it, what they send, and who hears of it.

Everything happens in one event loop, so nothing here needs a lock. What waits is bounded: a client's outgoing messages by its
backlog, the reviews under way by the rates.

Of a denied message the sender gets error 406 with the handler's `Attributes.Reason` in its text, and nobody else gets anything (IVS
Chat User Guide, docs.aws.amazon.com/ivs/latest/ChatUserGuide/chat-message-review-handler.html, Response Fields). The guide does not
say what else is in the text: here it is the reason alone, and a client should look for it inside of the text.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from local.ivschat import frames
from local.ivschat.connection import Connection
from local.ivschat.frames import Refused, Request
from local.ivschat.limits import Rate
from local.ivschat.review import ReviewFailed
from local.ivschat.settings import AWS_REVIEW_SECONDS, ChatSettings
from local.ivschat.tokens import Grant, Made, Tokens

log = logging.getLogger("prism.chat")

ACCOUNT_RATES = {"DELETE_MESSAGE": 100, "DISCONNECT_USER": 100, "SEND_EVENT": 100}
"""Requests a second of one account, by clients and by the control plane together (IVS Chat service quotas)."""

DENIED = "Message was rejected during review"
REFUSED_PAUSE_SECONDS = 0.01
"""For so long nothing is read from who was just refused for its pace: a flood fills its own pipe, not our time."""


class Room:
    """One chat room, as long as the process lives."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self.tokens = Tokens(settings.clock)
        self.connections: set[Connection] = set()
        self.rates = {name: Rate(limit) for name, limit in ACCOUNT_RATES.items()}
        self._messages = Rate(settings.rate)
        self._at_work: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    def make_token(
        self, user_id: str, attributes: Mapping[str, str], capabilities: frozenset[str], minutes: int
    ) -> tuple[Made, Grant]:
        session_until = self.settings.clock() + timedelta(minutes=minutes)
        grant = Grant(user_id, attributes, capabilities, session_until)
        return self.tokens.make(grant), grant

    def enter(self, connection: Connection) -> None:
        self.connections.add(connection)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._end_sessions())

    def leave(self, connection: Connection) -> None:
        self.connections.discard(connection)

    async def stop(self) -> None:
        """Let the messages at work be delivered and logged, and end."""
        if self._looking:
            self._looking.cancel()
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=self.settings.review_seconds + 1)

    async def hear(self, connection: Connection, frame: str) -> None:
        """Deal with a request: what follows goes to everyone, a fault to who asked. It never raises."""
        try:
            self._take_up(connection, frame)
        except Refused as refused:
            connection.offer(json.dumps(frames.error(refused)))
            if refused.code == 429:
                await asyncio.sleep(REFUSED_PAUSE_SECONDS)
        except Exception:
            log.exception("a request failed")
            connection.offer(json.dumps(frames.error(Refused(500, "Internal server error"))))

    def _take_up(self, connection: Connection, frame: str) -> None:
        request = frames.request_of(frame, length=self.settings.length)
        try:
            if connection.grant.session_until <= self.settings.clock():
                raise Refused(401, "The session has expired")
            if request.action not in connection.grant.capabilities:
                raise Refused(403, f"The connection has no capability {request.action}")
            if not connection.requests.take():
                raise Refused(429, f"A connection may make {connection.requests.limit} requests a second")
            if request.action == "SEND_MESSAGE":
                if not self._messages.take():
                    raise Refused(429, f"The room takes {self._messages.limit} messages a second")
                self._at_work.add(task := asyncio.create_task(self._deliver(connection, request)))
                task.add_done_callback(self._at_work.discard)
                return
            if not self.rates[request.action].take():
                raise Refused(429, f"{request.action} is taken {self.rates[request.action].limit} times a second")
        except Refused as refused:
            refused.request_id = request.request_id
            raise
        if request.action == "DELETE_MESSAGE":
            self.delete(request.target, request.reason, request_id=request.request_id)
        else:
            self.disconnect(request.target, request.reason, request_id=request.request_id)

    async def _deliver(self, connection: Connection, request: Request) -> None:
        id, at = frames.new_id(), self.settings.clock()
        try:
            content, attributes = await self._reviewed(id, connection, request)
        except Refused as refused:
            refused.request_id, refused.id = request.request_id, id
            connection.offer(json.dumps(frames.error(refused)))
            return
        if connection.expelled:
            return
        grant = connection.grant
        self.publish(
            frames.message(
                id=id,
                request=request,
                content=content,
                attributes=attributes,
                user_id=grant.user_id,
                sender=grant.attributes,
                at=at,
            )
        )

    async def _reviewed(self, id: str, connection: Connection, request: Request) -> tuple[str, Mapping[str, str]]:
        """A message's content and attributes as the review handler leaves them; Refused where it denies it."""
        review = self.settings.review
        if review is None:
            return request.content, request.attributes
        invocation = {
            "Content": request.content,
            "MessageId": id,
            "RoomArn": self.settings.arn,
            "Attributes": dict(request.attributes),
            "Sender": {
                "Attributes": dict(connection.grant.attributes),
                "UserId": connection.grant.user_id,
                "Ip": connection.ip,
            },
        }
        started = time.monotonic()
        try:
            answer = await asyncio.wait_for(review(invocation), self.settings.review_seconds)
            if (took := time.monotonic() - started) > AWS_REVIEW_SECONDS:
                log.warning("a review took %.2f s, for which IVS Chat would not have waited", took)
            return verdict(answer, length=self.settings.length)
        except Refused:
            raise
        except Exception as error:
            # Of other errors only the kind: what they say may have the message in it.
            told = f"{error}" if isinstance(error, ReviewFailed) else type(error).__name__
            log.warning("a review failed (%s): %s", told, self.settings.fallback)
        if self.settings.fallback == "DENY":
            raise Refused(406, DENIED)
        return request.content, request.attributes

    def publish(self, entity: dict[str, Any]) -> str:
        """Send a message or event to everyone, and log it; its id."""
        text = json.dumps(entity)
        for connection in tuple(self.connections):
            connection.offer(text)
        if self.settings.log:
            self.settings.log.add(entity)
        return str(entity["Id"])

    def send_event(self, name: str, attributes: Mapping[str, str]) -> str:
        return self.publish(frames.event(name, attributes, at=self.settings.clock()))

    def delete(self, message_id: str, reason: str, *, request_id: str = "") -> str:
        told = frames.deletion(message_id, reason)
        return self.publish(frames.event(frames.DELETE_MESSAGE, told, at=self.settings.clock(), request_id=request_id))

    def disconnect(self, user_id: str, reason: str, *, request_id: str = "") -> None:
        """Tell everyone that this user goes, and end all their connections."""
        told = frames.disconnection(user_id, reason)
        self.publish(frames.event(frames.DISCONNECT_USER, told, at=self.settings.clock(), request_id=request_id))
        for connection in tuple(self.connections):
            if connection.grant.user_id == user_id:
                connection.expelled = True
                connection.end("Disconnected")

    async def _end_sessions(self) -> None:
        with suppress(asyncio.CancelledError):
            while self.connections:
                await asyncio.sleep(self.settings.look_seconds)
                now = self.settings.clock()
                for connection in tuple(self.connections):
                    if connection.grant.session_until <= now:
                        connection.end("Session expired")


def verdict(answer: Any, *, length: int) -> tuple[str, Mapping[str, str]]:
    """What the handler's answer makes of a message; Refused where it is denied, ValueError where it is no answer.

    Fields and limits after the IVS Chat User Guide (chat-message-review-handler, Response Syntax). It does not say what becomes
    of attributes that the handler does not return: here they are gone, so that a handler learns to return them.
    """
    if not isinstance(answer, Mapping):
        raise ValueError("no object")
    attributes = answer.get("Attributes") or {}
    if not isinstance(attributes, Mapping) or not all(
        isinstance(each, str) for pair in attributes.items() for each in pair
    ):
        raise ValueError("Attributes")
    if frames.size_of(attributes) > frames.MAX_ATTRIBUTES_BYTES:
        raise ValueError("Attributes")
    if answer.get("ReviewResult") == "DENY":
        raise Refused(406, attributes.get("Reason") or DENIED)
    content = answer.get("Content")
    if answer.get("ReviewResult") != "ALLOW" or not isinstance(content, str) or not 1 <= len(content) <= length:
        raise ValueError("ReviewResult or Content")
    return content, attributes
