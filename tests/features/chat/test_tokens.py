"""Who gets into the chat, as whom, for how long, and what they may do there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.features.chat.models import BANNED_UNTIL, ROOM, ChatPerson, ChatRoom, Emote, milliseconds
from lambdas.platform.broadcast import CHANNEL, Broadcast
from lambdas.platform.ivschat import ChatToken
from lambdas.platform.limits import Hits
from lambdas.platform.people import Person
from tests.features.chat.conftest import ask, make_member, on_air
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest


@pytest.fixture
def made(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What IVS Chat was asked for tokens."""
    asked: list[dict[str, Any]] = []
    now = platform.clock()

    def token(user_id: str, **how: Any) -> ChatToken:
        asked.append({"user_id": user_id, **how})
        return ChatToken("t0ken", now + timedelta(minutes=1), now + timedelta(minutes=how["minutes"]))

    monkeypatch.setattr(platform.services.room, "token", token)
    return asked


@pytest.fixture
def fan(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Fia Fan")


def refused(platform: PlatformUnderTest, who: Person | None) -> tuple[int, str]:
    answer = ask(platform, who, "token")
    assert ask(platform, who, "history", method="GET").status == answer.status
    assert ask(platform, who, "room", method="GET").status == answer.status
    return answer.status, answer.json["code"]


def test_guests_read_and_have_another_name_each_time(platform: PlatformUnderTest, made: list[dict[str, Any]]) -> None:
    on_air(platform)
    first, second = ask(platform, None, "token").json, ask(platform, None, "token").json
    assert first["me"]["id"].startswith("guest_")
    assert first["me"]["id"] != second["me"]["id"]
    assert (first["me"]["role"], first["me"]["may_send"], first["me"]["why_not"]) == ("guest", False, "sign_in")
    assert made[0] == {
        "user_id": first["me"]["id"],
        "attributes": {"role": "guest"},
        "capabilities": (),
        "minutes": 15,
    }
    assert first["token"] == "t0ken"
    assert first["endpoint"] == platform.services.room.endpoint


@pytest.mark.parametrize(
    ("role", "expected", "moderator"),
    [(None, "fan", False), ("member", "member", False), ("editor", "team", False), ("moderator", "team", True)],
)
def test_a_token_says_what_somebody_is_and_lets_nobody_delete_or_disconnect(
    platform: PlatformUnderTest, made: list[dict[str, Any]], role: str | None, expected: str, moderator: bool
) -> None:
    on_air(platform)
    who = a_person(platform, name="Some One", role=None if role == "member" else role)
    if role == "member":
        make_member(platform, who)
    me = ask(platform, who, "token").json["me"]
    assert (me["id"], me["name"], me["role"], me["moderator"]) == (who.id, "Some One", expected, moderator)
    assert made[0]["capabilities"] == ("SEND_MESSAGE",)
    assert made[0]["attributes"] == {"name": "Some One", "role": expected} | ({"moderator": "1"} if moderator else {})


def test_the_longest_name_fits_into_a_token(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform)
    fan.name = "👩‍👩‍👧‍👦" * 60
    fan.save()
    assert ask(platform, fan, "token").status == 200
    assert sum(len(f"{name}{value}".encode()) for name, value in made[0]["attributes"].items()) < 1000


@pytest.mark.parametrize("before", [{}, {"show_id": None, "stream_id": None}])
def test_there_is_no_chat_where_nothing_is_on_or_near(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person, before: dict[str, Any]
) -> None:
    if before:
        on_air(platform, **before)
    assert refused(platform, fan) == (409, "chat_closed")
    assert refused(platform, None) == (409, "chat_closed")
    assert made == []


def test_the_chat_opens_half_an_hour_before_a_show_and_waits_an_hour_for_it(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    now = platform.clock()
    Broadcast(CHANNEL, next_at=now + timedelta(minutes=31), version=1).save()
    statuses = []
    for minutes in (0, 1, 30, 59, 2):
        platform.clock.forward(minutes=minutes)
        statuses.append(ask(platform, fan, "token").status)
    assert statuses == [409, 200, 200, 200, 409]


def test_the_chat_stays_open_while_the_stream_may_come_back(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform, stream_id=None, lost_at=platform.clock())
    assert ask(platform, fan, "token").status == 200


def test_the_chat_follows_the_shows_rule(platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person) -> None:
    on_air(platform, audience="signed-in")
    assert refused(platform, None) == (401, "not_signed_in")
    assert ask(platform, fan, "token").status == 200
    on_air(platform, audience="members", version=2)
    assert refused(platform, fan) == (403, "members_only")
    on_air(platform, audience="members", tiers=["gold"], version=3)
    assert ask(platform, a_person(platform, role="support"), "token").status == 200
    make_member(platform, fan, until=platform.clock() - timedelta(hours=1))
    assert refused(platform, fan) == (403, "ended")


def test_a_session_ends_with_what_lets_one_in(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform, audience="members")
    make_member(platform, fan, until=platform.clock() + timedelta(minutes=7, seconds=59))
    assert ask(platform, fan, "token").status == 200
    assert made[-1]["minutes"] == 7
    platform.clock.forward(minutes=7)
    # What is shorter than the shortest session is none.
    answer = ask(platform, fan, "token")
    assert (answer.status, answer.json["code"], len(made)) == (403, "ended", 1)


def test_a_session_ends_where_the_next_shows_chat_begins(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform, next_at=platform.clock() + timedelta(minutes=39))
    ask(platform, fan, "token")
    assert made[-1]["minutes"] == 9


def test_who_pauses_or_is_banned_reads_and_is_told_why(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform)
    until = platform.clock() + timedelta(minutes=5)
    ChatPerson(fan.id, muted_until=milliseconds(until), version=1).save()
    me = ask(platform, fan, "token").json["me"]
    assert (me["may_send"], me["why_not"]) == (False, "muted")
    assert me["muted_until"].startswith(f"{until:%Y-%m-%dT%H:%M:%S}")
    ChatPerson(fan.id, muted_until=BANNED_UNTIL, banned=True, version=2).save()
    me = ask(platform, fan, "token").json["me"]
    assert (me["may_send"], me["why_not"], me["muted_until"]) == (False, "banned", None)
    assert [one["capabilities"] for one in made] == [(), ()]


def test_a_token_comes_with_how_the_room_is_set(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform)
    now = platform.clock()
    old = {
        "id": "a",
        "content": "of another show",
        "name": "x",
        "sender": "",
        "by": "",
        "at": "2026-01-01T00:00:00+00:00",
    }
    ChatRoom(ROOM, slow_seconds=10, links="team", team_badge=False, version=3, pinned=old).save()
    Emote(ROOM, "wave", picture="/media/public/emotes/a.webp", by="per_1", added_at=now, for_members=True).save()
    Emote(ROOM, "late", upload="incoming/x", by="per_1", added_at=now).save()
    assert ask(platform, fan, "token").json["room"] == {
        "slow_seconds": 10,
        "members_only": False,
        "links": "team",
        "badges": {"team": False, "member": True},
        "pinned": None,
        "emotes": [{"name": "wave", "url": "/media/public/emotes/a.webp", "members_only": True}],
        "settable": False,
    }


def test_tokens_are_counted_by_person_and_guests_by_address(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person
) -> None:
    on_air(platform)
    statuses = []
    for _ in range(61):
        platform.clock.forward(seconds=1)
        statuses.append(ask(platform, fan, "token").status)
    assert statuses == [200] * 60 + [429]
    assert ask(platform, None, "token").status == 200
    assert len(list(Hits.scan())) >= 2


def test_ivs_that_is_busy_is_said_to_come_back(platform: PlatformUnderTest, fan: Person) -> None:
    on_air(platform)

    class Busy:
        def create_chat_token(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "CreateChatToken")

    platform.services.room._client = Busy()  # type: ignore[assignment]
    answer = ask(platform, fan, "token")
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]


def test_a_token_asked_for_while_somebody_is_banned_is_worth_nothing_afterwards(
    platform: PlatformUnderTest, made: list[dict[str, Any]], fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first: the token cannot send, or the ban is in the table that the review asks about each message."""
    on_air(platform)
    moderator = a_person(platform, role="moderator")
    monkeypatch.setattr(platform.services.room, "disconnect", lambda *a, **k: None)
    with ThreadPoolExecutor(4) as pool:
        tokens = [pool.submit(ask, platform, fan, "token") for _ in range(6)]
        ban = pool.submit(ask, platform, moderator, f"people/{fan.id}/ban")
        assert ban.result().status == 200
        assert {token.result().status for token in tokens} == {200}
    assert ChatPerson.get(fan.id).muted_until == BANNED_UNTIL
    assert ask(platform, fan, "token").json["me"]["why_not"] == "banned"
