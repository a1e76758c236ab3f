"""A show with its chat: the platform, the local room that real clients talk to, and people in it."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lambdas.core.entitlements import ANY_TIER, MEMBERSHIP
from lambdas.features.chat import emotes, history
from lambdas.handlers.chat_review import Reviewer
from lambdas.platform import entitlements
from lambdas.platform.audit import AuditEntry
from lambdas.platform.broadcast import CHANNEL, Broadcast
from lambdas.platform.people import Person
from local.ivschat.log import ChatLog
from tests.local.ivschat.chatting import Chat
from tests.local.ivschat.chatting import Person as Connected
from tests.local.requests_here import Served, wait_until
from tests.platform_under_test import CHAT_LOG, ROOM_ARN, Answer, PlatformUnderTest, start_platform


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    """At the moment it really is: the room's log and its review go by the real clock."""
    platform = start_platform()
    platform.clock.moment = datetime.now(UTC).replace(microsecond=0)
    boto3.client("logs").create_log_group(logGroupName=CHAT_LOG)
    return platform


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What a function keeps between requests is another one's."""
    history._kept = None
    emotes.forget_kept()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A platform and its room. `log` is what the room writes to."""

    platform: PlatformUnderTest
    chat: Chat
    log: ChatLog

    def token(self, who: Person | None = None) -> Answer:
        return ask(self.platform, who, "token")

    def enter(self, who: Person | None = None) -> Connected:
        """Come in by a token that the platform gave."""
        return self.connect(self.token(who).json["token"])

    def connect(self, token: str) -> Connected:
        return Connected(self.chat.open(token))

    def says(self, who: Connected, text: str) -> str:
        """Have somebody say something, and the log know it; the message's id."""
        heard = who.answer(text)
        assert heard["Type"] == "MESSAGE", heard
        assert self.log.flush()
        self.platform.clock.moment = datetime.now(UTC)
        return str(heard["Id"])

    def history(self, who: Person | None = None) -> list[str]:
        """What a newcomer is shown, from a function that has kept nothing."""
        assert self.log.flush()
        history._kept = None
        answer = ask(self.platform, who, "history", method="GET")
        assert answer.status == 200, answer.body
        return [message["content"] for message in answer.json["messages"]]

    def empty(self) -> None:
        """Until nobody is connected any more."""
        wait_until(lambda: not self.chat.app.room.connections)


@pytest.fixture
def scene(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A show that is on, its room with the real review, logging to CloudWatch."""
    reviewer = Reviewer({**os.environ, "PRISM_CREATOR": platform.creator.id})

    async def review(invocation: Mapping[str, Any]) -> Any:
        return await asyncio.to_thread(reviewer.review, invocation)

    log = ChatLog(group=CHAT_LOG, room=ROOM_ARN)
    with ExitStack() as stack:
        stack.callback(reviewer.store.close)
        served = Served()
        stack.callback(served.stop)
        chat = Chat.start(
            served,
            arn=ROOM_ARN,
            review=review,
            review_seconds=10,
            log=log,
            clock=lambda: datetime.now(UTC),
        )
        stack.callback(log.stop)
        stack.callback(chat.opened.close)
        platform.services.room.endpoint = chat.url
        platform.services.room._client = chat.client()
        on_air(platform)
        yield Scene(platform=platform, chat=chat, log=log)


def on_air(platform: PlatformUnderTest, **fields: Any) -> None:
    """A show that has been on for ten minutes."""
    row = {
        "show_id": "shw_1",
        "stream_id": "st-1",
        "live_since": platform.clock() - timedelta(minutes=10),
        "version": 1,
    }
    Broadcast(CHANNEL, **{**row, **fields}).save()


def ask(
    platform: PlatformUnderTest, who: Person | None, path: str, body: Any = None, *, method: str = "POST"
) -> Answer:
    """One request below /api/chat/."""
    cookies = platform.sign_in(who.id) if who is not None else None
    headers = {"origin": f"https://{platform.creator.domain}"}
    sent = None if method == "GET" else (body or {})
    return platform.call(method, f"/api/chat/{path}", json_body=sent, cookies=cookies, headers=headers)


def make_member(platform: PlatformUnderTest, who: Person, *, until: datetime | None = None) -> None:
    entitlements.given(
        who.id, kind=MEMBERSHIP, of=ANY_TIER, source="test", since=platform.clock() - timedelta(days=1), until=until
    ).save()


@pytest.fixture
def told(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the room was told; it takes everything."""
    heard: list[tuple[Any, ...]] = []
    room = platform.services.room
    monkeypatch.setattr(room, "send_event", lambda name, attributes: heard.append((name, dict(attributes))))
    monkeypatch.setattr(room, "delete_message", lambda id, reason: heard.append(("delete", id)))
    monkeypatch.setattr(room, "disconnect", lambda user, reason: heard.append(("disconnect", user, reason)))
    monkeypatch.setattr(room, "logged", lambda since, page=1000: iter(()))
    on_air(platform)
    return heard


def logged(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch, *lines: tuple[str, str, str]) -> None:
    """The room's log, the oldest first: (id, sender, content)."""
    at = platform.clock().isoformat().replace("+00:00", "Z")
    made = [
        {
            "event_timestamp": at,
            "type": "MESSAGE",
            "version": "1.0",
            "payload": {
                "Type": "MESSAGE",
                "Id": id,
                "Content": content,
                "SendTime": at,
                "Sender": {"UserId": sender, "Attributes": {"name": "Somebody", "role": "fan"}},
            },
        }
        for id, sender, content in lines
    ]
    monkeypatch.setattr(platform.services.room, "logged", lambda since, page=1000: iter(made[::-1]))


def entries() -> list[tuple[str, str, Any]]:
    rows = sorted(AuditEntry.scan(), key=lambda row: row.id)
    return [(row.action, row.subject, json.loads(row.after)) for row in rows if row.action.startswith("chat.")]
