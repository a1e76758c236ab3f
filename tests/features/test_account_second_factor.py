"""The second factor: the standard's own numbers, each code once, and the way in with it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.features.accounts import second_factor, tries
from lambdas.features.accounts.models import Step
from lambdas.features.accounts.second_factor import SecondFactor, hashed, otpauth, period, period_of, totp
from lambdas.platform.people import Person
from lambdas.platform.sessions import SessionRow
from tests.browsing import Browser, FormOf
from tests.features.entering import EMAIL, OTHER_PASSWORD, PASSWORD, mailed_code, me, sign_up
from tests.platform_under_test import PlatformUnderTest

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert totp(RFC_SECRET, period(moment), digits=8) == code
    assert period_of(RFC_SECRET, code[2:], now=moment, last=0) == seconds // 30


@given(st.integers(min_value=-5, max_value=5), st.integers(min_value=0, max_value=29))
def test_a_phone_may_be_half_a_minute_off_and_no_more(off: int, second: int) -> None:
    now = datetime.fromtimestamp(30 * 1_000_000 + second, UTC)
    found = period_of(RFC_SECRET, totp(RFC_SECRET, 1_000_000 + off), now=now, last=0)
    assert found == (1_000_000 + off if abs(off) <= 1 else None)


@given(st.text(max_size=12))
def test_what_is_no_code_is_none(code: str) -> None:
    now = datetime.fromtimestamp(30 * 1_000_000, UTC)
    right = {totp(RFC_SECRET, 1_000_000 + off) for off in (-1, 0, 1)}
    assert (period_of(RFC_SECRET, code, now=now, last=0) is not None) == (code in right)


def test_an_app_reads_issuer_and_account_out_of_the_address() -> None:
    address = urlsplit(otpauth(RFC_SECRET, issuer="Ada: Fans & Friends", account="ada+x@people.example"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/Ada%20%20Fans%20%26%20Friends%3Aada%2Bx@people.example"
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert query == {
        "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "issuer": "Ada  Fans & Friends",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }


def test_a_secret_is_one_persons_one_nonces_and_one_keys() -> None:
    secrets = {
        second_factor.secret(key=key, person_id=person, nonce=nonce)
        for key in ("k", "l")
        for person in ("per_a", "per_b")
        for nonce in ("1", "2")
    }
    assert len(secrets) == 8
    assert {len(secret) for secret in secrets} == {20}


def test_recovery_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    code = codes[0]
    typed = {hashed(text, key="k", person_id="per_a") for text in (code, code.upper(), f" {code.replace('-', ' ')} ")}
    assert len(typed) == 1
    assert typed.isdisjoint({hashed(code, key="k", person_id="per_b"), hashed(code, key="l", person_id="per_a")})


class Guarded:
    """An account with a second factor: its app, and its recovery codes."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.services = browser.platform.services
        self.person = sign_up(browser)
        self.recovery = second_factor.new_recovery_codes()
        self.key = self.services.keys.current_and_previous("second-factor")[0]
        nonce = second_factor.new_nonce()
        self.secret = second_factor.secret(key=self.key, person_id=self.person.id, nonce=nonce)
        kept = SecondFactor(
            nonce=nonce,
            since="2026-03-01",
            recovery=tuple(hashed(code, key=self.key, person_id=self.person.id) for code in self.recovery),
        )
        self.person.update(actions=[Person.second_factor.set(kept.as_json())])
        browser.post("/api/auth/sign-out")

    def now(self, off: int = 0) -> str:
        return totp(self.secret, period(self.services.clock()) + off)

    def wrong(self) -> str:
        near = {self.now(off) for off in range(-2, 3)}
        return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)

    def password(self, browser: Browser | None = None, **fields: str) -> Browser:
        browser = browser or self.browser
        answer = browser.post("/api/auth/sign-in", email=EMAIL, password=PASSWORD, **fields)
        assert answer.headers["location"] == "/account/second-factor/"
        return browser

    def kept(self) -> SecondFactor:
        found = SecondFactor.of(Person.get(self.person.id, consistent_read=True))
        assert found is not None
        return found


@pytest.fixture
def guarded(platform: PlatformUnderTest) -> Guarded:
    return Guarded(Browser(platform))


def test_a_password_alone_signs_nobody_in_who_has_a_second_factor(guarded: Guarded) -> None:
    browser = guarded.password(next="/contact/")
    assert me(browser) is None
    assert "authenticator app" in browser.get("/account/second-factor/").body
    done = browser.post("/api/auth/second-factor", code=f"{guarded.now()[:3]} {guarded.now()[3:]}")
    assert (done.status, done.headers["location"]) == (303, "/contact/")
    assert me(browser)["id"] == guarded.person.id
    assert [row.method for row in SessionRow.query(guarded.person.id)] == ["password+totp"]


def test_a_code_is_taken_once(guarded: Guarded) -> None:
    code = guarded.now()
    assert guarded.password().post("/api/auth/second-factor", code=code).status == 303
    other = guarded.password(Browser(guarded.browser.platform, address="203.0.113.9:1"))
    assert other.post("/api/auth/second-factor", code=code).status == 422
    assert other.post("/api/auth/second-factor", code=guarded.now(-1)).status == 422
    guarded.browser.platform.clock.forward(seconds=30)
    assert other.post("/api/auth/second-factor", code=guarded.now()).status == 303


def test_one_code_in_ten_browsers_at_once_opens_one(guarded: Guarded) -> None:
    services, code = guarded.services, guarded.now()

    def prove(_: int) -> str | None:
        person = Person.get(guarded.person.id, consistent_read=True)
        return second_factor.prove(person, code, services=services, correlation_id="race")

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(prove, range(10)))
    assert outcomes.count("totp") == 1
    assert outcomes.count(None) == 9


def test_each_recovery_code_works_once(guarded: Guarded) -> None:
    code = guarded.recovery[3]
    assert guarded.password().post("/api/auth/second-factor", code=code.upper()).status == 303
    assert [row.method for row in SessionRow.query(guarded.person.id)] == ["password+recovery"]
    assert len(guarded.kept().recovery) == 9
    guarded.browser.post("/api/auth/sign-out")
    assert guarded.password().post("/api/auth/second-factor", code=code).status == 422
    assert guarded.browser.post("/api/auth/second-factor", code=guarded.recovery[4]).status == 303


def test_a_wrong_code_changes_nothing(guarded: Guarded) -> None:
    before = Person.get(guarded.person.id).serialize()
    answer = guarded.password().post("/api/auth/second-factor", code=guarded.wrong())
    assert (answer.status, FormOf(answer, "/api/auth/second-factor").invalid) == (422, {"code"})
    assert Person.get(guarded.person.id).serialize() == before
    assert me(guarded.browser) is None


def test_five_wrong_codes_are_the_end_until_a_quarter_of_an_hour_has_passed(guarded: Guarded) -> None:
    browser = guarded.password()
    answers = [browser.send("/api/auth/second-factor", code=guarded.wrong()).status for _ in range(6)]
    assert answers == [422] * 5 + [429]
    # Neither another round with the password, nor another address, makes room for more.
    other = guarded.password(Browser(browser.platform, address="203.0.113.9:1"))
    assert other.send("/api/auth/second-factor", code=guarded.now()).status == 429
    browser.platform.clock.forward(minutes=15)
    assert guarded.password().send("/api/auth/second-factor", code=guarded.now()).status == 200


def test_a_step_takes_no_sixth_answer_even_where_tries_are_left(guarded: Guarded) -> None:
    browser = guarded.password()
    (step,) = (step for step in Step.scan() if step.purpose == "second-factor")
    step.update(actions=[Step.attempts.set(5)])
    assert browser.send("/api/auth/second-factor", code=guarded.now()).status == 410


def test_good_codes_use_up_no_tries(guarded: Guarded) -> None:
    for _ in range(7):
        browser = guarded.password()
        assert browser.send("/api/auth/second-factor", code=guarded.now()).status == 200
        browser.post("/api/auth/sign-out")
        guarded.browser.platform.clock.forward(seconds=30)


def test_the_step_between_is_good_for_five_minutes_and_once(guarded: Guarded) -> None:
    browser = guarded.password()
    between = dict(browser.cookies)
    assert browser.post("/api/auth/second-factor", code=guarded.now()).status == 303
    browser.cookies = dict(between)
    guarded.browser.platform.clock.forward(seconds=30)
    assert browser.post("/api/auth/second-factor", code=guarded.now()).status == 410
    guarded.password()
    guarded.browser.platform.clock.forward(minutes=5)
    assert browser.post("/api/auth/second-factor", code=guarded.now()).status == 410
    assert me(browser) is None


def test_the_step_between_is_bound_to_its_person(guarded: Guarded) -> None:
    """Another person's codes are worth nothing in it, and a step of another kind neither."""
    stranger = Browser(guarded.browser.platform, address="203.0.113.9:1")
    stranger.post("/api/auth/sign-up", email="mo@people.example", name="Mo")
    assert stranger.post("/api/auth/second-factor", code=guarded.now()).status == 410
    forged = dict(stranger.cookies)
    forged["__Host-step"] = forged["__Host-step"][:-1] + ("A" if forged["__Host-step"][-1] != "A" else "B")
    stranger.cookies = forged
    assert stranger.post("/api/auth/second-factor", code=guarded.now()).status == 410


def test_a_new_password_by_mail_still_asks_for_the_second_factor(guarded: Guarded) -> None:
    from tests.features.entering import OTHER_PASSWORD, mailed_code

    guarded.browser.platform.clock.forward(minutes=20)
    guarded.browser.post("/api/auth/forgot", email=EMAIL)
    done = guarded.browser.post("/api/auth/confirm", code=mailed_code(guarded.browser), password=OTHER_PASSWORD)
    assert done.headers["location"] == "/account/second-factor/"
    assert me(guarded.browser) is None
    assert guarded.browser.post("/api/auth/second-factor", code=guarded.now()).status == 303


def test_what_is_kept_is_no_secret(guarded: Guarded) -> None:
    kept = str(Person.get(guarded.person.id).second_factor)
    assert second_factor.as_typed(guarded.secret).replace(" ", "") not in kept
    assert guarded.secret.hex() not in kept
    assert not [code for code in guarded.recovery if code in kept or code.replace("-", "") in kept]


def test_the_step_between_says_nothing_that_the_browser_did_not_know(guarded: Guarded) -> None:
    from itsdangerous.encoding import base64_decode

    cookie = guarded.password().cookies["__Host-step"]
    payload = cookie.rpartition(".")[0].lstrip(".")
    assert guarded.person.id.encode() not in base64_decode(payload)
    assert timedelta(minutes=5) == second_factor_lasts()


def second_factor_lasts() -> timedelta:
    (step,) = (step for step in Step.scan() if step.purpose == "second-factor")
    lasts: timedelta = step.expires_at - step.created_at
    return lasts


def test_twenty_wrong_codes_are_the_end_for_a_day_but_not_after_a_new_password(guarded: Guarded) -> None:
    platform = guarded.browser.platform
    for _ in range(tries.GUESSES_A_DAY // tries.TIMES):
        browser = guarded.password()
        for _ in range(tries.TIMES):
            assert browser.send("/api/auth/second-factor", code=guarded.wrong()).status == 422
        platform.clock.forward(minutes=15)
    assert guarded.password().send("/api/auth/second-factor", code=guarded.now()).status == 429
    # Whoever guessed knew the password. The mailbox's owner chooses another one, and is let in.
    owner = Browser(platform, address="203.0.113.9:1")
    owner.post("/api/auth/forgot", email=EMAIL)
    platform.clock.forward(seconds=1)
    answer = owner.post("/api/auth/confirm", code=mailed_code(owner), password=OTHER_PASSWORD)
    assert answer.headers["location"] == "/account/second-factor/"
    assert owner.send("/api/auth/second-factor", code=guarded.now()).status == 200
