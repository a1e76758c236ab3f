"""From a committed write to its mails: the real streams, the real letters, whatever fails in between."""

import json
from collections.abc import Callable
from traceback import format_exception
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from lambdas.features.contact.models import Message
from lambdas.features.contact.service import note_mailed
from lambdas.handlers.work import ScheduleFailed, Worker
from lambdas.platform.mail import Letter, Mailer, Undeliverable
from lambdas.platform.services import Services
from lambdas.platform.tables import table_name
from local.emulator import Emulator
from local.mailbox import Mail
from local.streams import Checkpoints, Policy, StreamFeeder
from tests.platform_under_test import PlatformUnderTest, start_platform


class Feed:
    """A platform's worker, fed from its tables' streams until nothing is left."""

    def __init__(self, platform: PlatformUnderTest, emulator: Emulator) -> None:
        self.platform = platform
        self.worker = Worker(services=platform.services, logger=Logger(service="worker-test"))
        self._emulator = emulator
        boto3.client("sesv2").create_email_identity(EmailIdentity="tester.example")
        dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
        self.dead = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        self.feeder = StreamFeeder(
            tables=(table_name("tester", "contact-messages"),),
            worker=lambda event, _: self.worker.handle(event),
            context=lambda: None,
            dynamodb=dynamodb,
            streams=boto3.client("dynamodbstreams"),
            sqs=sqs,
            dead_letters=self.dead,
            checkpoints=Checkpoints(dynamodb=dynamodb, table="checkpoints"),
            policy=Policy(wait=0.001),
        )
        self.feeder.checkpoints.ensure()

    def drain(self) -> list[Mail]:
        self.feeder.drain()
        return self.mails()

    def mails(self) -> list[Mail]:
        return [Mail.from_record(record) for record in reversed(self._emulator.mail())]

    def buried(self) -> list[dict[str, Any]]:
        got = boto3.client("sqs").receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in got]


@pytest.fixture
def feed(emulator: Emulator) -> Feed:
    return Feed(start_platform(), emulator)


def _send(platform: PlatformUnderTest, **fields: str) -> str:
    token = platform.call("GET", "/api/contact/token").json["token"]
    platform.clock.forward(seconds=3)
    message = {"name": "A Fan", "email": "fan@fans.example", "subject": "Hi", "message": "Ten letters at least."}
    answer = platform.call("POST", "/api/contact", json_body=message | {"token": token} | fields)
    assert answer.status == 201
    return str(answer.json["id"])


def test_a_senders_address_does_not_name_who_else_gets_the_answer(feed: Feed) -> None:
    _send(feed.platform, email="fan?bcc=all@fans.example")
    received, _ = feed.drain()
    assert received.reply_to == "fan?bcc=all@fans.example"
    assert 'href="mailto:fan%3Fbcc%3Dall@fans.example"' in received.html


def test_a_message_is_mailed_to_the_creator_and_confirmed_to_the_sender(feed: Feed) -> None:
    id = _send(feed.platform, language="de", name="Ada <b>", message="Grüße & mehr <script>")
    received, confirmation = feed.drain()
    assert (received.to, received.reply_to) == (("hello@tester.example",), "fan@fans.example")
    assert "Grüße & mehr <script>" in received.text
    assert "<script>" not in received.html
    assert "Ada &lt;b&gt;" in received.html
    assert 'href="mailto:fan@fans.example"' in received.html
    assert confirmation.to == ("fan@fans.example",)
    # Anyone can give anyone's address: nothing that was typed goes there in the creator's name.
    for typed in ("Ada", "Hi", "Grüße", "script"):
        assert typed not in confirmation.subject + confirmation.text + confirmation.html
    assert confirmation.sender == "Testa Fictional <hello@tester.example>"
    assert Message.get(id).undelivered is None
    assert (Message.get(id).mailed_at, Message.get(id).confirmation) == (feed.platform.clock(), "sent")


def test_an_event_that_comes_again_sends_nothing_again(feed: Feed) -> None:
    _send(feed.platform)
    feed.drain()
    feed.feeder.checkpoints = Checkpoints(dynamodb=boto3.client("dynamodb"), table="checkpoints-forgotten")
    feed.feeder.checkpoints.ensure()
    assert len(feed.drain()) == 2


def test_the_correlation_id_of_the_request_is_the_events(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    id = _send(feed.platform)
    told: list[Any] = []
    monkeypatch.setattr("lambdas.features.contact.events.deliver", lambda event, services: told.append(event))
    feed.drain()
    assert [(e.name, e.subject, e.correlation_id) for e in told] == [
        ("contact.message.received", id, Message.get(id).correlation_id)
    ]


@pytest.mark.parametrize("failing", [1, 2])
def test_mail_that_fails_is_tried_again_and_what_has_gone_is_not(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    id = _send(feed.platform)
    monkeypatch.setattr(Mailer, "send", _fails_once(Mailer.send, at=failing))
    assert [mail.to[0] for mail in feed.drain()] == ["hello@tester.example", "fan@fans.example"]
    assert Message.get(id).undelivered is None


def test_a_crash_between_a_mail_and_its_note_sends_it_again_into_the_same_thread(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send(feed.platform)
    crashes = iter([True])

    def crash_once(message: Message, *, services: Services) -> None:
        if next(crashes, False):
            raise RuntimeError("the function ended here")
        note_mailed(message, services=services)

    monkeypatch.setattr("lambdas.features.contact.events.note_mailed", crash_once)
    first, again, confirmation = feed.drain()
    assert first.refers_to
    assert (first.to, first.refers_to) == (again.to, again.refers_to)
    assert confirmation.to == ("fan@fans.example",)


def test_a_sender_who_cannot_be_mailed_costs_the_creator_nothing(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new AWS account: SES refuses to mail strangers."""
    id = _send(feed.platform)
    send = Mailer.send

    def sandbox(mailer: Mailer, letter: Letter, *, to: str, **options: Any) -> None:
        if to != "hello@tester.example":
            raise Undeliverable("MessageRejected")
        send(mailer, letter, to=to, **options)

    monkeypatch.setattr(Mailer, "send", sandbox)
    assert [mail.to[0] for mail in feed.drain()] == ["hello@tester.example"]
    assert Message.get(id).undelivered is None
    assert Message.get(id).confirmation == "undeliverable"
    assert feed.buried() == []


def _fails_once(send: Callable[..., None], *, at: int) -> Callable[..., None]:
    calls = iter(range(1, 100))

    def unreliable(mailer: Mailer, letter: Letter, **options: Any) -> None:
        if next(calls) == at:
            raise ConnectionError("SES is away")
        send(mailer, letter, **options)

    return unreliable


def test_one_poisoned_message_is_buried_and_the_others_are_delivered(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [_send(feed.platform, subject=subject) for subject in ("one", "poison", "three")]
    send = Mailer.send

    def poisoned(mailer: Mailer, letter: Letter, **options: Any) -> None:
        if "poison" in letter.text:
            raise ValueError("this one never works")
        send(mailer, letter, **options)

    monkeypatch.setattr(Mailer, "send", poisoned)
    feed.drain()
    assert [Message.get(id).undelivered for id in ids] == [None, "pending", None]
    assert len(feed.buried()) == 1


def test_what_no_event_delivered_is_chased_by_the_schedule(feed: Feed) -> None:
    id = _send(feed.platform)
    feed.worker.handle({"prism": "schedule", "name": "contact.deliver-late"})
    assert feed.mails() == []  # its event may still be on the way
    feed.platform.clock.forward(minutes=11)
    feed.worker.handle({"prism": "schedule", "name": "contact.deliver-late"})
    assert len(feed.mails()) == 2
    assert Message.get(id).undelivered is None
    feed.worker.handle({"prism": "schedule", "name": "contact.deliver-late"})
    assert len(feed.mails()) == 2


def test_one_late_message_that_never_works_does_not_hold_up_the_others(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [_send(feed.platform, subject=subject) for subject in ("poison", "two", "three")]
    feed.platform.clock.forward(minutes=11)
    send = Mailer.send

    def poisoned(mailer: Mailer, letter: Letter, **options: Any) -> None:
        if "poison" in letter.text:
            raise ValueError("what a person typed")
        send(mailer, letter, **options)

    monkeypatch.setattr(Mailer, "send", poisoned)
    with pytest.raises(ScheduleFailed) as failed:
        feed.worker.handle({"prism": "schedule", "name": "contact.deliver-late"})
    assert [Message.get(id).undelivered for id in ids] == ["pending", None, None]
    assert "typed" not in "".join(format_exception(failed.value))  # which is what Lambda logs


def test_a_message_deleted_meanwhile_is_no_fault(feed: Feed) -> None:
    Message(_send(feed.platform)).delete()
    assert feed.drain() == []
    assert feed.buried() == []


def test_a_schedule_or_a_table_of_a_feature_switched_off_is_passed_over(emulator: Emulator) -> None:
    feed = Feed(start_platform(), emulator)
    _send(feed.platform)
    off = start_off_worker(feed.platform)
    assert off.handle({"prism": "schedule", "name": "contact.deliver-late"}) == {}
    feed.worker = off
    assert feed.drain() == []
    assert feed.buried() == []


def start_off_worker(platform: PlatformUnderTest) -> Worker:
    from dataclasses import replace

    only_site = tuple(feature for feature in platform.services.features if feature.name == "site")
    return Worker(services=replace(platform.services, features=only_site), logger=Logger(service="off"))
