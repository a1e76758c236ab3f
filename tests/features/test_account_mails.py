"""What mailboxes are told on the way in: each its own truth, once, and not too late."""

from collections.abc import Iterator

import boto3
import pytest

from lambdas.core.events import Change, Event
from lambdas.features.accounts import codes, mails
from lambdas.features.accounts.models import Step
from lambdas.platform.mail import Letter, Mailer, Undeliverable
from local.emulator import Emulator
from local.mailbox import Mail
from tests.browsing import Browser
from tests.features.entering import EMAIL, PASSWORD, mailed_code, newest_step, sign_up
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest


class Post:
    """The worker's mails."""

    def __init__(self, platform: PlatformUnderTest, emulator: Emulator) -> None:
        self.platform, self._emulator = platform, emulator
        boto3.client("sesv2").create_email_identity(EmailIdentity="tester.example")

    def events(self, step: Step) -> Iterator[Event]:
        return mails.what_happened(Change(table="account-steps", old=None, new=step, at=step.created_at, sequence="1"))

    def deliver(self) -> list[Mail]:
        """Everything that is to be mailed now; all mails so far, the oldest first."""
        for step in sorted(Step.scan(), key=lambda step: step.id):
            for event in self.events(step):
                mails.deliver(event, self.platform.services)
        return [Mail.from_record(record) for record in reversed(self._emulator.mail())]


@pytest.fixture
def post(platform: PlatformUnderTest, emulator: Emulator) -> Post:
    return Post(platform, emulator)


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return Browser(platform)


def _spaced(code: str) -> str:
    return f"{code[:4]} {code[4:]}"


def test_a_new_address_is_mailed_its_code_and_nothing_that_was_typed(browser: Browser, post: Post) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Buy <b>now</b>")
    (mail,) = post.deliver()
    code = mailed_code(browser)
    assert (mail.to, mail.subject) == ((EMAIL,), "Your code for Testa Fictional")
    assert _spaced(code) in mail.text
    assert _spaced(code) in mail.html
    assert code not in mail.subject.replace(" ", "")
    assert "Buy" not in mail.text + mail.html
    assert mail.raw is not None
    assert b"Auto-Submitted: auto-generated" in mail.raw


def test_who_has_an_account_is_told_so_in_their_mailbox_only(browser: Browser, post: Post) -> None:
    known = a_person(post.platform, email=EMAIL, locale="de")
    browser.post("/api/auth/sign-up", email=EMAIL.upper(), name="Ada", language="en")
    (mail,) = post.deliver()
    assert mail.subject == "Du hast schon ein Konto bei Testa Fictional"
    assert _spaced(mailed_code(browser)) in mail.text
    assert "https://tester.example/de/account/sign-in/" in mail.html
    assert known.name not in mail.text


def test_a_forgotten_password_of_somebody_and_of_nobody(browser: Browser, post: Post) -> None:
    a_person(post.platform, email=EMAIL)
    browser.post("/api/auth/forgot", email=EMAIL)
    somebody = mailed_code(browser)
    post.platform.clock.forward(seconds=1)
    browser.post("/api/auth/forgot", email="eve@people.example")
    nobody = mailed_code(browser)
    first, second = post.deliver()
    assert _spaced(somebody) in first.text
    assert _spaced(nobody) not in second.text + second.html
    assert "There is no account with this address" in second.text
    assert "https://tester.example/account/sign-up/" in second.text


def test_an_event_told_twice_mails_once(browser: Browser, post: Post) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    assert len(post.deliver()) == 1
    assert len(post.deliver()) == 1
    first, again = (next(post.events(newest_step(browser))) for _ in range(2))
    assert first == again


def test_a_mail_that_would_come_too_late_does_not_come(browser: Browser, post: Post) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    post.platform.clock.forward(minutes=15)
    assert post.deliver() == []


def test_a_step_that_was_used_is_mailed_no_more(browser: Browser, post: Post) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD)
    assert post.deliver() == []


def test_a_mailbox_that_ses_refuses_is_not_tried_again(
    browser: Browser, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(mailer: Mailer, letter: Letter, *, to: str, **_: object) -> None:
        tried.append(to)
        raise Undeliverable("MessageRejected")

    monkeypatch.setattr(Mailer, "send", refuse)
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    post.deliver()
    post.deliver()
    assert tried == [EMAIL]


def test_a_code_mailed_before_the_key_was_rotated_is_taken_after(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    keys, code = browser.platform.services.keys, mailed_code(browser)
    before = keys.current_and_previous("session")
    monkeypatch.setitem(keys._values, "session", (keys.clock(), ["a new key", *before]))
    assert codes.code_of(newest_step(browser).id, services=browser.platform.services) != code
    assert browser.post("/api/auth/confirm", code=code, password=PASSWORD).status == 303


def test_a_sign_up_broken_off_halfway_leaves_nobody_in_cognito(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lambdas.features.accounts import accounts

    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")

    def crash(*_: object) -> None:
        raise ConnectionError

    services = browser.platform.services
    with monkeypatch.context() as broken:
        broken.setattr(accounts, "transaction", crash)
        assert browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD).status == 500
    step = newest_step(browser)
    assert services.identity.prove(step.person_id, PASSWORD) is not None
    gone = Change(table="account-steps", old=step, new=None, at=step.expires_at, sequence="2")
    for event in mails.what_happened(gone):
        mails.clear_away(event, services)
    assert services.identity.prove(step.person_id, PASSWORD) is None


def test_the_end_of_a_step_takes_nobodys_account(browser: Browser) -> None:
    person = sign_up(browser)
    step = newest_step(browser)
    gone = Change(table="account-steps", old=step, new=None, at=step.expires_at, sequence="2")
    assert list(mails.what_happened(gone)) == []
    late = Event(id="evt_1", name=mails.BROKEN_OFF, at=step.expires_at, subject=person.id)
    mails.clear_away(late, browser.platform.services)
    assert browser.platform.services.identity.prove(person.id, PASSWORD) is not None
