"""Password, address, second factor and recovery codes: what is changed, who is told, who is signed out."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.features.accounts import second_factor
from lambdas.features.accounts.email_back import GOOD_FOR
from lambdas.features.accounts.feature import FEATURE
from lambdas.features.accounts.second_factor import RECOVERY_CODES, SecondFactor
from lambdas.platform import people
from lambdas.platform.identity import Identity
from lambdas.platform.people import Address, Person, find
from tests.browsing import Browser, FormOf
from tests.features.entering import mailed_code
from tests.features.own import (
    OTHER_PASSWORD,
    PASSWORD,
    Post,
    app_code,
    elsewhere,
    followed,
    is_signed_in,
    post,
    somebody,
    who,
)
from tests.platform_under_test import Answer, PlatformUnderTest

__all__ = ["post"]

EMAIL = "ada@people.example"
NEW = "ada@elsewhere.example"


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return somebody(platform, name="Ada Fictional", email=EMAIL)


class TestPassword:
    def test_it_is_changed_and_everybody_else_is_signed_out_and_told(self, browser: Browser, post: Post) -> None:
        other = elsewhere(browser)
        with followed(browser):
            answer = browser.post("/api/auth/password", password=PASSWORD, new_password=OTHER_PASSWORD)
        assert (answer.status, answer.headers["location"]) == (303, "/account/security/?done=password")
        assert (is_signed_in(browser), is_signed_in(other)) == (True, False)
        identity, id = browser.platform.services.identity, who(browser).id
        assert identity.prove(id, PASSWORD) is None
        assert identity.prove(id, OTHER_PASSWORD) is not None
        assert post.subjects == ["Your password was changed"]
        assert post.sent[0][0] == EMAIL

    def test_the_present_one_is_asked_for_and_nothing_typed_comes_back(self, browser: Browser) -> None:
        refused = browser.post("/api/auth/password", password="not it", new_password=OTHER_PASSWORD)
        assert refused.status == 422
        assert FormOf(refused, "/api/auth/password").invalid == {"password"}
        assert OTHER_PASSWORD not in refused.body
        assert browser.platform.services.identity.prove(who(browser).id, PASSWORD) is not None

    @pytest.mark.parametrize("new", ["short", "password123", EMAIL])
    def test_a_weak_one_is_refused_beside_its_field(self, browser: Browser, new: str) -> None:
        refused = browser.post("/api/auth/password", password=PASSWORD, new_password=new)
        assert refused.status == 422
        assert FormOf(refused, "/api/auth/password").invalid == {"new_password"}

    def test_guessing_ends_after_five_also_for_the_sign_in(self, browser: Browser) -> None:
        guesses = [
            browser.send("/api/auth/password", password=f"guess {n}", new_password=OTHER_PASSWORD) for n in range(6)
        ]
        assert [guess.status for guess in guesses] == [422] * 5 + [429]
        sign_in = Browser(browser.platform, address="203.0.113.99:1")
        assert sign_in.send("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status == 429

    def test_what_cognito_does_not_answer_is_no_guess(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*_: object) -> None:
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "AdminInitiateAuth")

        with monkeypatch.context() as patched:
            patched.setattr(Identity, "prove", down)
            for _ in range(6):
                refused = browser.send("/api/auth/password", password=PASSWORD, new_password=OTHER_PASSWORD)
                assert (refused.status, refused.json["code"]) == (503, "unavailable")
        assert browser.send("/api/auth/password", password=PASSWORD, new_password=OTHER_PASSWORD).status == 200


class TestAddress:
    def ask(self, browser: Browser, email: str = NEW) -> Answer:
        return browser.post("/api/auth/email", email=email, password=PASSWORD)

    def test_it_is_changed_by_the_code_in_the_new_mailbox(self, browser: Browser, post: Post) -> None:
        asked = self.ask(browser)
        assert (asked.status, asked.headers["location"]) == (303, "/account/security/email/code/")
        assert NEW in browser.get("/account/security/email/code/").body
        assert who(browser).email == EMAIL
        with followed(browser):
            done = browser.post("/api/auth/email/confirm", code=mailed_code(browser))
        assert (done.status, done.headers["location"]) == (303, "/account/security/?done=email")
        assert (who(browser).email, find(NEW), find(EMAIL)) == (NEW, who(browser).id, None)
        assert [(to, letter.subject.partition(" · ")[0]) for to, letter in post.sent] == [
            (EMAIL, "Your e-mail address was changed")
        ]
        assert NEW not in post.sent[0][1].text

    def test_a_wrong_code_changes_nothing_and_five_end_it(self, browser: Browser) -> None:
        self.ask(browser)
        right = mailed_code(browser)
        wrong = f"{(int(right) + 1) % 10**8:08d}"
        statuses = [browser.send("/api/auth/email/confirm", code=wrong).status for _ in range(5)]
        assert statuses == [422] * 4 + [410]
        assert browser.send("/api/auth/email/confirm", code=right).status == 410
        assert who(browser).email == EMAIL

    def test_the_code_works_once_and_in_its_time(self, browser: Browser) -> None:
        self.ask(browser)
        code = mailed_code(browser)
        browser.platform.clock.forward(minutes=16)
        over = browser.post("/api/auth/email/confirm", code=code)
        assert over.status == 410
        assert "This has been open for too long" in over.body or "code" in over.body.lower()
        assert browser.get("/account/security/email/code/").headers["location"] == "/account/security/email/"

    def test_pressed_twice_it_is_done_once_and_both_are_told_so(self, browser: Browser, post: Post) -> None:
        self.ask(browser)
        code, step = mailed_code(browser), browser.cookies["__Host-step"]
        again = elsewhere(browser)
        again.cookies["__Host-step"] = step
        with followed(browser):
            first = browser.post("/api/auth/email/confirm", code=code)
            second = again.post("/api/auth/email/confirm", code=code)
        assert first.headers["location"] == second.headers["location"] == "/account/security/?done=email"
        assert post.subjects == ["Your e-mail address was changed"]

    def test_two_who_want_one_address_confirm_at_once_and_one_gets_it(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        other = somebody(platform, email="bea@people.example")
        wanted = []
        for one in (browser, other):
            self.ask(one)
            wanted.append((one, mailed_code(one)))
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda w: w[0].send("/api/auth/email/confirm", code=w[1]), wanted))
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [200, 409]
        winner = next(one for (one, _), answer in zip(wanted, answers, strict=True) if answer.status == 200)
        assert find(NEW) == who(winner).id
        assert {who(one).email for one, _ in wanted} - {NEW} <= {EMAIL, "bea@people.example"}
        assert Address.count() == 2

    def test_another_persons_step_is_like_one_that_never_was(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        self.ask(browser)
        other = somebody(platform)
        other.cookies["__Host-step"] = browser.cookies["__Host-step"]
        refused = other.send("/api/auth/email/confirm", code=mailed_code(browser))
        assert (refused.status, refused.json["code"]) == (410, "step_over")
        assert find(NEW) is None

    def test_only_how_it_is_written_may_change(self, browser: Browser) -> None:
        self.ask(browser, "Ada@People.example")
        assert browser.send("/api/auth/email/confirm", code=mailed_code(browser)).status == 200
        assert (who(browser).email, find(EMAIL)) == ("Ada@People.example", who(browser).id)

    def test_the_present_one_is_refused(self, browser: Browser) -> None:
        refused = self.ask(browser, EMAIL)
        assert FormOf(refused, "/api/auth/email").invalid == {"email"}


class TestWayBack:
    @pytest.fixture
    def link(self, browser: Browser, post: Post) -> str:
        """What stands in the letter to the mailbox that the account was taken from."""
        browser.post("/api/auth/email", email=NEW, password=PASSWORD)
        with followed(browser):
            browser.post("/api/auth/email/confirm", code=mailed_code(browser))
        found = re.search(r"https://tester\.example(/account/email-back/\?token=\S+)", post.sent[0][1].text)
        assert found is not None
        return found[1]

    def test_it_gives_the_address_back_and_voids_all_that_could_sign_in(self, browser: Browser, link: str) -> None:
        thief, id = browser, who(browser).id
        owner = Browser(browser.platform, address="203.0.113.50:1")
        fields = FormOf(owner.get(link), "/api/auth/email/back").fields
        assert EMAIL in owner.get(link).body
        done = owner.post("/api/auth/email/back", token=fields["token"])
        assert (done.status, done.headers["location"]) == (303, "/account/forgot/")
        assert (find(EMAIL), find(NEW), Person.get(id).email) == (id, None, EMAIL)
        assert not is_signed_in(thief)
        assert browser.platform.services.identity.prove(id, PASSWORD) is None
        assert owner.post("/api/auth/email/back", token=fields["token"]).status == 410

    def test_it_is_good_for_72_hours(self, browser: Browser, link: str) -> None:
        browser.platform.clock.forward(hours=72, seconds=1)
        assert "This link cannot be used any more" in browser.get(link).body
        assert browser.send("/api/auth/email/back", token=link.partition("=")[2]).status == 410
        assert find(NEW) is not None

    def test_a_forged_one_opens_nothing(self, browser: Browser, link: str) -> None:
        token = link.partition("=")[2]
        for forged in ("", "x", token[:-2], token[2:]):
            assert browser.send("/api/auth/email/back", token=forged).json["code"] == "link_over"
            assert browser.get(f"/account/email-back/?token={forged}").status == 200

    def test_an_address_that_is_anothers_by_now_stays_theirs(
        self, platform: PlatformUnderTest, browser: Browser, link: str
    ) -> None:
        other = somebody(platform, email=EMAIL)
        assert browser.send("/api/auth/email/back", token=link.partition("=")[2]).status == 410
        assert find(EMAIL) == who(other).id

    @pytest.mark.parametrize("killed_in", ["delete", "create", "end_all"])
    def test_killed_in_between_it_is_done_again_from_the_start(
        self, browser: Browser, link: str, killed_in: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services, id, token = browser.platform.services, who(browser).id, link.partition("=")[2]

        def killed(*_: object, **__: object) -> None:
            raise ClientError({"Error": {"Code": "InternalErrorException"}}, "Any")

        with monkeypatch.context() as patched:
            part = type(services.sessions) if killed_in == "end_all" else Identity
            patched.setattr(part, killed_in, killed)
            assert browser.send("/api/auth/email/back", token=token).status == 503
        assert find(EMAIL) is None
        assert browser.send("/api/auth/email/back", token=token).status == 200
        assert find(EMAIL) == id


def turn_on(browser: Browser) -> list[str]:
    """The second factor, as its owner turns it on; the recovery codes that they are shown."""
    browser.post("/api/auth/totp/begin", password=PASSWORD)
    page = browser.get("/account/security/totp/confirm/")
    assert "<svg" in page.body
    secret = re.search(r'<p class="own-secret" translate="no">([^<]+)</p>', page.body)
    assert secret is not None
    raw = base64.b32decode(secret[1].replace(" ", ""))
    code = second_factor.totp(raw, second_factor.period(browser.platform.clock()))
    done = browser.post("/api/auth/totp/confirm", code=code)
    assert (done.status, done.headers["location"]) == (303, "/account/security/recovery/codes/")
    return shown_codes(browser)


def shown_codes(browser: Browser) -> list[str]:
    shown = browser.get("/account/security/recovery/codes/")
    assert shown.status == 200
    return re.findall(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>", shown.body)


def code_now(browser: Browser) -> str:
    """A code of the app that has not been used: half a minute later."""
    browser.platform.clock.forward(seconds=60)
    factor = SecondFactor.of(who(browser))
    assert factor is not None
    return app_code(browser, factor.nonce)


class TestSecondFactor:
    def test_it_is_turned_on_by_the_apps_first_code_and_ten_codes_are_shown_once(
        self, browser: Browser, post: Post
    ) -> None:
        with followed(browser):
            codes = turn_on(browser)
        assert len(set(codes)) == RECOVERY_CODES
        again = browser.get("/account/security/recovery/codes/")
        assert (again.status, again.headers["location"]) == (303, "/account/security/recovery/")
        assert post.subjects == ["The second factor is on"]
        kept = str(who(browser).second_factor)
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)

    def test_nothing_is_on_before_the_first_code(self, browser: Browser) -> None:
        browser.post("/api/auth/totp/begin", password=PASSWORD)
        refused = browser.post("/api/auth/totp/confirm", code="000000")
        assert refused.status == 422
        assert "<svg" in refused.body
        assert who(browser).second_factor is None

    def test_a_setup_that_was_never_begun_or_is_anothers_turns_nothing_on(
        self, platform: PlatformUnderTest, browser: Browser
    ) -> None:
        assert browser.send("/api/auth/totp/confirm", code="123456").json["code"] == "step_over"
        assert browser.post("/api/auth/totp/confirm", code="123456").status == 410
        other = somebody(platform)
        other.post("/api/auth/totp/begin", password=PASSWORD)
        browser.cookies["__Host-step"] = other.cookies["__Host-step"]
        assert browser.send("/api/auth/totp/confirm", code="123456").json["code"] == "step_over"

    def test_it_is_turned_off_by_password_and_code_together(self, browser: Browser, post: Post) -> None:
        turn_on(browser)
        assert browser.post("/api/auth/totp/off", password="wrong", code=code_now(browser)).status == 422
        assert browser.post("/api/auth/totp/off", password=PASSWORD, code="000000").status == 422
        assert who(browser).second_factor is not None
        with followed(browser):
            assert browser.post("/api/auth/totp/off", password=PASSWORD, code=code_now(browser)).status == 303
        assert who(browser).second_factor is None
        assert post.subjects[-1] == "The second factor is off"

    def test_a_recovery_code_turns_it_off_too(self, browser: Browser) -> None:
        codes = turn_on(browser)
        assert browser.send("/api/auth/totp/off", password=PASSWORD, code=codes[3].upper()).status == 200
        assert who(browser).second_factor is None

    def test_it_is_not_turned_on_twice(self, browser: Browser) -> None:
        turn_on(browser)
        refused = browser.send("/api/auth/totp/begin", password=PASSWORD)
        assert (refused.status, refused.json["code"]) == (409, "second_factor_on")

    def test_new_recovery_codes_replace_the_ones_before(self, browser: Browser, post: Post) -> None:
        before = turn_on(browser)
        code = code_now(browser)
        with followed(browser):
            assert browser.post("/api/auth/recovery", password=PASSWORD, code=code).status == 303
        after = shown_codes(browser)
        assert (len(set(after)), set(before) & set(after)) == (RECOVERY_CODES, set())
        assert "New recovery codes" in post.subjects
        assert browser.send("/api/auth/totp/off", password=PASSWORD, code=before[0]).status == 422
        assert browser.send("/api/auth/totp/off", password=PASSWORD, code=after[0]).status == 200

    def test_each_recovery_code_works_once_however_many_try_it_at_once(self, browser: Browser) -> None:
        codes = turn_on(browser)
        services, id = browser.platform.services, who(browser).id

        def use(code: str) -> bool:
            used = second_factor.prove(Person.get(id), code, services=services, correlation_id="")
            return used == "recovery"

        with ThreadPoolExecutor(6) as pool:
            used = list(pool.map(use, [code for code in codes[:3] for _ in range(4)]))
        assert sum(used) == 3
        factor = SecondFactor.of(who(browser))
        assert factor is not None
        assert len(factor.recovery) == RECOVERY_CODES - 3

    def test_its_owner_is_told_when_a_recovery_code_was_used(self, browser: Browser, post: Post) -> None:
        codes = turn_on(browser)
        with followed(browser):
            second_factor.prove(who(browser), codes[0], services=browser.platform.services, correlation_id="")
        assert "You have 9 left." in post.sent[-1][1].text


@given(st.text(min_size=0, max_size=20))
def test_what_is_no_code_is_nobodys(typed: str) -> None:
    codes = {second_factor.hashed(code, key="k", person_id="per_1") for code in second_factor.new_recovery_codes()}
    assert second_factor.hashed(typed, key="k", person_id="per_1") not in codes


def test_pages_of_ones_own_are_for_who_is_signed_in(platform: PlatformUnderTest) -> None:
    guest = Browser(platform)
    open_to_all = {"/account/email-back/", "/account/delete/asked/"}
    own = [
        page.path
        for page in FEATURE.pages
        if "security" in page.path
        or page.path
        in {
            *(
                "/account/",
                "/account/profile/",
                "/account/preferences/",
                "/account/devices/",
                "/account/data/",
                "/account/delete/",
            ),
        }
    ]
    assert len(own) > 12
    for path in set(own) - open_to_all:
        answer = guest.get(path)
        assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/account/sign-in/"), path


def test_the_way_back_expires_by_the_clock() -> None:
    assert timedelta(hours=72) == GOOD_FOR
    assert people.canonical("A@B.example") == "a@b.example"
