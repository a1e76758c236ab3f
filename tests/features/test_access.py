"""Membership given by hand: at once, until a day, with who and why, and ended once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.core.entitlements import Rule, decide
from lambdas.core.events import Change
from lambdas.features.access import events, personal_data
from lambdas.platform import entitlements
from lambdas.platform.audit import AuditEntry
from lambdas.platform.entitlements import Entitlement
from lambdas.platform.people import Person
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest

GIVE = "/studio/access/give/"


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Olga Owner", role="owner")


@pytest.fixture
def fan(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Fia Fan")


def send(platform: PlatformUnderTest, who: Person, path: str, **sent: Any) -> Answer:
    return platform.call("POST", path, json_body=sent, cookies=platform.sign_in(who.id))


def is_member(platform: PlatformUnderTest, person: Person) -> bool:
    viewer = entitlements.viewer(person.id, on_the_team=False)
    return decide(Rule("members"), viewer, now=platform.clock()).allowed


def actions() -> list[str]:
    return [entry.action for entry in AuditEntry.scan() if entry.action.startswith("access.")]


def test_what_is_given_holds_at_once_and_until_the_end_of_its_last_day_where_the_creator_lives(
    platform: PlatformUnderTest, owner: Person, fan: Person
) -> None:
    assert send(platform, owner, GIVE, email=fan.email.upper(), until="2026-03-02", note="Won the quiz").status == 200
    assert is_member(platform, fan)
    (record,) = entitlements.records_of(fan.id)
    # Berlin is an hour ahead in winter.
    assert record.until == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert (record.by, record.note) == (owner.id, "Won the quiz")
    platform.clock.forward(hours=35)
    assert not is_member(platform, fan)
    assert actions() == ["access.membership.given"]


def test_given_again_replaces_and_ended_ends_once(platform: PlatformUnderTest, owner: Person, fan: Person) -> None:
    send(platform, owner, GIVE, email=fan.email, until="2026-03-02")
    platform.clock.forward(minutes=1)
    send(platform, owner, GIVE, email=fan.email)
    (record,) = entitlements.records_of(fan.id)
    assert record.holding.until is None
    assert send(platform, owner, f"/studio/access/{fan.id}/end").status == 200
    assert not is_member(platform, fan)
    assert send(platform, owner, f"/studio/access/{fan.id}/end").status == 404
    assert sorted(actions()) == ["access.membership.ended", "access.membership.given", "access.membership.given"]


def test_of_two_who_end_it_at_once_one_does(platform: PlatformUnderTest, owner: Person, fan: Person) -> None:
    send(platform, owner, GIVE, email=fan.email)
    with ThreadPoolExecutor(4) as several:
        told = list(several.map(lambda _: send(platform, owner, f"/studio/access/{fan.id}/end").status, range(4)))
    assert sorted(told) == [200, 404, 404, 404]
    assert sorted(actions()) == ["access.membership.ended", "access.membership.given"]


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"email": "nobody@people.example"}, "email", "unknown_person"),
        ({"email": "fan", "until": ""}, "email", "invalid_email"),
        ({"until": "2026-02-28"}, "until", "past"),
        ({"until": "2026-02-30"}, "until", "invalid"),
        ({"note": "x" * 201}, "note", "too_long"),
    ],
)
def test_what_cannot_be_given_says_why_and_gives_nothing(
    platform: PlatformUnderTest, owner: Person, fan: Person, sent: dict[str, str], field: str, code: str
) -> None:
    answer = send(platform, owner, GIVE, **({"email": fan.email} | sent))
    assert answer.status == 422
    assert [(fault["path"], fault["code"]) for fault in answer.json["errors"]] == [(field, code)]
    assert entitlements.records_of(fan.id) == ()
    assert actions() == []


def test_the_form_works_without_a_script_and_the_list_says_who_whom_and_until_when(
    platform: PlatformUnderTest, owner: Person, fan: Person
) -> None:
    cookies = platform.sign_in(owner.id)
    form = urlencode({"email": fan.email, "until": "", "note": "<b>Guest</b>"})
    answer = platform.call("POST", GIVE, form=form, cookies=cookies)
    assert (answer.status, answer.headers["location"]) == (303, "/studio/access/?done=given")
    shown = platform.call("GET", "/studio/access/", query="done=given", cookies=cookies).body
    for text in (fan.name, fan.email, owner.name, "No end", "&lt;b&gt;Guest", "They are a member from now on"):
        assert text in shown
    again = platform.call("POST", GIVE, form=urlencode({"email": "nobody@people.example"}), cookies=cookies)
    assert again.status == 422
    assert "Ask them to sign up first" in again.body


def test_only_who_may_gives_and_looks(platform: PlatformUnderTest, fan: Person) -> None:
    moderator = a_person(platform, name="Mo", role="moderator")
    for who in (moderator, fan):
        assert send(platform, who, GIVE, email=fan.email).status == 403
        assert platform.call("GET", "/studio/access/", cookies=platform.sign_in(who.id)).status == 403
    assert entitlements.records_of(fan.id) == ()


def test_a_record_tells_the_platform_whether_it_stands(platform: PlatformUnderTest, owner: Person, fan: Person) -> None:
    send(platform, owner, GIVE, email=fan.email)
    (record,) = entitlements.records_of(fan.id)

    def told(old: Entitlement | None, new: Entitlement | None) -> Any:
        change = Change(table="entitlements", old=old, new=new, at=platform.clock(), sequence="1")
        (event,) = events.what_happened(change)
        (again,) = events.what_happened(change)
        assert (event.name, event.subject, event.id) == ("entitlement.changed", fan.id, again.id)
        return event.data["given"]

    assert told(None, record) is True
    assert told(record, None) is False
    send(platform, owner, f"/studio/access/{fan.id}/end")
    (ended,) = entitlements.records_of(fan.id)
    assert told(record, ended) is False


def test_what_a_person_holds_is_theirs_to_take_along_and_to_have_deleted(
    platform: PlatformUnderTest, owner: Person, fan: Person
) -> None:
    assert personal_data.exports(fan.id, platform.services) == {}
    send(platform, owner, GIVE, email=fan.email, note="Guest")
    (held,) = personal_data.exports(fan.id, platform.services)["held"]
    assert (held["kind"], held["source"], held["note"]) == ("membership", "hand", "Guest")
    for _ in range(2):
        personal_data.forget(fan.id, platform.services)
    assert entitlements.records_of(fan.id) == ()


def test_the_list_is_of_what_was_given_by_hand_alone(platform: PlatformUnderTest, owner: Person, fan: Person) -> None:
    bought = entitlements.given(
        fan.id, kind="membership", of="gold", source="membership/mem_1", since=platform.clock(), until=None
    )
    bought.save()
    assert send(platform, owner, f"/studio/access/{fan.id}/end").status == 404
    assert is_member(platform, fan)
    assert "Nobody yet" in platform.call("GET", "/studio/access/", cookies=platform.sign_in(owner.id)).body
