"""What a request may cost in DynamoDB, in the units that are paid for."""

import boto3
import pytest

from lambdas.core.events import Event
from lambdas.features.contact.events import deliver
from lambdas.web.app import GENERAL_LIMIT
from tests.bench.written_units import counted
from tests.platform_under_test import PlatformUnderTest, start_platform

MESSAGE = {"name": "A Fan", "email": "fan@fans.example", "subject": "Hi", "message": "Ten letters at least."}


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    return start_platform()


def _send(platform: PlatformUnderTest) -> str:
    token = platform.call("GET", "/api/contact/token").json["token"]
    platform.clock.forward(seconds=3)
    answer = platform.call("POST", "/api/contact", json_body=MESSAGE | {"token": token})
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def test_a_request_that_writes_nothing_costs_one_write_for_its_limit(platform: PlatformUnderTest) -> None:
    with counted() as units:
        platform.call("GET", "/api/contact/token")
    assert (units.written, units.read) == (1, 0)


def test_health_costs_nothing(platform: PlatformUnderTest) -> None:
    with counted() as units:
        platform.call("GET", "/api/health")
    assert (units.written, units.read) == (0, 0)


def test_a_message_costs_six_writes_from_the_form_to_the_table(platform: PlatformUnderTest) -> None:
    """Token and message against the general limit (2), the message against its own (1), itself (1) and its index
    entries (2): among the undelivered, and in the inbox, which is what lists it there without a scan."""
    with counted() as units:
        _send(platform)
    assert (units.written, units.read) == (6, 0)


def test_delivering_a_message_costs_three_writes_and_a_read(platform: PlatformUnderTest) -> None:
    """Noting each of the two mails (2) and taking the index entry away (1); a consistent read (1). The inbox's entry
    has nothing of what is noted, and costs nothing."""
    boto3.client("sesv2").create_email_identity(EmailIdentity=platform.creator.domain)
    subject = _send(platform)
    event = Event(id="evt_1", name="contact.message.received", at=platform.clock(), subject=subject)
    with counted() as units:
        deliver(event, platform.services)
    assert (units.written, units.read) == (3, 1)


def test_a_request_beyond_the_limit_costs_one_refused_write_and_one_read(platform: PlatformUnderTest) -> None:
    for _ in range(GENERAL_LIMIT.times):
        platform.call("GET", "/api/contact/token")
    with counted() as units:
        answer = platform.call("GET", "/api/contact/token")
    assert answer.status == 429
    assert units.written == 1
    assert units.read <= 1
