"""What somebody reads, writes and keeps in the chat that is not theirs (any more)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from lambdas.core.entitlements import ANY_TIER, MEMBERSHIP
from lambdas.features.chat import emotes, history
from lambdas.features.chat.models import Act
from lambdas.features.live.ledger import Desk, settle
from lambdas.features.live.models import Show
from lambdas.features.overlays.api import SESSION_MINUTES
from lambdas.platform import entitlements
from lambdas.platform.broadcast import CHANNEL, Broadcast, broadcast
from lambdas.platform.ivschat import ChatToken
from lambdas.platform.people import Person
from tests.features.live.live_platform import Live, PlayedChannel, PlayedRoom, PlayedSleepers
from tests.people import a_person
from tests.platform_under_test import MEDIA_BUCKET, Answer, PlatformUnderTest

ID = "aBcDeFgHiJkL"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    history._kept = None
    emotes.forget_kept()
    yield
    history._kept = None


class HostilesRoom(PlayedRoom):
    """A room with a log, that notes what it is asked for."""

    arn, endpoint = "room", "wss://chat.example"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.minutes: list[int] = []
        self.deleted: list[str] = []

    def token(self, user_id: str, *, minutes: int, **_: Any) -> ChatToken:
        self.minutes.append(minutes)
        now = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
        return ChatToken("t0ken", now, now)

    def delete_message(self, message_id: str, *, reason: str) -> None:
        self.deleted.append(message_id)

    def logged(self, *, since: datetime, page: int = 1000) -> Iterator[dict[str, Any]]:
        return (line for line in reversed(self.lines) if line["event_timestamp"] >= since.isoformat())

    def says(self, content: str, *, at: datetime, sender: str = "per_1", id: str = ID) -> None:
        who = {"UserId": sender, "Attributes": {"name": "Ada", "role": "fan"}}
        said = {"Type": "MESSAGE", "Id": id, "Content": content, "SendTime": at.isoformat(), "Sender": who}
        self.lines.append({"event_timestamp": at.isoformat(), "type": "MESSAGE", "version": "1.0", "payload": said})


@pytest.fixture
def room(platform: PlatformUnderTest) -> HostilesRoom:
    made = HostilesRoom()
    vars(platform.services).update(room=made)
    return made


def on_air(platform: PlatformUnderTest, **fields: Any) -> None:
    row = {"show_id": "shw_1", "stream_id": "st-1", "live_since": platform.clock(), "version": 1}
    Broadcast(CHANNEL, **{**row, **fields}).save()


def ask(
    platform: PlatformUnderTest, who: Person | None, path: str, body: Any = None, *, method: str = "POST"
) -> Answer:
    cookies = platform.sign_in(who.id) if who is not None else None
    headers = {"origin": f"https://{platform.creator.domain}"}
    sent = None if method == "GET" else (body or {})
    return platform.call(method, f"/api/chat/{path}", json_body=sent, cookies=cookies, headers=headers)


def end_by_hand(desk: Desk) -> None:
    desk.books = desk.books._replace(cuts=(*desk.books.cuts, desk.now))


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_members_said_among_themselves_is_not_in_the_history_of_the_next_show(
    platform: PlatformUnderTest, room: HostilesRoom, by_hand: bool
) -> None:
    """Also not what they said while the stream could still have come back."""
    boto3.client("s3").create_bucket(
        Bucket=MEDIA_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    live = Live(platform=platform, channel=PlayedChannel(), sleepers=PlayedSleepers(), room=room)
    vars(platform.services).update(channel=live.channel, sleepers=live.sleepers)
    live.start("st-1")
    (show,) = Show.scan()
    settle(platform.services, lambda desk: setattr(desk.show(show.id), "audience", "members"))
    assert broadcast().rule.audience == "members"
    platform.clock.forward(minutes=10)
    room.says("only for us", at=platform.clock(), id="aBcDeFgHiJk1")
    if by_hand:
        settle(platform.services, end_by_hand)
    live.stop("st-1")
    platform.clock.forward(minutes=1)
    room.says("are you still there", at=platform.clock(), id="aBcDeFgHiJk2")
    platform.clock.forward(minutes=5)
    live.start("st-2")
    assert broadcast().rule.audience == "everyone"
    platform.clock.forward(seconds=10)
    room.says("welcome all", at=platform.clock(), id="aBcDeFgHiJk3")
    seen = [one["content"] for one in ask(platform, None, "history", method="GET").json["messages"]]
    assert seen == ["welcome all"]


def test_who_reads_by_a_session_of_a_wider_show_is_asked_again_soon(
    platform: PlatformUnderTest, room: HostilesRoom
) -> None:
    """A reader who never asked to play, and a guest, are on no list by which they could be sent out."""
    on_air(platform)
    assert ask(platform, None, "token").status == 200
    assert ask(platform, a_person(platform), "token").status == 200
    on_air(platform, audience="signed-in", version=2)
    assert ask(platform, a_person(platform), "token").status == 200
    assert max(room.minutes) <= 15
    on_air(platform, audience="members", version=3)
    assert [ask(platform, who, "token").status for who in (None, a_person(platform))] == [401, 403]


def test_nobody_is_a_member_for_longer_than_they_are_by_a_token_of_an_open_show(
    platform: PlatformUnderTest, room: HostilesRoom
) -> None:
    """`role` in a token opens members-only mode and links for members."""
    on_air(platform)
    fan, now = a_person(platform), platform.clock()
    entitlements.given(
        fan.id,
        kind=MEMBERSHIP,
        of=ANY_TIER,
        source="test",
        since=now - timedelta(days=1),
        until=now + timedelta(minutes=4),
    ).save()
    assert ask(platform, fan, "token").json["me"]["role"] == "member"
    assert room.minutes == [4]


def test_a_moderator_puts_no_words_into_anybodys_mouth(platform: PlatformUnderTest, room: HostilesRoom) -> None:
    on_air(platform)
    rogue = a_person(platform, role="moderator")
    forged = {"id": ID, "content": "Send me your money", "name": "Kasper"}
    assert ask(platform, rogue, "pin", forged).status == 422
    answer = ask(platform, rogue, "pin", {"id": ID})
    assert (answer.status, answer.json["code"]) == (409, "not_logged_yet")
    assert ask(platform, None, "room", method="GET").json["pinned"] is None
    room.says("hello", at=platform.clock())
    assert ask(platform, rogue, "pin", {"id": ID}).json == {"id": ID, "content": "hello", "name": "Ada"}


@pytest.mark.parametrize("id", ["x", "a" * 64, "%3Cscript%3E", "aBcDeFgHiJk-"])
def test_a_moderator_keeps_the_worker_busy_with_no_message_that_cannot_be(
    platform: PlatformUnderTest, room: HostilesRoom, id: str
) -> None:
    """IVS Chat refuses such an id each time, and each try holds up everybody else's moderation."""
    on_air(platform)
    answer = ask(platform, a_person(platform, role="moderator"), f"messages/{id}/delete")
    assert answer.status == 404
    assert room.deleted == []
    assert list(Act.scan()) == []


def test_a_source_of_a_replaced_address_hears_the_room_for_minutes_at_most() -> None:
    """A token that was made before the address was replaced can open its connection after everybody was sent out."""
    assert SESSION_MINUTES <= 15
