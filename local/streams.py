"""Table streams to the worker, as Lambda's event source mapping does it.

Each shard's records go to the worker in order, in batches. What the worker reports as failed is tried
again, halved, after a growing wait; a record that keeps failing is told of in the dead-letter queue
and passed over. How far a shard has got is kept in the emulator, beside the effects of the work: a
crash takes both back to the same moment, and what was done after it is done again.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.platform.streams import ATTEMPTS, BATCH_SIZE
from local.written import written_since

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger("prism.streams")

Worker = Callable[[dict[str, Any], Any], Any]
Record = dict[str, Any]

LOOK_ANYWAY_SECONDS = 5.0
"""A stream is looked at when its table was written to, and so often besides."""

ASK_SECONDS = 2.0
"""How long the emulator keeps who asks it what was written; while it is away, it is asked again after a part of it."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a stream is worked through; the stacks give the cloud's mapping the same numbers.

    A record is tried `attempts` times in all, with `wait` seconds before the second, doubled each
    time up to `longest_wait`.
    """

    batch: int = BATCH_SIZE
    attempts: int = ATTEMPTS
    wait: float = 0.5
    longest_wait: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """How far each shard has got, in a table of the emulator."""

    dynamodb: "DynamoDBClient"
    table: str

    def ensure(self) -> None:
        with suppress(self.dynamodb.exceptions.ResourceInUseException):
            self.dynamodb.create_table(
                TableName=self.table,
                KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def read(self, name: str) -> str:
        """What was written under this name, empty at first."""
        item = self.dynamodb.get_item(TableName=self.table, Key={"name": {"S": name}}, ConsistentRead=True).get("Item")
        return item["value"]["S"] if item else ""

    def write(self, name: str, value: str) -> None:
        self.dynamodb.put_item(TableName=self.table, Item={"name": {"S": name}, "value": {"S": value}})


@dataclass(kw_only=True)
class StreamFeeder:
    """Feeds the streams of some tables to the worker until it is told to stop.

    `dead_letters` is the queue's URL. One thread a table; the worker is called by one at a time a shard.
    """

    tables: tuple[str, ...]
    worker: Worker
    context: Callable[[], Any]
    dynamodb: "DynamoDBClient"
    streams: "DynamoDBStreamsClient"
    sqs: "SQSClient"
    dead_letters: str
    checkpoints: Checkpoints
    policy: Policy = Policy()
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _threads: list[threading.Thread] = field(default_factory=list, repr=False)
    _written: dict[str, threading.Event] = field(default_factory=dict, repr=False)
    _looked: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _idle: dict[str, int] = field(default_factory=dict, repr=False)
    """The last round in which a look at the table's stream found nothing."""

    _round: int = 0

    def start(self) -> None:
        for table in self.tables:
            self._written[table] = threading.Event()
            thread = threading.Thread(target=self._follow, args=(table,), name=f"stream {table}", daemon=True)
            self._threads.append(thread)
            thread.start()
        # Not waited for at the end: it may just be asking.
        threading.Thread(target=self._listen, name="streams", daemon=True).start()

    def stop(self) -> None:
        """Finish the batches at work and return; the rest is done after the next start."""
        self._stop.set()
        with self._looked:
            self._look_again()
        for thread in self._threads:
            thread.join(timeout=30)

    def catch_up(self) -> bool:
        """Wait until what was written before, and what came of that, is worked through; False where told to stop first."""
        with self._looked:
            self._look_again()
            self._looked.wait_for(lambda: self._stop.is_set() or self._all_idle())
            return not self._stop.is_set()

    def drain(self) -> None:
        """Work through all there is now, in the calling thread."""
        for table in self.tables:
            for shard in self._shards(table):
                while shard.iterator and self._work_some(shard):
                    pass

    def _listen(self) -> None:
        """Have each table's stream looked at when the table was written to."""
        last = 0
        while not self._stop.is_set():
            try:
                last, tables = written_since(last, seconds=ASK_SECONDS)
            except OSError:
                self._stop.wait(ASK_SECONDS / 10)
                continue
            for table in tables & self._written.keys():
                self._written[table].set()

    def _follow(self, table: str) -> None:
        """Work through a table's stream until told to stop; an emulator that is away is waited for."""
        shards: list[Shard] = []
        written = self._written[table]
        while not self._stop.is_set():
            written.clear()
            begun = self._round
            try:
                shards = shards or self._shards(table)
                worked = sum(self._work_some(shard) for shard in shards) > 0
                shards = [shard for shard in shards if shard.iterator]
            except (BotoCoreError, ClientError) as error:
                log.warning("the stream of %s cannot be read, trying again: %s", table, error)
                shards = []
                self._stop.wait(ASK_SECONDS / 10)
                continue
            self._note(table, begun, worked=worked)
            if not worked:
                written.wait(LOOK_ANYWAY_SECONDS)

    def _note(self, table: str, begun: int, *, worked: bool) -> None:
        """For `catch_up`: what a look found that was begun in this round."""
        with self._looked:
            if not worked:
                self._idle[table] = begun
                self._looked.notify_all()
            elif not self._all_idle():
                # Somebody may be waiting, and the work may have written to any table.
                self._look_again()

    def _look_again(self) -> None:
        self._round += 1
        for written in self._written.values():
            written.set()
        self._looked.notify_all()

    def _all_idle(self) -> bool:
        return all(self._idle.get(table) == self._round for table in self.tables)

    def _shards(self, table: str) -> "list[Shard]":
        arn = self.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        described = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]
        shards = []
        for shard in described["Shards"]:
            name = f"{arn}/{shard['ShardId']}"
            shards.append(
                Shard(
                    name=name,
                    arn=arn,
                    # From the oldest record: the one of the checkpoint may be gone, and what is done is passed over.
                    iterator=self.streams.get_shard_iterator(
                        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                    )["ShardIterator"],
                    done=self.checkpoints.read(name),
                )
            )
        return shards

    def _work_some(self, shard: "Shard") -> bool:
        """Work through the next records of a shard; False where there were none."""
        got = self.streams.get_records(ShardIterator=shard.iterator, Limit=self.policy.batch)
        records = [as_lambda_gives_it(record, arn=shard.arn) for record in got["Records"]]
        new = [record for record in records if int(record["dynamodb"]["SequenceNumber"]) > int(shard.done or 0)]
        if new and not self._work(shard, new):
            return False  # told to stop in the middle: the iterator stays where it is
        shard.iterator = got.get("NextShardIterator", "")
        return bool(got["Records"])

    def _work(self, shard: "Shard", records: Sequence[Record]) -> bool:
        """Deal with a batch: each of its records is worked off, or among the dead letters. False where told to stop."""
        waiting: list[tuple[Sequence[Record], int]] = [(records, 1)]
        while waiting:
            batch, attempt = waiting.pop(0)
            failed = self._call(batch)
            if failed > 0:
                self._done(shard, batch[failed - 1])
            if failed == len(batch):
                continue
            # Raises where the emulator is away: that is no fault of the record's, and not counted against it.
            self.checkpoints.read(shard.name)
            left = batch[failed:]
            if failed:
                attempt = 1  # it got further: what is left is a batch of its own
            if len(left) > 1:
                half = len(left) // 2
                waiting[:0] = [(left[:half], attempt), (left[half:], 1)]
                continue
            if attempt >= self.policy.attempts:
                self._bury(shard, left[0], attempt)
                self._done(shard, left[0])
                continue
            if self._stop.wait(min(self.policy.wait * 2 ** (attempt - 1), self.policy.longest_wait)):
                return False
            waiting.insert(0, (left, attempt + 1))
        return True

    def _call(self, batch: Sequence[Record]) -> int:
        """Give the worker a batch; how many of its first records it has dealt with."""
        try:
            answer = self.worker({"Records": list(batch)}, self.context())
            failures = {failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures", ())}
        except Exception:
            log.exception("the worker failed on %s records of %s", len(batch), batch[0]["eventSourceARN"])
            return 0
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        if failures - set(numbers):
            return 0  # as Lambda takes it: an answer that names no record of the batch fails it whole
        return min((numbers.index(number) for number in failures), default=len(batch))

    def _done(self, shard: "Shard", record: Record) -> None:
        shard.done = record["dynamodb"]["SequenceNumber"]
        self.checkpoints.write(shard.name, shard.done)

    def _bury(self, shard: "Shard", record: Record, attempts: int) -> None:
        """Tell the dead-letter queue where the record is, as Lambda does: not what it says."""
        sequence = record["dynamodb"]["SequenceNumber"]
        letter = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": getattr(self.context(), "invoked_function_arn", ""),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "DDBStreamBatchInfo": {
                "shardId": shard.name.rpartition("/")[2],
                "startSequenceNumber": sequence,
                "endSequenceNumber": sequence,
                "batchSize": 1,
                "streamArn": shard.arn,
            },
        }
        self.sqs.send_message(QueueUrl=self.dead_letters, MessageBody=json.dumps(letter))
        log.error("record %s of %s failed %s times and is among the dead letters", sequence, shard.arn, attempts)


@dataclass(kw_only=True)
class Shard:
    """A shard being worked through: where reading is (empty at its end), and the last record that is dealt with."""

    name: str
    arn: str
    iterator: str
    done: str


def as_lambda_gives_it(record: Mapping[str, Any], *, arn: str) -> Record:
    """A stream record in the JSON that Lambda's events have: bytes in base64, the moment in seconds."""
    plain: Record = json.loads(json.dumps(record, default=_plain))
    return {**plain, "eventSourceARN": arn}


def _plain(value: Any) -> Any:
    import base64

    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a stream record")
