"""One's name, picture and preferences."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict
from lambdas.core.feature import Feature, FeatureConfig, Notice
from lambdas.features.accounts import events_own
from lambdas.features.accounts.changes import Decision, change
from lambdas.features.accounts.preferences import kinds
from lambdas.platform.people import Person, wants
from tests.browsing import Browser, FormOf
from tests.features.own import followed, media, post, somebody, who, with_media
from tests.platform_under_test import Answer, PlatformUnderTest

__all__ = ["post"]

BOUNDARY = "the-parts-end-here"


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return somebody(platform, name="Ada Fictional")


def seen_on(browser: Browser, page: str, action: str) -> str:
    return FormOf(browser.get(page), action).fields["seen"]


def send_picture(browser: Browser, content: bytes, name: str = "me.png") -> Answer:
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    return browser.platform.call(
        "POST",
        "/api/auth/picture",
        cookies=browser.cookies,
        body=parts + content + f"\r\n--{BOUNDARY}--\r\n".encode(),
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
    )


def a_picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_name_is_changed_and_shown(browser: Browser) -> None:
    seen = seen_on(browser, "/account/profile/", "/api/auth/profile")
    answer = browser.post("/api/auth/profile", name="Ada Lovelike", seen=seen)
    assert (answer.status, answer.headers["location"]) == (303, "/account/profile/?done=name")
    assert "Your name is saved." in browser.get("/account/profile/?done=name").body
    assert "Ada Lovelike" in browser.get("/account/").body


def test_who_saves_second_in_two_tabs_sees_both_names_and_loses_neither(browser: Browser) -> None:
    seen = seen_on(browser, "/account/profile/", "/api/auth/profile")
    browser.post("/api/auth/profile", name="First Tab", seen=seen)
    refused = browser.post("/api/auth/profile", name="Second Tab", seen=seen)
    assert refused.status == 412
    assert who(browser).name == "First Tab"
    assert "Saved in the meantime: First Tab" in refused.body
    again = FormOf(refused, "/api/auth/profile").fields
    assert again["name"] == "Second Tab"
    assert browser.post("/api/auth/profile", name="Second Tab", seen=again["seen"]).status == 303
    assert who(browser).name == "Second Tab"


def test_what_else_changes_in_the_row_stands_in_no_names_way(browser: Browser) -> None:
    seen = seen_on(browser, "/account/profile/", "/api/auth/profile")
    change(who(browser), lambda _: [Person.picture.set("/media/public/people/x.webp")], correlation_id="")
    assert browser.post("/api/auth/profile", name="Ada Lovelike", seen=seen).status == 303


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\u202eb", "two\nlines"])
def test_a_name_that_cannot_be_shown_is_refused_beside_its_field(browser: Browser, name: str) -> None:
    seen = seen_on(browser, "/account/profile/", "/api/auth/profile")
    refused = browser.post("/api/auth/profile", name=name, seen=seen)
    assert refused.status == 422
    assert "name" in FormOf(refused, "/api/auth/profile").invalid
    assert who(browser).name == "Ada Fictional"


def test_twenty_changes_at_once_are_all_there_and_each_has_a_version(browser: Browser) -> None:
    before = who(browser)

    def add(number: int) -> None:
        def decide(now: Person) -> Sequence[Action]:
            return [Person.passkeys.set([*(now.passkeys or ()), {"id": str(number)}])]

        # Busy is an answer, and no loss: whoever gets it tries again.
        while True:
            try:
                change(Person.get(before.id), decide, correlation_id="")
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(20)))
    after = who(browser)
    assert sorted(int(key["id"]) for key in after.passkeys or ()) == list(range(20))
    assert after.version == before.version + 20


def _always(actions: Sequence[Action] | None) -> Decision:
    return lambda _: actions


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["keep", "name", "locale"]), max_size=6))
def test_the_version_grows_by_one_with_each_change_and_by_none_without(browser: Browser, done: list[str]) -> None:
    person = who(browser)
    version = person.version
    actions: dict[str, Any] = {"keep": None, "name": [Person.name.set("N")], "locale": [Person.locale.set("de")]}
    for what in done:
        change(person, _always(actions[what]), correlation_id="")
    assert who(browser).version == version + len(done) - done.count("keep")


class TestPicture:
    def test_it_is_prepared_and_then_shown(self, platform: PlatformUnderTest, browser: Browser) -> None:
        with_media(platform)
        with followed(browser):
            answer = send_picture(browser, a_picture())
            assert (answer.status, answer.headers["location"]) == (303, "/account/profile/?done=picture")
            assert "is being prepared" in browser.get("/account/profile/").body
        person = who(browser)
        assert not person.upload
        assert person.picture
        page = browser.get("/account/profile/").body
        assert person.picture in page
        assert "is being prepared" not in page
        assert person.picture[1:] in media(platform)

    def test_it_stays_where_the_answer_to_its_write_was_lost(
        self, platform: PlatformUnderTest, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Sent again, the write is refused: by what it has itself done."""
        with_media(platform)
        settle = events_own._settle

        def sent_again(*given: Any) -> bool:
            settle(*given)
            return settle(*given)

        monkeypatch.setattr(events_own, "_settle", sent_again)
        with followed(browser):
            send_picture(browser, a_picture())
        picture = who(browser).picture
        assert picture
        assert picture[1:] in media(platform)

    def test_what_is_no_picture_is_said_beside_the_field_and_nothing_changes(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        with_media(platform)
        refused = send_picture(browser, b"%PDF-1.7 no picture at all")
        assert refused.status == 422
        assert "This file is no picture that we can read." in refused.body
        assert not who(browser).upload
        assert media(platform) == set()

    def test_what_turns_out_to_be_none_leaves_the_one_before_and_says_so(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        with_media(platform)
        with followed(browser):
            send_picture(browser, a_picture())
        before = who(browser).picture
        with followed(browser):
            assert send_picture(browser, a_picture()[:40]).status == 303
        assert (who(browser).picture, who(browser).upload_fault) == (before, "no_picture")
        page = browser.get("/account/profile/").body
        assert "The last file you sent was no picture that we can read." in page
        assert "is being prepared" not in page

    def test_the_one_before_is_deleted(self, platform: PlatformUnderTest, browser: Browser) -> None:
        with_media(platform)
        for colour in ("red", "blue"):
            with followed(browser):
                send_picture(browser, a_picture(colour))
        shown = {key for key in media(platform) if key.startswith("media/public/")}
        assert shown == {str(who(browser).picture)[1:]}

    def test_it_is_taken_away_with_what_was_being_prepared(self, platform: PlatformUnderTest, browser: Browser) -> None:
        with_media(platform)
        with followed(browser):
            send_picture(browser, a_picture())
        with followed(browser):
            send_picture(browser, a_picture("blue"))
            browser.post("/api/auth/picture/remove")
        person = who(browser)
        assert not person.picture
        assert not person.upload
        assert not {key for key in media(platform) if key.startswith("media/public/")}

    def test_none_chosen_is_said(self, browser: Browser) -> None:
        refused = send_picture(browser, b"", name="")
        assert refused.status == 422
        assert "Please fill this in." in refused.body

    def test_one_that_is_too_large_is_said(self, browser: Browser) -> None:
        refused = send_picture(browser, b"\x89PNG\r\n\x1a\n" + bytes(4_000_000))
        assert refused.status == 422
        assert "This picture is too large." in refused.body


class TestPreferences:
    def test_the_language_is_of_the_account_and_of_the_page_that_follows(self, browser: Browser) -> None:
        seen = seen_on(browser, "/account/preferences/", "/api/auth/preferences")
        answer = browser._sent("/api/auth/preferences", form=f"language=de&seen={seen}")
        assert (answer.status, answer.headers["location"]) == (303, "/de/account/preferences/?done=preferences")
        assert who(browser).locale == "de"

    def test_mails_about_security_are_shown_as_always_on(self, browser: Browser) -> None:
        page = browser.get("/account/preferences/").body
        assert "Your account's security" in page.replace("&#39;", "'")
        assert "Always on" in page

    def test_saved_twice_at_once_the_second_is_told(self, browser: Browser) -> None:
        seen = seen_on(browser, "/account/preferences/", "/api/auth/preferences")
        browser.send("/api/auth/preferences", language="de", seen=seen)
        change(who(browser), lambda _: [Person.preferences.set({"mail": {"x.y": True}})], correlation_id="")
        refused = browser.send("/api/auth/preferences", language="en", seen=seen)
        assert (refused.status, refused.json["code"]) == (412, "changed_meanwhile")
        assert who(browser).locale == "de"

    def test_a_kind_that_nobody_sends_is_refused(self, browser: Browser) -> None:
        seen = seen_on(browser, "/account/preferences/", "/api/auth/preferences")
        refused = browser.send("/api/auth/preferences", language="en", seen=seen, mail={"no.such": True})
        assert refused.status == 422

    def test_a_kind_is_wanted_by_those_who_asked_for_it(self, browser: Browser) -> None:
        live = Feature(name="live", config=FeatureConfig, notices=(Notice(name="started"),))
        services = browser.platform.services
        with_live = replace(services, features=(*services.features, live))
        person = who(browser)
        assert [(kind.name, kind.wanted) for kind in kinds(with_live, person)][-1] == ("live.started", False)
        person.preferences = {"mail": {"live.started": True}}
        assert wants(person, "live.started")
        assert [(kind.name, kind.wanted) for kind in kinds(with_live, person)][-1] == ("live.started", True)
