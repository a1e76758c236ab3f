"""The channel's events reach the worker at least once, and what it cannot deal with is among the dead letters."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from local.emulator import Emulator
from local.ivs_events import ATTEMPTS, IvsEvents
from local.platform import ensure_ivs_events
from tests.local.requests_here import wait_until

WENT_LIVE = {
    "version": "0",
    "id": "0e1a7bd4-0000-4000-8000-000000000001",
    "detail-type": "IVS Stream State Change",
    "source": "aws.ivs",
    "account": "123456789012",
    "time": "2026-03-01T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:ivs:eu-central-1:123456789012:channel/abcdefghijkl"],
    "detail": {"event_name": "Stream Start", "channel_name": "prism-tester", "stream_id": "st-1"},
}


@dataclass
class Between:
    """A queue, what the worker was given out of it, and what it does with that."""

    sqs: Any
    queue: str
    dead_letters: str
    given: list[dict[str, Any]] = field(default_factory=list)
    does: Callable[[dict[str, Any]], None] = lambda event: None

    def say(self, event: dict[str, Any]) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(event))

    def feeder(self) -> IvsEvents:
        return IvsEvents(
            queue=self.queue,
            worker=self._work,
            context=lambda: None,
            sqs=self.sqs,
            dead_letters=self.dead_letters,
            wait=0,
        )

    def left(self) -> int:
        counts = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["All"])["Attributes"]
        return int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])

    def buried(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.dead_letters, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    def _work(self, event: dict[str, Any], context: Any) -> None:
        self.given.append(event)
        self.does(event)


@pytest.fixture
def between(emulator: Emulator) -> Between:
    sqs = boto3.client("sqs")
    dead_letters = sqs.create_queue(QueueName="prism-tester-dead-letters")["QueueUrl"]
    return Between(sqs=sqs, queue=ensure_ivs_events(sqs, "tester"), dead_letters=dead_letters)


def fail(event: dict[str, Any]) -> None:
    raise RuntimeError


def test_an_event_reaches_the_worker_as_it_was_said_and_is_gone(between: Between) -> None:
    between.say(WENT_LIVE)
    assert between.feeder().take_some() == 1
    assert between.given == [WENT_LIVE]
    assert between.left() == 0
    assert between.feeder().take_some() == 0


def test_what_fails_comes_again_and_counts_as_done_once_it_works(between: Between) -> None:
    between.say(WENT_LIVE)
    feeder = between.feeder()
    between.does = fail
    assert feeder.take_some() == 1
    assert between.left() == 1
    between.does = lambda event: None
    assert feeder.take_some() == 1
    assert (between.left(), between.buried(), len(between.given)) == (0, [], 2)


def test_what_fails_three_times_is_among_the_dead_letters(between: Between) -> None:
    between.say(WENT_LIVE)
    between.does = fail
    feeder = between.feeder()
    while feeder.take_some():
        pass
    assert len(between.given) == ATTEMPTS
    (letter,) = between.buried()
    assert letter["requestPayload"] == WENT_LIVE
    assert letter["requestContext"]["condition"] == "RetriesExhausted"
    assert between.left() == 0


def test_one_that_fails_does_not_hold_up_the_others(between: Between) -> None:
    ended = {**WENT_LIVE, "id": "0e1a7bd4-0000-4000-8000-000000000002"}

    def fail_on_the_first(event: dict[str, Any]) -> None:
        if event["id"] == WENT_LIVE["id"]:
            raise RuntimeError

    between.does = fail_on_the_first
    between.say(WENT_LIVE)
    between.say(ended)
    feeder = between.feeder()
    while feeder.take_some():
        pass
    assert ended in between.given
    assert [letter["requestPayload"]["id"] for letter in between.buried()] == [WENT_LIVE["id"]]


def test_an_aws_that_is_away_is_not_counted_against_an_event(between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    between.say(WENT_LIVE)
    between.does = fail
    feeder = between.feeder()

    def away(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    with monkeypatch.context() as broken:
        broken.setattr(between.sqs, "change_message_visibility", away)
        with pytest.raises(EndpointConnectionError):
            feeder.take_some()
    assert feeder._failures == {}
    assert (between.left(), between.buried()) == (1, [])


def test_what_is_no_event_is_dropped(between: Between) -> None:
    between.sqs.send_message(QueueUrl=between.queue, MessageBody="no json")
    assert between.feeder().take_some() == 1
    assert (between.left(), between.given) == (0, [])


def test_what_was_not_finished_by_one_server_is_done_by_the_next(between: Between) -> None:
    """As after a crash between the work and the deletion: the event was taken, and never deleted."""
    between.say(WENT_LIVE)
    taken = between.sqs.receive_message(QueueUrl=between.queue)["Messages"][0]
    assert between.feeder().take_some() == 0
    handle = taken["ReceiptHandle"]
    between.sqs.change_message_visibility(QueueUrl=between.queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert between.feeder().take_some() == 1
    assert between.given == [WENT_LIVE]


def test_it_looks_by_itself_and_stops_within_a_second_or_two(between: Between) -> None:
    feeder = between.feeder()
    feeder.start()
    between.say(WENT_LIVE)
    wait_until(lambda: between.left() == 0 and between.given == [WENT_LIVE])
    told = time.monotonic()
    feeder.stop()
    assert time.monotonic() - told < 2
    assert feeder._thread is not None
    assert not feeder._thread.is_alive()
