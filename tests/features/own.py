"""What the tests of one's own things share: somebody signed in who has a password, and the letters that go out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from lambdas.core.events import Change
from lambdas.core.feature import subscribers
from lambdas.core.references import load
from lambdas.features.accounts import events_own, second_factor
from lambdas.platform.mail import Letter
from lambdas.platform.people import Person
from lambdas.platform.sessions import COOKIE
from tests.browsing import Browser
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest

PASSWORD = "four words of mine"
OTHER_PASSWORD = "not those but others"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def somebody(platform: PlatformUnderTest, **fields: Any) -> Browser:
    """A browser in which a new person is signed in; `PASSWORD` proves them."""
    person = a_person(platform, **fields)
    platform.services.identity.create(person.id)
    platform.services.identity.set_password(person.id, PASSWORD)
    browser = Browser(platform)
    browser.cookies |= platform.sign_in(person.id)
    return browser


def who(browser: Browser) -> Person:
    """The row of who is signed in, as it stands."""
    session = browser.platform.services.sessions.read(browser.cookies[COOKIE], fresh=True)
    assert session is not None
    return Person.get(session.person_id, consistent_read=True)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account/").status == 200


def elsewhere(browser: Browser) -> Browser:
    """Another browser of the same person, signed in."""
    other = Browser(browser.platform, agent=SAFARI)
    other.cookies |= browser.platform.sign_in(who(browser).id)
    return other


def app_code(browser: Browser, nonce: str) -> str:
    """What an authenticator app shows now."""
    services = browser.platform.services
    key = services.keys.current_and_previous("second-factor")[0]
    secret = second_factor.secret(key=key, person_id=who(browser).id, nonce=nonce)
    return second_factor.totp(secret, second_factor.period(services.clock()))


@dataclass
class Post:
    """The letters that went out: to whom, and what they say."""

    sent: list[tuple[str, Letter]] = field(default_factory=list)

    @property
    def subjects(self) -> list[str]:
        return [letter.subject.partition(" · ")[0] for _, letter in self.sent]


@pytest.fixture
def post(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> Post:
    made = Post()

    def send(letter: Letter, *, to: str, reply_to: str | None = None, reference: str) -> None:
        made.sent.append((to, letter))

    monkeypatch.setattr(platform.services.mail, "send", send)
    return made


def follow(platform: PlatformUnderTest, old: Person, new: Person | None) -> None:
    """What the worker does about a change of a person's row, by its stream."""
    change = Change(table="people", old=old, new=new, at=platform.clock(), sequence="1")
    for event in events_own.what_happened(change):
        for reference in subscribers(platform.services.features, event.name):
            load(reference)(event, platform.services)


@contextmanager
def followed(browser: Browser) -> Iterator[None]:
    """What is done inside changes the row; the worker follows that change, and those that it makes itself, each twice, as streams may."""
    old = who(browser)
    yield
    while (new := Person.get(old.id, consistent_read=True)).version != old.version:
        for _ in range(2):
            follow(browser.platform, old, new)
        old = new


def media(platform: PlatformUnderTest) -> set[str]:
    """The keys in the media bucket."""
    found = boto3.client("s3").list_objects_v2(Bucket=platform.services.media.name)
    return {item["Key"] for item in found.get("Contents", ())}


def with_media(platform: PlatformUnderTest) -> None:
    boto3.client("s3").create_bucket(
        Bucket=platform.services.media.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
