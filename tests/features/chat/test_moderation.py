"""What moderators do is done once, noted with it, never lost, and never to those who may do more than they."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdas.core.events import Change, Event
from lambdas.features.chat import events, moderation
from lambdas.features.chat.models import BANNED_UNTIL, ROOM, Act, ChatPerson, ChatRoom, milliseconds
from lambdas.features.chat.personal_data import exports, forget
from lambdas.platform.people import Person
from lambdas.platform.team import Member
from tests.features.chat.conftest import ask, entries, logged, on_air
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest

A_MESSAGE = "aBcDeFgHiJkL"


def restriction(person: Person) -> tuple[int, bool]:
    row = ChatPerson.get(person.id, consistent_read=True)
    return int(row.muted_until or 0), bool(row.banned)


@pytest.mark.parametrize("what", ["timeout", "ban", "unban"])
@pytest.mark.parametrize(
    ("actor", "target", "allowed"),
    [
        ("moderator", None, True),
        ("moderator", "support", False),
        ("moderator", "moderator", True),
        ("moderator", "manager", False),
        ("moderator", "owner", False),
        ("manager", "moderator", True),
        ("manager", "owner", False),
        ("owner", "owner", True),
    ],
)
def test_nobody_keeps_out_who_may_do_more(
    platform: PlatformUnderTest, told: list[Any], what: str, actor: str, target: str | None, allowed: bool
) -> None:
    one, other = a_person(platform, role=actor), a_person(platform, role=target)
    ChatPerson(other.id, muted_until=BANNED_UNTIL if what == "unban" else None, version=1).save()
    answer = ask(platform, one, f"people/{other.id}/{what}", {"seconds": 60} if what == "timeout" else {})
    if allowed:
        assert answer.status == 200, answer.body
        assert len(told) == len(entries()) == 1
    else:
        assert (answer.status, answer.json["code"]) == (403, "above_you")
        assert told == entries() == []


def test_nobody_keeps_themselves_out(platform: PlatformUnderTest, told: list[Any]) -> None:
    owner = a_person(platform, role="owner")
    assert ask(platform, owner, f"people/{owner.id}/ban").json["code"] == "your_own"


@pytest.mark.parametrize("role", [None, "editor", "support"])
def test_only_moderators_moderate(platform: PlatformUnderTest, told: list[Any], role: str | None) -> None:
    who, other = a_person(platform, role=role), a_person(platform)
    pinned = {"id": A_MESSAGE}
    for path, body in (
        (f"people/{other.id}/timeout", {"seconds": 60}),
        (f"people/{other.id}/ban", {}),
        (f"people/{other.id}/unban", {}),
        ("pin", pinned),
        ("unpin", {}),
        ("room", {"slow_seconds": 3}),
    ):
        assert ask(platform, who, path, body).status == 403, path
        assert ask(platform, None, path, body).status == 401, path
    assert told == []


@pytest.mark.parametrize("id", ["nobody", f"per_{'0' * 26}", "guest_abc", "room", "a" * 65])
def test_who_is_nobody_is_not_found(platform: PlatformUnderTest, told: list[Any], id: str) -> None:
    moderator = a_person(platform, role="moderator")
    for what in ("timeout", "ban", "unban"):
        status = ask(platform, moderator, f"people/{id}/{what}", {"seconds": 60} if what == "timeout" else {}).status
        assert status == (422 if len(id) > 64 else 404)
    assert list(ChatPerson.scan()) == []


@pytest.mark.parametrize(("seconds", "status"), [(9, 422), (10, 200), (1_209_600, 200), (1_209_601, 422)])
def test_a_pause_is_ten_seconds_to_two_weeks(
    platform: PlatformUnderTest, told: list[Any], seconds: int, status: int
) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    answer = ask(platform, moderator, f"people/{fan.id}/timeout", {"seconds": seconds})
    assert answer.status == status
    if status == 200:
        ends = platform.clock() + timedelta(seconds=seconds)
        assert datetime.fromisoformat(answer.json["muted_until"]) == ends
        assert restriction(fan) == (milliseconds(ends), False)


def test_a_pause_neither_shortens_nor_replaces_a_ban(platform: PlatformUnderTest, told: list[Any]) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    assert ask(platform, moderator, f"people/{fan.id}/ban", {"reason": "Threats"}).status == 200
    answer = ask(platform, moderator, f"people/{fan.id}/timeout", {"seconds": 60})
    assert (answer.status, answer.json["code"]) == (409, "banned_already")
    assert restriction(fan) == (BANNED_UNTIL, True)
    assert ChatPerson.get(fan.id).reason == "Threats"


def test_what_stands_already_is_not_done_again(platform: PlatformUnderTest, told: list[Any]) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    assert ask(platform, moderator, f"people/{fan.id}/unban").json["banned"] is False
    for _ in range(2):
        assert ask(platform, moderator, f"people/{fan.id}/ban").json["banned"] is True
    for _ in range(2):
        assert ask(platform, moderator, f"messages/{A_MESSAGE}/delete").status == 200
    assert [action for action, _, _ in entries()] == ["chat.person.banned", "chat.message.deleted"]
    assert told == [("disconnect", fan.id, "ban"), ("delete", A_MESSAGE)]


def test_what_the_review_handler_keeps_of_a_person_stays(platform: PlatformUnderTest, told: list[Any]) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    ChatPerson(fan.id).update(actions=[ChatPerson.last_at.set(1234)])
    assert ask(platform, moderator, f"people/{fan.id}/ban").status == 200
    assert ask(platform, moderator, f"people/{fan.id}/unban").status == 200
    assert ChatPerson.get(fan.id).last_at == 1234
    assert moderation.restricted_now(platform.clock()) == ()


def test_two_moderators_at_once_end_as_if_one_had_come_after_the_other(
    platform: PlatformUnderTest, told: list[Any]
) -> None:
    fan = a_person(platform)
    team = [a_person(platform, role="moderator") for _ in range(4)]
    deeds = [("ban", {}), ("timeout", {"seconds": 60}), ("ban", {}), ("timeout", {"seconds": 600})]
    with ThreadPoolExecutor(4) as pool:
        answers = [
            pool.submit(ask, platform, who, f"people/{fan.id}/{what}", body)
            for who, (what, body) in zip(team, deeds, strict=True)
        ]
        statuses = [answer.result().status for answer in answers]
    assert statuses[0] == statuses[2] == 200
    assert {statuses[1], statuses[3]} <= {200, 409}
    assert restriction(fan) == (BANNED_UNTIL, True)
    # The second ban found the first: each deed that was done is noted, told, and nothing else is.
    assert len(entries()) == len(list(Act.scan())) == 1 + statuses.count(200) - 2
    assert len(told) == len(entries())


def test_who_is_given_more_rights_at_that_moment_is_not_banned(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator, other = a_person(platform, role="moderator"), a_person(platform)
    read = moderation.person_in_chat
    met: list[str] = []

    def meanwhile(person_id: str) -> ChatPerson:
        if not met:
            met.append(person_id)
            # Another function does it, whose right it is.
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(Member(other.id, role="owner", since=platform.clock()).save).result()
        return read(person_id)

    monkeypatch.setattr(moderation, "person_in_chat", meanwhile)
    assert ask(platform, moderator, f"people/{other.id}/ban").json["code"] == "above_you"
    assert met
    assert list(Act.scan()) == []
    assert entries() == told == []


# Messages


def test_a_message_too_new_for_the_log_is_asked_for_again(platform: PlatformUnderTest, told: list[Any]) -> None:
    fan = a_person(platform)
    answer = ask(platform, fan, f"messages/{A_MESSAGE}/delete")
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (409, "not_logged_yet", "3")
    on_air(platform, show_id=None, stream_id=None)
    assert ask(platform, fan, f"messages/{A_MESSAGE}/delete").status == 404
    assert ask(platform, None, f"messages/{A_MESSAGE}/delete").status == 401
    assert told == []


def test_ones_own_message_is_deleted_after_the_show_too(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fan, other = a_person(platform), a_person(platform)
    logged(platform, monkeypatch, (A_MESSAGE, fan.id, "mine"))
    on_air(platform, show_id=None, stream_id=None)
    assert ask(platform, other, f"messages/{A_MESSAGE}/delete").json["code"] == "not_yours"
    assert ask(platform, fan, f"messages/{A_MESSAGE}/delete").status == 200
    assert told == [("delete", A_MESSAGE)]
    assert entries() == [("chat.message.deleted", A_MESSAGE, {})]


def test_history_is_there_while_the_log_is_busy_and_without_what_was_deleted_meanwhile(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    def busy(since: datetime, page: int = 1000) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GetLogEvents")

    monkeypatch.setattr(platform.services.room, "logged", busy)
    assert ask(platform, None, "history", method="GET").status == 503
    one = "aBcDeFgHiJk1"
    logged(platform, monkeypatch, (one, "per_1", "first"), ("two", "per_1", "second"))
    assert len(ask(platform, None, "history", method="GET").json["messages"]) == 2
    monkeypatch.setattr(platform.services.room, "logged", busy)
    platform.clock.forward(seconds=10)
    # Nobody waits for the log to delete what they must not leave there.
    moderator = a_person(platform, role="moderator")
    assert ask(platform, moderator, f"messages/{one}/delete").status == 200
    assert ask(platform, a_person(platform), "messages/two/delete").status == 503
    assert [one["id"] for one in ask(platform, None, "history", method="GET").json["messages"]] == ["two"]


def test_history_asks_the_log_every_three_seconds_at_most(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []

    def noted(since: datetime, page: int = 1000) -> Any:
        asked.append(since)
        return iter(())

    monkeypatch.setattr(platform.services.room, "logged", noted)
    for _ in range(4):
        assert ask(platform, None, "history", method="GET").status == 200
        platform.clock.forward(seconds=1)
    assert len(asked) == 2


def test_history_has_the_last_hundred_and_each_once(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [(f"m{number:04}", "per_1", f"number {number}") for number in range(180)]
    logged(platform, monkeypatch, *(line for line in lines for _ in range(2)))
    messages = ask(platform, None, "history", method="GET").json["messages"]
    assert [one["content"] for one in messages] == [f"number {number}" for number in range(80, 180)]
    assert messages[0]["sender"] == {"id": "per_1", "name": "Somebody", "role": "fan"}


# Settings


def test_changes_of_the_room_at_once_are_all_there(platform: PlatformUnderTest, told: list[Any]) -> None:
    team = [a_person(platform, role="moderator") for _ in range(2)]
    changes = [{"slow_seconds": 30}, {"members_only": True}]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(ask, platform, who, "room", body) for who, body in zip(team, changes, strict=True)]
        assert [answer.result().status for answer in answers] == [200, 200]
    row = ChatRoom.get(ROOM)
    assert (row.slow_seconds, row.members_only, row.version) == (30, True, 2)
    assert len(entries()) == 2


@pytest.mark.parametrize("body", [{}, {"slow_seconds": 7}, {"slow_seconds": -1}, {"words": ["x"]}, {"links": "team"}])
def test_the_quick_way_changes_what_it_is_for(
    platform: PlatformUnderTest, told: list[Any], body: dict[str, Any]
) -> None:
    assert ask(platform, a_person(platform, role="moderator"), "room", body).status == 422
    assert list(ChatRoom.scan()) == []


def test_a_change_of_the_room_is_told_and_a_note_of_the_review_is_not(platform: PlatformUnderTest) -> None:
    now = platform.clock()

    def names(old: ChatRoom | None, new: ChatRoom | None) -> list[str]:
        change = Change(table="chat-room", old=old, new=new, at=now, sequence="1")
        return [event.name for event in events.of_the_room(change)]

    before, after = ChatRoom(ROOM, version=1), ChatRoom(ROOM, version=2, pinned={"id": "a"})
    assert names(None, before) == ["chat.settings.changed"]
    assert names(before, after) == ["chat.settings.changed", "chat.pin.changed"]
    assert names(after, ChatRoom(ROOM, version=2, pinned={"id": "a"}, emote_names={"wave"})) == []
    assert names(after, None) == []


# Whoever leaves


def test_what_is_known_of_a_person_is_theirs_to_see(platform: PlatformUnderTest, told: list[Any]) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    assert exports(fan.id, platform.services) == {}
    ChatPerson(fan.id).update(actions=[ChatPerson.last_at.set(1_700_000_000_000)])
    assert exports(fan.id, platform.services) == {"last_message_at": "2023-11-14T22:13:20+00:00"}
    ask(platform, moderator, f"people/{fan.id}/ban", {"reason": "Spam"})
    known = exports(fan.id, platform.services)["may_not_write"]
    assert (known["banned"], known["until"], known["reason"]) == (True, None, "Spam")


def test_who_deletes_their_account_leaves_the_room_and_what_they_said_leaves_with_them(
    platform: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator, fan = a_person(platform, role="moderator"), a_person(platform)
    logged(platform, monkeypatch, ("one", fan.id, "mine"), ("two", moderator.id, "not mine"))
    ask(platform, moderator, f"people/{fan.id}/ban")
    told.clear()
    with platform.in_the_role_of("worker"):
        for _ in range(2):
            forget(fan.id, platform.services)
    assert list(ChatPerson.scan()) == []
    (act,) = (act for act in Act.scan() if act.kind == "forget")
    event = Event(id="evt_1", name="chat.moderated", at=act.at, subject=act.id, data={"day": act.day})
    for _ in range(2):
        with platform.in_the_role_of("worker"):
            events.tell_act(event, platform.services)
    assert told == [("disconnect", fan.id, "gone"), ("delete", "one")]
    messages = ask(platform, None, "history", method="GET").json["messages"]
    assert [one["id"] for one in messages] == ["two"]
