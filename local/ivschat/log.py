"""Chat logging: every message and event into CloudWatch Logs, as IVS Chat does it for a room that has it.

Form after the IVS Chat User Guide (chat-logging): one line of JSON {"event_timestamp", "type", "version", "payload"} each, `payload`
as clients got it, in the stream `aws/IVSChatLogs/1.0/room_<id>` (which AWS names in "Archiving Web Chat Messages with Amazon IVS
Chat Logging", dev.to/aws). AWS delivers within about ten seconds, here it is at once. As there, a line may come twice: one that was
written as the answer got lost.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

log = logging.getLogger("prism.chat.log")

VERSION = "1.0"
BATCH = 500
"""Lines at once: of the largest messages they make the megabyte that PutLogEvents takes."""

KEPT = 20_000
"""Lines that wait for a local AWS that is away; the oldest go where it stays away for longer."""

RETRY_SECONDS = 0.5
STOP_SECONDS = 5.0


def stream_of(room: str) -> str:
    """The log stream of a room, by its ARN."""
    return f"aws/IVSChatLogs/{VERSION}/room_{room.rpartition('/')[2]}"


class _Line(NamedTuple):
    at: int
    text: str


def _client() -> "CloudWatchLogsClient":
    import boto3
    from botocore.config import Config

    return boto3.client("logs", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10))


class ChatLog:
    """An outbox of the room's lines and the thread that empties it, in order, however often that takes."""

    def __init__(
        self,
        *,
        group: str,
        room: str,
        client: "Callable[[], CloudWatchLogsClient]" = _client,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.group = group
        self.stream = stream_of(room)
        self._make_client = client
        self._retry_seconds = retry_seconds
        self._waiting: deque[_Line] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, entity: Mapping[str, Any]) -> None:
        """Have a message or event written; returns at once."""
        line = {
            "event_timestamp": entity["SendTime"],
            "type": entity["Type"],
            "version": VERSION,
            "payload": entity,
        }
        at = int(datetime.fromisoformat(entity["SendTime"]).timestamp() * 1000)
        with self._changed:
            self._waiting.append(_Line(at, json.dumps(line)))
            if len(self._waiting) > KEPT:
                self._waiting.popleft()
                log.error("the local AWS is away for long: a line of the chat's log is lost")
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="chat log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, *, seconds: float = STOP_SECONDS) -> bool:
        """Wait until all is written; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def stop(self) -> None:
        """Write what waits, and end; what cannot be written within some seconds is lost, and said."""
        if not self.flush():
            log.error("the local AWS is away: %s lines of the chat's log are lost", len(self._waiting))
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        if self._thread:
            self._thread.join(STOP_SECONDS)

    def _write_on(self) -> None:
        client: CloudWatchLogsClient | None = None
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
                batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
            if not batch:
                continue
            try:
                client = client or self._make_client()
                self._write(client, batch)
            except (BotoCoreError, ClientError) as error:
                log.warning("the chat's log cannot be written, trying again: %s", error)
                self._stopping.wait(self._retry_seconds)
                continue
            with self._changed:
                # Only what was written: `add` may have dropped the oldest meanwhile.
                for line in batch:
                    if self._waiting and self._waiting[0] is line:
                        self._waiting.popleft()
                self._changed.notify_all()

    def _write(self, client: "CloudWatchLogsClient", batch: list[_Line]) -> None:
        # PutLogEvents wants them by time, and two messages may overtake each other while they are reviewed.
        events: Any = [{"timestamp": line.at, "message": line.text} for line in sorted(batch, key=attrgetter("at"))]
        try:
            client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)
        except client.exceptions.ResourceNotFoundException:
            self._make(client)
            client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)

    def _make(self, client: "CloudWatchLogsClient") -> None:
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_group(logGroupName=self.group)
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
