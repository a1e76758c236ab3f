"""Asking to be deleted, taking it back, and the worker that deletes what is due: all of it, also when it is killed in between."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from lambdas.core.references import load
from lambdas.features.accounts import deletion, erasure
from lambdas.features.accounts.changes import change
from lambdas.features.accounts.deletion import GRACE
from lambdas.features.accounts.erasure import due, erase_due
from lambdas.features.contact.models import Message
from lambdas.platform.people import Address, Person, find
from lambdas.platform.sessions import COOKIE, SessionRow
from lambdas.platform.team import OWNERS, Member, owners
from lambdas.platform.visit import Visit
from tests.browsing import Browser, FormOf
from tests.features.own import (
    PASSWORD,
    Post,
    elsewhere,
    follow,
    followed,
    is_signed_in,
    media,
    post,
    somebody,
    who,
    with_media,
)
from tests.features.test_own_profile import a_picture, send_picture
from tests.features.test_own_security import turn_on
from tests.platform_under_test import PlatformUnderTest

__all__ = ["post"]

EMAIL = "ada@people.example"


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return somebody(platform, name="Ada Fictional", email=EMAIL)


def leave(browser: Browser) -> Any:
    return browser.post("/api/auth/delete", password=PASSWORD)


def back_in(browser: Browser) -> Browser:
    again = Browser(browser.platform)
    assert again.post("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status == 303
    return again


def test_whoever_asks_is_signed_out_everywhere_and_told_the_date(browser: Browser, post: Post) -> None:
    other, id = elsewhere(browser), who(browser).id
    old = who(browser)
    answer = leave(browser)
    assert (answer.status, answer.headers["location"]) == (303, "/account/delete/asked/")
    assert "In 14 days everything is gone" in browser.get("/account/delete/asked/").body
    assert not is_signed_in(browser)
    assert not is_signed_in(other)
    person = Person.get(id)
    assert (person.leaving, person.deletion_due) == ("asked", browser.platform.clock() + GRACE)
    follow(browser.platform, old, person)
    assert post.subjects == ["Your account will be deleted"]
    assert "15 March 2026" in post.sent[0][1].text


def test_the_password_is_asked_for(browser: Browser) -> None:
    refused = browser.post("/api/auth/delete", password="wrong")
    assert FormOf(refused, "/api/auth/delete").invalid == {"password"}
    assert who(browser).leaving is None


def test_who_signs_in_during_the_grace_can_only_keep_or_leave(browser: Browser) -> None:
    leave(browser)
    again = back_in(browser)
    for page in ("/account/", "/account/profile/", "/account/security/"):
        assert again.get(page).headers["location"] == "/account/delete/"
    shown = again.get("/account/delete/").body
    assert "Your account is about to be deleted" in shown
    assert "Keep my account" in shown


def test_it_can_be_taken_back_and_nothing_is_lost(browser: Browser, post: Post) -> None:
    before = who(browser)
    leave(browser)
    again = back_in(browser)
    with followed(again):
        answer = again.post("/api/auth/delete/cancel")
    assert (answer.status, answer.headers["location"]) == (303, "/account/?done=kept")
    after = who(again)
    assert not after.leaving
    assert after.attribute_values.get("deletion_due") is None
    assert after.name == before.name
    assert post.subjects[-1] == "Your account stays"
    browser.platform.clock.forward(days=15)
    erase_due(browser.platform.services)
    assert find(EMAIL) == before.id


def test_the_grace_is_kept_to_the_second(browser: Browser, post: Post) -> None:
    leave(browser)
    platform = browser.platform
    platform.clock.forward(seconds=GRACE.total_seconds() - 1)
    assert due(platform.services) == []
    platform.clock.forward(seconds=1)
    assert len(due(platform.services)) == 1


def everything_of(platform: PlatformUnderTest, id: str) -> dict[str, Any]:
    """What is left of a person anywhere."""
    exported = {
        feature.name: load(feature.exports)(id, platform.services)
        for feature in platform.services.features
        if feature.exports
    }
    return {
        "row": [row.id for row in Person.scan(Person.id == id)],
        "addresses": [row.email for row in Address.scan(Address.person_id == id)],
        "sessions": [row.id for row in SessionRow.query(id)],
        "messages": [row.id for row in Message.scan(Message.email == EMAIL)],
        "pictures": sorted(key for key in media(platform) if key.startswith("media/public/")),
        "knows": platform.services.identity.prove(id, PASSWORD) is not None,
        "role": exported.get("team", {}).get("membership"),
    }


NOTHING = {"row": [], "addresses": [], "sessions": [], "messages": [], "pictures": [], "knows": False, "role": None}


@pytest.fixture
def settled(platform: PlatformUnderTest, browser: Browser) -> Browser:
    """Somebody with a picture, a message to the creator and several devices, whose time has come."""
    with_media(platform)
    with followed(browser):
        send_picture(browser, a_picture())
    elsewhere(browser)
    body = {"name": "Ada", "email": EMAIL, "message": "Ten letters at least."}
    token = platform.call("GET", "/api/contact/token").json["token"]
    platform.clock.forward(seconds=3)
    assert platform.call("POST", "/api/contact", json_body={**body, "token": token}).status == 201
    platform.clock.forward(seconds=1)
    leave(browser)
    platform.clock.forward(seconds=GRACE.total_seconds())
    return browser


def test_everything_goes_and_a_last_letter_says_so(settled: Browser, post: Post) -> None:
    platform = settled.platform
    (id,) = due(platform.services)
    erase_due(platform.services)
    assert everything_of(platform, id) == NOTHING
    assert (post.subjects, post.sent[0][0]) == (["Your account is deleted"], EMAIL)
    erase_due(platform.services)
    assert len(post.sent) == 1


STEPS = (
    "lambdas.platform.sessions:Sessions.end_all",
    "lambdas.features.contact.personal_data:forget",
    "lambdas.features.team.personal_data:forget",
    "lambdas.features.accounts.erasure:forget",
    "lambdas.features.accounts.erasure:drop_picture",
    "lambdas.features.accounts.erasure:tell",
    "lambdas.platform.identity:Identity.delete",
    "lambdas.platform.people:Person.delete",
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_the_next_run_finishes(
    settled: Browser, post: Post, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = settled.platform
    (id,) = due(platform.services)
    module, _, name = step.partition(":")
    owner: Any = load(f"{module}:{name.partition('.')[0]}") if "." in name else __import__(module, fromlist=["x"])
    attribute = name.rpartition(".")[2]
    real = getattr(owner, attribute)

    def killed(*given: Any, **named: Any) -> Any:
        if when == "after":
            real(*given, **named)
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(owner, attribute, killed)
        with pytest.raises(ExceptionGroup):
            erase_due(platform.services)
    assert Browser(platform).post("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status != 303
    erase_due(platform.services)
    assert everything_of(platform, id) == NOTHING
    assert len(post.sent) == 1


def test_one_whose_deletion_fails_costs_the_others_nothing(
    platform: PlatformUnderTest, browser: Browser, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [somebody(platform) for _ in range(3)]
    ids = [who(one).id for one in (browser, *others)]
    for one in (browser, *others):
        leave(one)
    platform.clock.forward(days=14)
    real = erasure.erase

    def stubborn(person_id: str, services: Any) -> None:
        if person_id == ids[0]:
            raise OSError("down")
        real(person_id, services)

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase", stubborn)
        with pytest.raises(ExceptionGroup):
            erase_due(platform.services)
    assert [row.id for row in Person.scan()] == [ids[0]]
    erase_due(platform.services)
    assert Person.count() == 0


def test_two_workers_at_once_delete_once(settled: Browser, post: Post) -> None:
    platform = settled.platform
    (id,) = due(platform.services)

    def run(_: int) -> None:
        # Where the other was quicker, what is left is done by the next run.
        with suppress(ExceptionGroup):
            erase_due(platform.services)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    erase_due(platform.services)
    assert everything_of(platform, id) == NOTHING


def test_taking_it_back_and_deleting_at_once_leave_all_or_nothing(browser: Browser, post: Post) -> None:
    platform, id = browser.platform, who(browser).id
    for _ in range(4):
        leave(browser)
        again = back_in(browser)
        platform.clock.forward(seconds=GRACE.total_seconds() + 1)
        again.cookies |= platform.sign_in(id)
        with ThreadPoolExecutor(2) as pool:
            kept = pool.submit(again.send, "/api/auth/delete/cancel")
            deleted = pool.submit(erase_due, platform.services)
            answer, _ = kept.result(), deleted.result()
        if answer.status == 200:
            assert find(EMAIL) == id
            assert Person.get(id).leaving is None
            browser = back_in(browser)
        else:
            erase_due(platform.services)
            assert find(EMAIL) is None
            assert Person.count() == 0
            return


def test_nobody_changes_a_row_that_is_being_deleted(browser: Browser) -> None:
    person = who(browser)
    person.update(actions=[Person.leaving.set("going")])
    refused = browser.send("/api/auth/delete/cancel")
    assert refused.status == 409
    with pytest.raises(Exception, match="being deleted"):
        change(person, lambda _: [Person.name.set("X")], correlation_id="")


class TestOwners:
    def test_the_last_owner_stays_and_is_told_what_to_do(self, platform: PlatformUnderTest) -> None:
        owner = somebody(platform, role="owner")
        refused = leave(owner)
        assert refused.status == 409
        assert "You are the only owner of this site" in refused.body
        assert who(owner).leaving is None
        assert owners() == {who(owner).id}

    def test_of_two_owners_who_ask_at_once_one_stays(self, platform: PlatformUnderTest) -> None:
        pair = [somebody(platform, role="owner") for _ in range(2)]
        ids = [who(one).id for one in pair]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: one.send("/api/auth/delete", password=PASSWORD), pair))
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [200, 409]
        assert len(owners()) == 1
        assert [Person.get(id).leaving for id in ids].count("asked") == 1

    def test_who_presses_twice_is_not_called_the_last_owner(
        self, platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner, other = somebody(platform, role="owner", email=EMAIL), somebody(platform, role="owner")
        note = deletion._note_asked

        def the_other_press_was_quicker(visit: Visit) -> None:
            note(visit)
            note(visit)

        monkeypatch.setattr(deletion, "_note_asked", the_other_press_was_quicker)
        assert leave(owner).status == 303
        assert owners() == {who(other).id}

    def test_who_is_made_an_owner_at_that_moment_does_not_stay_among_them(
        self, platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        editor, other = somebody(platform, role="editor", email=EMAIL), somebody(platform, role="owner")
        note, id = deletion._note_asked, who(editor).id

        def promoted_in_between(visit: Visit) -> None:
            assert visit.standing.role == "editor"
            monkeypatch.setattr(deletion, "_note_asked", note)
            Member(id).update(actions=[Member.role.set("owner")])
            Member(OWNERS).update(actions=[Member.owners.add({id})])
            note(visit)

        monkeypatch.setattr(deletion, "_note_asked", promoted_in_between)
        assert leave(editor).status == 303
        assert owners() == {who(other).id}
        assert Person.get(id).leaving == "asked"

    def test_an_owner_who_takes_it_back_owns_again(self, platform: PlatformUnderTest) -> None:
        owner, other = somebody(platform, role="owner", email=EMAIL), somebody(platform, role="owner")
        id = who(owner).id
        leave(owner)
        assert owners() == {who(other).id}
        again = back_in(owner)
        assert again.send("/api/auth/delete/cancel").status == 200
        assert owners() == {id, who(other).id}

    def test_who_lost_the_role_meanwhile_does_not_get_it_back(self, platform: PlatformUnderTest) -> None:
        owner = somebody(platform, role="owner", email=EMAIL)
        other = somebody(platform, role="owner")
        leave(owner)
        again = back_in(owner)
        Member(who(again).id).update(actions=[Member.role.set("editor")])
        assert again.send("/api/auth/delete/cancel").status == 200
        assert owners() == {who(other).id}

    def test_an_owner_whose_grace_is_over_goes_off_the_team_too(self, platform: PlatformUnderTest, post: Post) -> None:
        owner, _ = somebody(platform, role="owner", email=EMAIL), somebody(platform, role="owner")
        id = who(owner).id
        leave(owner)
        platform.clock.forward(days=14)
        erase_due(platform.services)
        assert [row.id for row in Member.scan(Member.id == id)] == []
        assert Person.count() == 1


class TestData:
    def test_it_is_one_readable_file_without_secrets(self, platform: PlatformUnderTest, browser: Browser) -> None:
        body = {"name": "Ada", "email": "Ada@People.example", "message": "Ten letters at least."}
        token = platform.call("GET", "/api/contact/token").json["token"]
        platform.clock.forward(seconds=3)
        platform.call("POST", "/api/contact", json_body={**body, "token": token})
        codes = turn_on(browser)
        answer = browser.post("/api/auth/data")
        assert answer.status == 200
        assert answer.headers["content-disposition"].startswith('attachment; filename="tester-my-data-')
        known = json.loads(answer.body)["what_is_known"]
        assert known["accounts"]["account"]["email"] == EMAIL
        assert known["accounts"]["devices"][0]["browser"] == "Test"
        assert known["contact"]["messages"][0]["message"] == "Ten letters at least."
        person = who(browser)
        factor: dict[str, Any] = person.second_factor or {}
        for secret in (*codes, factor["nonce"], *factor["recovery"]):
            assert secret not in answer.body

    def test_nobody_elses_is_in_it(self, platform: PlatformUnderTest, browser: Browser) -> None:
        other = somebody(platform, name="Bea Fictional", email="bea@people.example")
        assert "bea" not in browser.post("/api/auth/data").body.lower()
        assert who(other).name == "Bea Fictional"

    def test_a_guest_is_led_to_the_sign_in(self, platform: PlatformUnderTest) -> None:
        answer = Browser(platform).post("/api/auth/data")
        assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/account/sign-in/")


class TestDevices:
    def test_they_are_listed_this_one_first(self, browser: Browser) -> None:
        elsewhere(browser)
        browser.platform.clock.forward(minutes=1)
        page = browser.get("/account/devices/").body
        assert page.count('/end"') + page.count("/end'") == 1
        assert "This device" in page

    def test_one_is_signed_out(self, browser: Browser) -> None:
        other = elsewhere(browser)
        action = next(
            part.partition('"')[0]
            for part in browser.get("/account/devices/").body.split('action="')
            if part.startswith("/api/auth/devices/ses_")
        )
        assert browser.post(action).headers["location"] == "/account/devices/?done=ended"
        assert (is_signed_in(browser), is_signed_in(other)) == (True, False)

    def test_all_others_are_signed_out(self, browser: Browser) -> None:
        others = [elsewhere(browser) for _ in range(3)]
        answer = browser.send("/api/auth/devices/end-others")
        assert (answer.status, answer.json) == (200, {"ended": 3})
        assert is_signed_in(browser)
        assert not any(map(is_signed_in, others))

    def test_everywhere_is_here_too(self, browser: Browser) -> None:
        other = elsewhere(browser)
        assert browser.post("/api/auth/sign-out-everywhere").headers["location"] == "/account/sign-in/?done=signed-out"
        assert not is_signed_in(browser)
        assert not is_signed_in(other)
        assert COOKIE not in browser.cookies

    def test_another_persons_device_is_like_one_that_never_was(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        other = somebody(platform)
        session = platform.services.sessions.read(other.cookies[COOKIE])
        assert session is not None
        theirs = browser.send(f"/api/auth/devices/{session.id}/end")
        never = browser.send("/api/auth/devices/ses_01J9ZK3V7Q8W2E4R6T8Y0A1B2C/end")
        assert (theirs.status, theirs.json) == (never.status, never.json)
        assert is_signed_in(other)


def test_the_grace_is_what_the_pages_say() -> None:
    assert timedelta(days=14) == GRACE
