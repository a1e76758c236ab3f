"""Passkeys: added by the password and the browser, listed, named, removed; and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdas.features.accounts.changes import change
from lambdas.features.accounts.passkeys import MOST
from lambdas.platform.identity import Identity, PasskeyRefused
from lambdas.platform.people import Person
from tests.authenticator import Authenticator
from tests.browsing import Browser, FormOf
from tests.features.own import PASSWORD, Post, followed, post, somebody, who
from tests.platform_under_test import Answer, PlatformUnderTest

__all__ = ["post"]


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return somebody(platform, name="Ada Fictional")


@pytest.fixture
def phone(platform: PlatformUnderTest) -> Authenticator:
    return Authenticator(origin=f"https://{platform.creator.domain}")


def options(browser: Browser) -> dict[str, Any]:
    answer = browser.send("/api/auth/passkeys/options", password=PASSWORD)
    assert answer.status == 200, answer.body
    return dict(answer.json["options"])


def add(browser: Browser, phone: Authenticator, name: str = "My phone") -> Answer:
    return browser.send("/api/auth/passkeys", name=name, credential=phone.create(options(browser)))


def keys(browser: Browser) -> list[dict[str, Any]]:
    return list(who(browser).passkeys or ())


def test_one_is_added_and_signs_in(browser: Browser, phone: Authenticator, post: Post) -> None:
    with followed(browser):
        assert add(browser, phone).status == 200
    assert [key["name"] for key in keys(browser)] == ["My phone"]
    assert "My phone" in browser.get("/account/security/passkeys/").body
    assert post.subjects == ["A passkey was added"]
    assert "My phone" in post.sent[0][1].text
    guest = Browser(browser.platform)
    asked = guest.send("/api/auth/passkey/options", email=who(browser).email)
    proved = guest.send("/api/auth/passkey/sign-in", credential=phone.get(asked.json["options"]))
    assert proved.status == 200
    assert who(guest).id == who(browser).id


def test_the_password_comes_first(browser: Browser, phone: Authenticator) -> None:
    assert browser.send("/api/auth/passkeys/options", password="wrong").status == 422
    refused = browser.send("/api/auth/passkeys", name="X", credential={"id": "abc"})
    assert (refused.status, refused.json["code"]) == (410, "step_over")


def test_what_the_browser_made_wrong_is_not_listed(browser: Browser) -> None:
    evil = Authenticator(origin="https://elsewhere.example")
    refused = add(browser, evil)
    assert (refused.status, refused.json["code"]) == (422, "passkey_refused")
    assert keys(browser) == []


def test_sent_again_after_an_answer_that_was_lost_it_is_there_once(browser: Browser, phone: Authenticator) -> None:
    credential = phone.create(options(browser))
    cookies = dict(browser.cookies)
    assert browser.send("/api/auth/passkeys", name="My phone", credential=credential).status == 200
    browser.cookies = cookies
    assert browser.send("/api/auth/passkeys", name="My phone", credential=credential).status == 200
    assert len(keys(browser)) == 1


def test_killed_before_cognito_has_it_it_is_seen_and_can_be_removed(
    browser: Browser, phone: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:

        def killed(*_: object) -> None:
            raise SystemExit

        patched.setattr(Identity, "add_passkey", killed)
        with pytest.raises(SystemExit):
            add(browser, phone)
    (key,) = keys(browser)
    assert browser.post(f"/api/auth/passkeys/{key['id']}/remove", password=PASSWORD).status == 303
    assert keys(browser) == []


def test_one_is_called_something_else(browser: Browser, phone: Authenticator) -> None:
    add(browser, phone)
    (key,) = keys(browser)
    page = browser.get(f"/account/security/passkeys/one/?id={key['id']}")
    assert FormOf(page, f"/api/auth/passkeys/{key['id']}/name").fields["name"] == "My phone"
    assert browser.post(f"/api/auth/passkeys/{key['id']}/name", name="Old phone").status == 303
    assert keys(browser)[0]["name"] == "Old phone"
    refused = browser.post(f"/api/auth/passkeys/{key['id']}/name", name="")
    assert FormOf(refused, f"/api/auth/passkeys/{key['id']}/name").invalid == {"name"}


def test_one_is_removed_by_the_password_and_signs_in_no_more(
    browser: Browser, phone: Authenticator, post: Post
) -> None:
    add(browser, phone)
    (key,) = keys(browser)
    refused = browser.post(f"/api/auth/passkeys/{key['id']}/remove", password="wrong")
    assert FormOf(refused, f"/api/auth/passkeys/{key['id']}/remove").invalid == {"password"}
    with followed(browser):
        assert browser.post(f"/api/auth/passkeys/{key['id']}/remove", password=PASSWORD).status == 303
    assert keys(browser) == []
    assert post.subjects == ["A passkey was removed"]
    guest = Browser(browser.platform)
    asked = guest.send("/api/auth/passkey/options", email=who(browser).email).json["options"]
    proved = guest.send("/api/auth/passkey/sign-in", credential=phone.get(asked, made=phone.passkeys[0]))
    assert proved.status == 401


@pytest.mark.parametrize("what", ["name", "remove"])
def test_another_persons_is_like_one_that_never_was(
    platform: PlatformUnderTest, browser: Browser, phone: Authenticator, what: str
) -> None:
    add(browser, phone)
    (key,) = keys(browser)
    other = somebody(platform)
    sent = {"name": "Mine now"} if what == "name" else {"password": PASSWORD}
    theirs = other.send(f"/api/auth/passkeys/{key['id']}/{what}", **sent)
    never = other.send(f"/api/auth/passkeys/never-was/{what}", **sent)
    assert (theirs.status, theirs.json["code"]) == (never.status, never.json["code"]) == (404, "not_found")
    assert "not there any more" in other.post(f"/api/auth/passkeys/{key['id']}/{what}", **sent).body
    assert keys(browser)[0]["name"] == "My phone"
    assert other.get(f"/account/security/passkeys/one/?id={key['id']}").status == 303


def test_there_are_never_more_than_cognito_keeps(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    full = [{"id": f"k{n}", "name": "K", "added_at": "2026-03-01T12:00:00+00:00"} for n in range(MOST - 1)]
    change(who(browser), lambda _: [Person.passkeys.set(full)], correlation_id="")
    options(browser)
    monkeypatch.setattr(Identity, "add_passkey", lambda *_: "")

    def last(number: int) -> int:
        return browser.send("/api/auth/passkeys", name="K", credential={"id": f"new{number}"}).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(last, range(4)))
    assert len(keys(browser)) == MOST
    assert sorted(statuses)[0] == 200
    assert "as many passkeys as there can be" in browser.get("/account/security/passkeys/").body
    assert browser.send("/api/auth/passkeys/options", password=PASSWORD).json["code"] == "too_many_passkeys"


@pytest.mark.parametrize("id", ["", "../x", "a b", "x" * 1500, 5])
def test_an_id_that_is_none_is_refused(browser: Browser, id: object) -> None:
    options(browser)
    refused = browser.send("/api/auth/passkeys", name="X", credential={"id": id})
    assert refused.status == PasskeyRefused.status
    assert keys(browser) == []
