"""The demo's data goes in through the real functions, once."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import boto3
import pytest
from aws_lambda_powertools import Logger

from lambdas.core import passwords
from lambdas.features.contact.models import Message
from lambdas.features.live.models import Show
from lambdas.handlers.work import Worker
from lambdas.platform.keys import StackKeys
from lambdas.platform.people import Person
from lambdas.platform.tables import table_name
from lambdas.web import edge
from local.demo_people import PEOPLE, how_to_sign_in
from local.emulator import Emulator
from local.mailbox import Mail
from local.platform import Platform
from local.seed import MESSAGES, SEEDS, seed
from local.streams import Checkpoints, Policy, StreamFeeder
from local.user_pool import UserPool
from tests.platform_under_test import BUCKET, ORIGIN_SECRET, PlatformUnderTest, start_platform


@dataclass
class Skip(threading.Event):
    """Waits by moving the platform's clock."""

    tested: PlatformUnderTest
    interrupted: bool = False

    def wait(self, timeout: float | None = None) -> bool:
        self.tested.clock.forward(seconds=timeout or 0)
        return self.interrupted


@dataclass
class Mailboxes:
    """What the worker mails, as soon as anybody looks."""

    tested: PlatformUnderTest
    emulator: Emulator
    feeder: StreamFeeder = field(init=False)

    def __post_init__(self) -> None:
        worker = Worker(services=self.tested.services, logger=Logger(service="seed-test", stream=self.tested.log))
        features = self.tested.services.features
        checkpoints = Checkpoints(dynamodb=boto3.client("dynamodb"), table="prism-demo-local-checkpoints")
        checkpoints.ensure()
        self.feeder = StreamFeeder(
            tables=tuple(table_name("demo", name) for name in dict.fromkeys(t for f in features for t in f.changes)),
            worker=lambda event, _: worker.handle(event),
            context=lambda: None,
            dynamodb=boto3.client("dynamodb"),
            streams=boto3.client("dynamodbstreams"),
            sqs=boto3.client("sqs"),
            dead_letters="",
            checkpoints=checkpoints,
            policy=Policy(wait=0.001),
        )
        ses = boto3.client("sesv2")
        with suppress(ses.exceptions.AlreadyExistsException):
            ses.create_email_identity(EmailIdentity=self.tested.creator.domain)

    def __call__(self, address: str) -> list[str]:
        self.feeder.drain()
        mails = [Mail.from_record(record) for record in self.emulator.mail()]
        return [mail.text for mail in mails if address in mail.to]


def fill(tested: PlatformUnderTest, emulator: Emulator, *, interrupted: bool = False) -> tuple[str, ...]:
    mails = Mailboxes(tested, emulator)
    keys = StackKeys(origin_secret=ORIGIN_SECRET, origin_digests=(), media_signing_public="", playback_public="")
    return seed(
        tested.creator,
        platform=Platform(
            bucket=BUCKET,
            media="",
            dead_letters="",
            ivs_events="",
            keys=keys,
            checkpoints=mails.feeder.checkpoints,
            people=UserPool(id="", client=""),
        ),
        active=frozenset(feature.name for feature in tested.services.features),
        routes=edge.routes(tested.services.features),
        functions={str(name): app.handle for name, app in tested.apps.items()},
        mails=mails,
        stop=Skip(tested, interrupted),
    )


def a_demo(**fields: Any) -> PlatformUnderTest:
    return start_platform(id="demo", domain="demo.example", email="mira@demo.example", **fields)


def test_the_demo_is_filled_once(emulator: Emulator) -> None:
    tested = a_demo()
    assert fill(tested, emulator) == ("contact", "accounts", "live")
    assert fill(tested, emulator) == ()
    (show,) = Show.scan()
    assert show.starts_at is not None
    there = show.starts_at.astimezone(ZoneInfo(tested.creator.timezone))
    assert (there.isoweekday(), there.hour, show.state) == (4, 20, "scheduled")
    assert sorted(message.name for message in Message.scan()) == sorted(message["name"] for message in MESSAGES)
    assert sorted(person.name for person in Person.scan()) == sorted(person.name for person in PEOPLE)


def test_everyone_signs_in_as_the_terminal_says_and_is_who_it_says(emulator: Emulator) -> None:
    tested = a_demo()
    fill(tested, emulator)
    told = "\n".join(how_to_sign_in("http://demo.localhost:8000/", "mira@demo.example"))
    for person in PEOPLE:
        email = person.address("mira@demo.example")
        wish = {"email": email, "password": person.password}
        answer = tested.call("POST", "/api/auth/sign-in", json_body=wish)
        cookies = dict(cookie.partition(";")[0].split("=", 1) for cookie in answer.cookies)
        me = tested.call("GET", "/api/me", cookies=cookies).json["person"]
        assert (answer.status, me["role"], me["name"]) == (200, person.role, person.name)
        assert f"{email}" in told
        assert person.password in told
        assert passwords.fault(person.password, email=email) is None


def test_what_was_cut_short_is_done_at_the_next_start(emulator: Emulator) -> None:
    tested = a_demo()
    assert fill(tested, emulator, interrupted=True) == ()
    assert list(Message.scan()) == []
    assert fill(tested, emulator) == ("contact", "accounts", "live")


def test_people_who_are_there_already_are_not_made_twice(emulator: Emulator) -> None:
    tested = a_demo()
    fill(tested, emulator)
    mails = Mailboxes(tested, emulator)
    mails.feeder.checkpoints.write("seed/accounts", "")
    sent = len(emulator.mail())
    assert fill(tested, emulator) == ("accounts",)
    assert len(emulator.mail()) == sent


def test_a_show_that_is_planned_already_is_not_planned_twice(emulator: Emulator) -> None:
    tested = a_demo()
    fill(tested, emulator)
    mails = Mailboxes(tested, emulator)
    # Cut short between the request and the note that it is done.
    mails.feeder.checkpoints.write("seed/live", "")
    assert fill(tested, emulator) == ("live",)
    assert len(list(Show.scan())) == 1


def test_other_creators_begin_empty(emulator: Emulator) -> None:
    tested = start_platform(id="tester")
    assert fill(tested, emulator) == ()
    assert list(Message.scan()) == []
    assert list(Person.scan()) == []


def test_a_feature_that_is_off_is_not_filled(emulator: Emulator) -> None:
    assert fill(a_demo(switches={"contact": {"enabled": False}}), emulator) == ("accounts", "live")


@pytest.mark.parametrize("message", MESSAGES)
def test_nobody_in_it_is_real(message: dict[str, str]) -> None:
    assert message["email"].partition("@")[2] in {"example.com", "example.org", "example.net"}
    assert set(SEEDS) == {"contact", "accounts", "live", "videos"}
