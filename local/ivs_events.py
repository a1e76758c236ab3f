"""What the channel says, to the worker, as EventBridge and Lambda's asynchronous invoke do it.

The media process puts its events into a queue; here they are taken out and given to the worker, one at a time and in no
promised order. What it fails on comes again after a growing wait, three times in all as with Lambda, and is then told of
among the dead letters. An event is deleted when it is dealt with: a crash before that brings it again.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.streams import Worker

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger("prism.ivs-events")

ATTEMPTS = 3
"""Lambda's own, and two more (its default for asynchronous invokes)."""

VISIBILITY_SECONDS = 65
"""How long an event is nobody else's: as long as the worker may take, and a little. While one server follows another, both look."""

WAIT_SECONDS = 1
"""A look waits so long for an event. Whoever stops us waits as long, at most."""


def queue_name(creator_id: str) -> str:
    return f"prism-{creator_id}-ivs-events"


@dataclass(kw_only=True)
class IvsEvents:
    """Feeds the queue to the worker until it is told to stop. `queue` and `dead_letters` are URLs.

    `wait` is how many seconds pass before the second try, doubled before the third (in AWS a minute and two).
    """

    queue: str
    worker: Worker
    context: Callable[[], Any]
    sqs: "SQSClient"
    dead_letters: str
    wait: int = 1
    _failures: dict[str, int] = field(default_factory=dict, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep_looking, name="ivs events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the one at work and return; the rest is done after the next start."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=VISIBILITY_SECONDS)

    def take_some(self, *, wait: int = 0) -> int:
        """Deal with what is there now, in the calling thread; how many events that were. `wait` is for the first, in seconds."""
        # One at a time: a handful would hold back from each other what the worker is slow with.
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1, WaitTimeSeconds=wait)
        for message in answer.get("Messages", ()):
            self._deal_with(message["MessageId"], message["Body"], message["ReceiptHandle"])
        return len(answer.get("Messages", ()))

    def _deal_with(self, message_id: str, body: str, handle: str) -> None:
        try:
            event: dict[str, Any] = json.loads(body)
        except ValueError:
            log.error("a message that is no event was dropped")
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=handle)
            return
        try:
            self.worker(event, self.context())
        except Exception:
            # Raises where the emulator is away: that is no fault of the event's, and not counted against it.
            self._come_again(handle, seconds=self.wait * 2 ** self._failures.get(message_id, 0))
            log.exception("the worker failed on %s %s", event.get("detail-type"), event.get("id"))
            self._failures[message_id] = self._failures.get(message_id, 0) + 1
            if self._failures[message_id] < ATTEMPTS:
                return
            self._bury(event)
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=handle)
        self._failures.pop(message_id, None)

    def _come_again(self, handle: str, *, seconds: int) -> None:
        self.sqs.change_message_visibility(QueueUrl=self.queue, ReceiptHandle=handle, VisibilityTimeout=seconds)

    def _bury(self, event: Mapping[str, Any]) -> None:
        """Tell the dead-letter queue of the event, as Lambda does for an asynchronous invoke ("on failure")."""
        letter = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": getattr(self.context(), "invoked_function_arn", ""),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": ATTEMPTS,
            },
            "requestPayload": event,
        }
        self.sqs.send_message(QueueUrl=self.dead_letters, MessageBody=json.dumps(letter))
        log.error("%s %s failed %s times and is among the dead letters", event["detail-type"], event["id"], ATTEMPTS)

    def _keep_looking(self) -> None:
        while not self._stop.is_set():
            try:
                self.take_some(wait=WAIT_SECONDS)
            except (BotoCoreError, ClientError) as error:
                log.warning("the channel's events cannot be read, trying again: %s", error)
                self._stop.wait(WAIT_SECONDS)
