"""Streams reach the worker as Lambda brings them: in order, again after a failure, and never lost."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from local.emulator import Emulator
from local.streams import Checkpoints, Policy, StreamFeeder
from tests.local.requests_here import wait_until

TABLE = "prism-mira-rows"
QUICK = Policy(batch=10, attempts=3, wait=0.0)


@dataclass
class Worker:
    """Remembers what it has worked off. `broken` are ids it fails on, so many times; `raises` lets it raise instead of report."""

    broken: dict[str, int] = field(default_factory=dict)
    raises: bool = False
    done: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        json.dumps(event)  # Lambda's events are JSON
        self.batches.append(len(event["Records"]))
        for record in event["Records"]:
            name = record["dynamodb"]["Keys"]["id"]["S"]
            self.tried.append(name)
            if self.broken.get(name, 0) > 0:
                self.broken[name] -= 1
                if self.raises:
                    raise RuntimeError("broken")
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
            self.done.append(name)
        return {"batchItemFailures": []}


@dataclass
class Stream:
    feeder: Callable[..., StreamFeeder]
    queue: str

    def write(self, *names: str) -> None:
        for name in names:
            boto3.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": name}, "raw": {"B": b"\xff"}})

    def dead(self) -> list[dict[str, Any]]:
        got = boto3.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in got.get("Messages", [])]


@pytest.fixture
def stream(emulator: Emulator) -> Stream:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    checkpoints = Checkpoints(dynamodb=dynamodb, table="prism-mira-local-checkpoints")
    checkpoints.ensure()
    checkpoints.ensure()
    queue = boto3.client("sqs").create_queue(QueueName="prism-mira-dead-letters")["QueueUrl"]

    def feeder(worker: Worker, policy: Policy = QUICK) -> StreamFeeder:
        return StreamFeeder(
            tables=(TABLE,),
            worker=worker,
            context=lambda: None,
            dynamodb=dynamodb,
            streams=boto3.client("dynamodbstreams"),
            sqs=boto3.client("sqs"),
            dead_letters=queue,
            checkpoints=checkpoints,
            policy=policy,
        )

    return Stream(feeder=feeder, queue=queue)


def test_changes_reach_the_worker_in_order_and_in_batches(stream: Stream) -> None:
    worker = Worker()
    names = [f"{number:02d}" for number in range(25)]
    stream.write(*names)
    stream.feeder(worker).drain()
    assert worker.done == names
    assert worker.batches == [10, 10, 5]


def test_what_is_done_is_not_done_again_after_a_restart(stream: Stream) -> None:
    first, second = Worker(), Worker()
    stream.write("a", "b")
    stream.feeder(first).drain()
    stream.write("c")
    stream.feeder(second).drain()
    assert (first.done, second.done) == (["a", "b"], ["c"])


@pytest.mark.parametrize("raises", [False, True])
def test_one_broken_record_ends_among_the_dead_letters_and_stops_no_other(stream: Stream, raises: bool) -> None:
    worker = Worker(broken={"c": 99}, raises=raises)
    stream.write("a", "b", "c", "d", "e")
    stream.feeder(worker).drain()
    assert list(dict.fromkeys(worker.done)) == ["a", "b", "d", "e"]
    assert worker.tried.count("d") >= 1
    [letter] = stream.dead()
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1
    again = Worker()
    stream.feeder(again).drain()
    assert again.done == []


def test_what_is_reported_done_is_not_given_again(stream: Stream) -> None:
    worker = Worker(broken={"c": 1})
    stream.write("a", "b", "c", "d")
    stream.feeder(worker).drain()
    assert worker.done == ["a", "b", "c", "d"]
    assert stream.dead() == []


def test_a_record_that_fails_at_first_is_tried_until_it_works(stream: Stream) -> None:
    worker = Worker(broken={"a": 2})
    stream.write("a", "b")
    stream.feeder(worker).drain()
    assert worker.done == ["a", "b"]
    assert stream.dead() == []


def test_an_answer_that_names_no_record_fails_the_whole_batch(stream: Stream) -> None:
    answers = iter([{"batchItemFailures": [{"itemIdentifier": "1"}]}])
    worker = Worker()

    def confused(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return next(answers, None) or worker(event, context)

    stream.write("a", "b")
    feeder = stream.feeder(worker)
    feeder.worker = confused
    feeder.drain()
    assert worker.done == ["a", "b"]


def test_a_worker_killed_in_the_middle_gets_its_batch_again(stream: Stream) -> None:
    """Events arrive twice then: handlers are written for that."""

    class Killed(BaseException):
        pass

    first, second = Worker(), Worker()

    def dies(event: dict[str, Any], context: Any) -> dict[str, Any]:
        first(event, context)
        raise Killed

    stream.write("a", "b")
    feeder = stream.feeder(first)
    feeder.worker = dies
    with pytest.raises(Killed):
        feeder.drain()
    stream.feeder(second).drain()
    assert first.done == second.done == ["a", "b"]


def test_it_follows_the_stream_until_it_is_stopped(stream: Stream) -> None:
    worker = Worker()
    feeder = stream.feeder(worker)
    feeder.start()
    stream.write("a")
    wait_until(lambda: worker.done == ["a"])
    stream.write("b")
    wait_until(lambda: worker.done == ["a", "b"])
    feeder.stop()
    stream.write("c")
    assert worker.done == ["a", "b"]


def test_who_waits_for_it_to_catch_up_finds_what_came_of_the_work_done_too(stream: Stream) -> None:
    worker, next_of = Worker(), {"a": "b", "b": "c"}

    def writes_on(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = worker(event, context)
        stream.write(*(next_of.pop(name) for name in worker.done if name in next_of))
        return answer

    feeder = stream.feeder(writes_on)
    feeder.start()
    stream.write("a")
    assert feeder.catch_up()
    assert worker.done == ["a", "b", "c"]
    feeder.stop()
    assert not feeder.catch_up()


def test_an_outage_is_no_fault_of_a_record(emulator: Emulator, stream: Stream) -> None:
    """While the emulator is away the worker fails, and after it nothing is missing and nothing dead."""
    stream.write("a")
    worker = Worker()
    feeder = stream.feeder(worker, Policy(attempts=1))
    away = True

    def needs_the_emulator(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if away:
            raise ConnectionError
        return worker(event, context)

    class Away:
        def read(self, name: str) -> str:
            if away and needed:
                raise ConnectionError("away")
            return checkpoints.read(name)

        def write(self, name: str, value: str) -> None:
            checkpoints.write(name, value)

    needed = False
    checkpoints = feeder.checkpoints
    feeder.checkpoints = Away()  # type: ignore[assignment]
    feeder.worker = lambda event, context: needs_the_emulator(event, context)
    shard = feeder._shards(TABLE)[0]
    needed = True
    with pytest.raises(ConnectionError):
        feeder._work_some(shard)
    away = False
    feeder.drain()
    assert worker.done == ["a"]
    assert stream.dead() == []


def test_records_have_the_json_that_lambda_gives(stream: Stream) -> None:
    seen: list[dict[str, Any]] = []
    feeder = stream.feeder(Worker())
    feeder.worker = lambda event, context: seen.extend(event["Records"])
    stream.write("a")
    feeder.drain()
    [record] = seen
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"].split("/")[1] == TABLE
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "raw": {"B": "/w=="}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
