"""Signing in and out: what opens a session, what does not, and what a stranger learns of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.features.accounts.models import Step
from lambdas.platform.identity import Identity
from lambdas.platform.people import Address, Person
from lambdas.platform.sessions import COOKIE, SessionRow
from tests.authenticator import Authenticator
from tests.browsing import Browser, FormOf
from tests.features.entering import EMAIL, PASSWORD, me, sign_up
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest

NOBODY = "eve@people.example"


@pytest.fixture
def ada(platform: PlatformUnderTest) -> Person:
    return sign_up(Browser(platform, address="198.51.100.1:1"))


@pytest.fixture
def browser(platform: PlatformUnderTest, ada: Person) -> Browser:
    return Browser(platform)


def _sign_in(browser: Browser, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> Answer:
    return browser.post("/api/auth/sign-in", email=email, password=password, **fields)


def test_the_right_password_opens_a_session(browser: Browser, ada: Person) -> None:
    answer = _sign_in(browser, email="  ADA@people.example ")
    assert (answer.status, answer.headers["location"]) == (303, "/account/")
    assert me(browser)["id"] == ada.id
    newest = browser.platform.services.sessions.of(ada.id)[0]
    assert (newest.method, newest.agent) == ("password", "Firefox, Linux")


def test_a_program_is_told_where_to_go_on(browser: Browser) -> None:
    answer = browser.send("/api/auth/sign-in", email=EMAIL, password=PASSWORD, next="/contact/", language="de")
    assert (answer.status, answer.json) == (200, {"next": "/de/contact/"})


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(browser: Browser, next: str) -> None:
    assert _sign_in(browser, next=next).headers["location"] == "/account/"
    assert browser.get(f"/account/sign-in/?next={next}").headers["location"] == "/account/"


def test_what_was_interrupted_goes_on_in_its_language(browser: Browser) -> None:
    led = browser.get("/de/account/profile/")
    assert (led.status, led.headers["location"]) == (303, "/de/account/sign-in/?next=%2Fde%2Faccount%2Fprofile%2F")
    form = FormOf(browser.get(led.headers["location"]), "/api/auth/sign-in").fields
    answer = browser.post("/api/auth/sign-in", **form | {"email": EMAIL, "password": PASSWORD})
    assert answer.headers["location"] == "/de/account/profile/"


def test_a_wrong_password_and_a_wrong_address_are_one_and_the_same_answer(browser: Browser) -> None:
    wrong, unknown = _sign_in(browser, password="something else"), _sign_in(browser, email=NOBODY)
    assert (wrong.status, unknown.status) == (401, 401)
    assert wrong.body == unknown.body.replace(NOBODY, EMAIL)
    assert FormOf(wrong, "/api/auth/sign-in").fields["email"] == EMAIL
    assert COOKIE not in browser.cookies


def test_who_is_signed_in_already_goes_on(browser: Browser) -> None:
    _sign_in(browser)
    assert browser.get("/account/sign-in/?next=%2Fcontact%2F").headers["location"] == "/contact/"
    assert browser.get("/account/sign-up/").headers["location"] == "/account/"


def test_the_session_is_always_a_new_one(browser: Browser, ada: Person) -> None:
    """Whoever put a session into somebody's browser is not in it with them afterwards."""
    mo = a_person(browser.platform)
    browser.cookies |= browser.platform.sign_in(mo.id)
    planted = browser.cookies[COOKIE]
    _sign_in(browser)
    assert browser.cookies[COOKIE] != planted
    assert me(browser)["id"] == ada.id
    assert list(SessionRow.query(mo.id)) == []


def test_signing_in_again_ends_the_session_before(browser: Browser, ada: Person) -> None:
    _sign_in(browser)
    before = browser.cookies[COOKIE]
    sessions = len(browser.platform.services.sessions.of(ada.id))
    _sign_in(browser)
    assert len(browser.platform.services.sessions.of(ada.id)) == sessions
    assert browser.platform.services.sessions.read(before, fresh=True) is None


def test_signing_out_ends_the_session_at_once_and_forgets_the_cookie(browser: Browser, ada: Person) -> None:
    _sign_in(browser)
    stolen = browser.cookies[COOKIE]
    answer = browser.post("/api/auth/sign-out")
    assert (answer.status, answer.headers["location"]) == (303, "/account/sign-in/?done=signed-out")
    assert COOKIE not in browser.cookies
    assert "You are signed out." in browser.get(answer.headers["location"]).body
    assert browser.platform.services.sessions.read(stolen) is None
    assert browser.post("/api/auth/sign-out").status == 303


def test_nobody_is_signed_in_or_out_by_looking_or_by_another_site(browser: Browser) -> None:
    _sign_in(browser)
    assert browser.get("/api/auth/sign-out").status == 405
    for path in ("sign-out", "sign-in"):
        answer = browser.platform.call(
            "POST",
            f"/api/auth/{path}",
            form=f"email={EMAIL}&password={PASSWORD}",
            headers={"origin": "https://evil.example"},
            cookies=browser.cookies,
        )
        assert (answer.status, answer.cookies) == (403, ())
    assert me(browser) is not None


def test_an_unknown_key_of_what_was_done_is_shown_nowhere(browser: Browser) -> None:
    answer = browser.get("/account/sign-in/?done=%3Cscript%3Ealert(1)")
    assert (answer.status, "alert(1)" in answer.body) == (200, False)


def test_a_session_cookie_is_for_this_site_and_no_script(browser: Browser) -> None:
    (cookie,) = (cookie for cookie in _sign_in(browser).cookies if cookie.startswith(COOKIE))
    assert cookie.partition("; ")[2] == "Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Lax"


def test_five_tries_in_a_quarter_of_an_hour_for_one_account(browser: Browser) -> None:
    def tried(host: int, password: str) -> int:
        return _sign_in(Browser(browser.platform, address=f"203.0.113.{host}:1"), password=password).status

    assert [tried(host, "something else") for host in range(6)] == [401] * 5 + [429]
    assert tried(9, PASSWORD) == 429
    browser.platform.clock.forward(minutes=15)
    assert tried(9, PASSWORD) == 303


def test_five_tries_in_a_quarter_of_an_hour_from_one_address(browser: Browser) -> None:
    answers = [_sign_in(browser, email=f"eve{number}@people.example").status for number in range(5)]
    assert answers == [401] * 5
    refused = _sign_in(browser)
    assert (refused.status, FormOf(refused, "/api/auth/sign-in").fields["email"]) == (429, EMAIL)
    # It has cost the account nothing.
    assert _sign_in(Browser(browser.platform, address="203.0.113.9:1")).status == 303


def test_guessing_at_once_gets_no_more_tries(browser: Browser) -> None:
    def tried(host: int) -> int:
        return _sign_in(Browser(browser.platform, address=f"203.0.113.{host}:1"), password="something else").status

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(tried, range(12)))
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_success_uses_up_no_tries_and_gives_back_none_of_anothers(browser: Browser) -> None:
    for _ in range(4):
        assert _sign_in(browser, password="something else").status == 401
    for _ in range(6):
        assert _sign_in(browser).status == 303
    assert [_sign_in(browser, password="something else").status for _ in range(2)] == [401, 429]


@pytest.mark.parametrize("code", ["TooManyRequestsException", "InternalErrorException", "ServiceUnavailable"])
def test_a_cognito_that_is_throttled_or_down_locks_nobody_out(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def down(*_: object) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": f"{EMAIL} {PASSWORD}"}}, "AdminInitiateAuth")

    with monkeypatch.context() as broken:
        broken.setattr(Identity, "prove", down)
        for _ in range(7):
            answer = _sign_in(browser, next="/contact/")
            form = FormOf(answer, "/api/auth/sign-in")
            assert (answer.status, form.fields["email"], form.fields["next"]) == (503, EMAIL, "/contact/")
            assert "Please try again in a minute" in form.text
    assert PASSWORD not in browser.platform.log.getvalue()
    assert _sign_in(browser).status == 303


def test_an_account_that_is_gone_is_nobodys(browser: Browser, ada: Person) -> None:
    Address(EMAIL).delete()
    assert _sign_in(browser).status == 401
    Address(EMAIL, person_id=ada.id).save()
    ada.delete()
    assert _sign_in(browser).status == 401


@pytest.mark.parametrize("password", ["x" * 1100, "\ud800"])
def test_what_can_be_no_password_is_refused(browser: Browser, password: str) -> None:
    assert browser.send("/api/auth/sign-in", email=EMAIL, password=password).status in {400, 422}


def test_a_browser_that_was_not_known_is_noted_for_its_owner_and_one_that_was_is_not(
    browser: Browser, ada: Person
) -> None:
    assert Person.get(ada.id).new_device["session"] == ""
    _sign_in(browser)
    assert Person.get(ada.id).new_device["session"] == ""
    phone = Browser(browser.platform, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    _sign_in(phone)
    noted = Person.get(ada.id).new_device
    assert noted["agent"] == "Safari, iPhone"
    assert noted["session"] in {row.id for row in SessionRow.query(ada.id)}
    _sign_in(phone)
    assert Person.get(ada.id).new_device == noted


class Calls:
    """What is asked of AWS, in order."""

    def __init__(self, platform: PlatformUnderTest) -> None:
        self.made: list[str] = []
        clients: Iterator[Any] = iter(
            (Person._get_connection().connection.client, platform.services.identity._cognito())
        )
        for client in clients:
            client.meta.events.register("before-call", lambda model, **_: self.made.append(model.name))

    def of(self, ask: Any) -> tuple[Answer, list[str]]:
        self.made.clear()
        return ask(), list(self.made)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("sign-in", {"password": "something else"}),
        ("sign-up", {"name": "Ada"}),
        ("forgot", {}),
        ("passkey/options", {}),
    ],
)
def test_nothing_tells_who_has_an_account(browser: Browser, path: str, fields: dict[str, str]) -> None:
    """Neither status, body, headers, cookies nor the work that is done."""
    calls, seen = Calls(browser.platform), []
    browser.platform.services.identity.ask_for_passkey("per_nobody")  # what is read once has been read
    for host, email in enumerate((EMAIL, "eva@people.example")):
        asking = Browser(browser.platform, address=f"203.0.113.{host}:1")

        def ask(asking: Browser = asking, email: str = email) -> Answer:
            return asking.send(f"/api/auth/{path}", email=email, **fields)

        answer, made = calls.of(ask)
        body = answer.json
        body.pop("correlation_id", None)
        if "options" in body:
            body["options"]["challenge"] = len(body["options"]["challenge"])
            body["options"]["allowCredentials"] = [len(one) for one in body["options"]["allowCredentials"]][:1]
        headers = {name: value for name, value in answer.headers.items() if name != "x-correlation-id"}
        cookies = sorted((cookie.partition("=")[0], len(cookie)) for cookie in answer.cookies)
        seen.append((answer.status, body, headers, cookies, made))
    assert seen[0] == seen[1]
    assert seen[0][4]


def _with_passkey(browser: Browser, ada: Person) -> Authenticator:
    identity, phone = browser.platform.services.identity, Authenticator(origin="https://tester.example")
    proof = identity.prove(ada.id, PASSWORD)
    assert proof is not None
    identity.add_passkey(proof, phone.create(identity.begin_passkey(proof)))
    return phone


def test_a_passkey_signs_in_without_anything_else(browser: Browser, ada: Person) -> None:
    phone = _with_passkey(browser, ada)
    ada.update(actions=[Person.second_factor.set({"nonce": "n", "since": "", "last": 0, "recovery": []})])
    asked = browser.send("/api/auth/passkey/options", email=EMAIL, next="/contact/")
    answer = browser.send("/api/auth/passkey/sign-in", credential=phone.get(asked.json["options"]))
    assert (answer.status, answer.json) == (200, {"next": "/contact/"})
    assert me(browser)["id"] == ada.id
    assert "passkey" in {row.method for row in SessionRow.query(ada.id)}


def test_a_passkeys_answer_is_good_once(browser: Browser, ada: Person) -> None:
    phone = _with_passkey(browser, ada)
    asked = browser.send("/api/auth/passkey/options", email=EMAIL)
    between, credential = dict(browser.cookies), phone.get(asked.json["options"])
    assert browser.send("/api/auth/passkey/sign-in", credential=credential).status == 200
    browser.cookies = between
    assert browser.send("/api/auth/passkey/sign-in", credential=credential).status == 410


def test_a_passkey_opens_its_own_account_only(browser: Browser, ada: Person) -> None:
    phone = _with_passkey(browser, ada)
    browser.send("/api/auth/passkey/options", email=NOBODY)
    options = Browser(browser.platform).send("/api/auth/passkey/options", email=EMAIL).json["options"]
    answer = browser.send("/api/auth/passkey/sign-in", credential=phone.get(options))
    assert (answer.status, answer.json["code"]) == (401, "passkey_failed")
    assert me(browser) is None


@pytest.mark.parametrize("credential", [{}, {"id": "x", "response": {}}, {"id": ["x"]}])
def test_what_is_no_passkey_opens_nothing(browser: Browser, ada: Person, credential: dict[str, Any]) -> None:
    _with_passkey(browser, ada)
    browser.send("/api/auth/passkey/options", email=EMAIL)
    assert browser.send("/api/auth/passkey/sign-in", credential=credential).status == 401
    assert me(browser) is None


def test_passkeys_stay_a_way_in_while_others_guess_at_the_password(browser: Browser, ada: Person) -> None:
    phone = _with_passkey(browser, ada)
    for host in range(6):
        _sign_in(Browser(browser.platform, address=f"198.51.100.{host + 20}:1"), password="something else")
    assert _sign_in(browser).status == 429
    asked = browser.send("/api/auth/passkey/options", email=EMAIL)
    assert browser.send("/api/auth/passkey/sign-in", credential=phone.get(asked.json["options"])).status == 200


def test_five_challenges_in_a_quarter_of_an_hour_that_nobody_answers(browser: Browser) -> None:
    answers = [browser.send("/api/auth/passkey/options", email=EMAIL).status for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_challenge_is_over_after_five_minutes(browser: Browser, ada: Person) -> None:
    phone = _with_passkey(browser, ada)
    asked = browser.send("/api/auth/passkey/options", email=EMAIL)
    between = dict(browser.cookies)
    browser.platform.clock.forward(minutes=5)
    browser.cookies = between
    assert browser.send("/api/auth/passkey/sign-in", credential=phone.get(asked.json["options"])).status == 410


def test_guests_are_told_that_they_are_guests(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/api/me")
    assert (answer.status, answer.json) == (200, {"person": None})
    forged = platform.call("GET", "/api/me", cookies={COOKIE: "WyJwZXJfMDEiLCJzZXNfMDEiLDBd.x"})
    assert (forged.status, forged.json) == (200, {"person": None})


def test_who_is_signed_in_is_told_who_they_are_and_what_they_may_do(platform: PlatformUnderTest) -> None:
    person = a_person(platform, role="moderator", locale="de")
    answer = platform.call("GET", "/api/me", cookies=platform.sign_in(person.id)).json["person"]
    assert (answer["id"], answer["role"], answer["locale"]) == (person.id, "moderator", "de")
    assert answer["permissions"] == sorted(answer["permissions"])
    assert answer["permissions"]


def test_an_account_that_is_gone_is_a_guest(platform: PlatformUnderTest) -> None:
    person = a_person(platform)
    cookies = platform.sign_in(person.id)
    person.delete()
    assert platform.call("GET", "/api/me", cookies=cookies).json == {"person": None}


def test_a_bearer_of_no_algorithm_is_nobody(platform: PlatformUnderTest) -> None:
    none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwZXJfMDEifQ."
    answer = platform.call("GET", "/api/me", headers={"authorization": f"Bearer {none}"})
    assert answer.json == {"person": None}


def test_steps_of_signing_in_mail_nobody(browser: Browser) -> None:
    from lambdas.core.events import Change
    from lambdas.features.accounts.mails import what_happened

    browser.send("/api/auth/passkey/options", email=EMAIL)
    step = next(step for step in Step.scan() if step.purpose == "passkey")
    change = Change(table="account-steps", old=None, new=step, at=step.created_at, sequence="1")
    assert list(what_happened(change)) == []
