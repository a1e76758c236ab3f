"""The creator's room of Amazon IVS Chat, as the functions ask it: tokens, events, who goes, and what was said.

Limits (IVS Chat service quotas and API reference): a token's attributes hold 1 kB, a user id 128 characters, a session 1 to 180
minutes. What was said is kept by CloudWatch Logs, where the room's logging puts it about ten seconds later, and by nobody else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_ivschat import IvschatClient
    from mypy_boto3_logs import CloudWatchLogsClient

Capability = Literal["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]


class ChatToken(NamedTuple):
    """`token` opens one connection within a minute (`expires_at`); what it opens ends at `session_until`. Never to be logged."""

    token: str
    expires_at: datetime
    session_until: datetime


@dataclass(kw_only=True)
class Room:
    """`arn`, `endpoint` (wss://…) and `log_group` are empty where chat is off."""

    arn: str
    endpoint: str
    log_group: str
    _client: "IvschatClient | None" = field(default=None, repr=False)
    _logs_client: "CloudWatchLogsClient | None" = field(default=None, repr=False)

    def token(
        self, user_id: str, *, attributes: Mapping[str, str], capabilities: Iterable[Capability], minutes: int
    ) -> ChatToken:
        """A token for one connection of a user; everyone in the room sees `attributes`."""
        made = self._chat().create_chat_token(
            roomIdentifier=self.arn,
            userId=user_id,
            attributes=dict(attributes),
            capabilities=list(capabilities),
            sessionDurationInMinutes=minutes,
        )
        return ChatToken(
            token=made["token"], expires_at=made["tokenExpirationTime"], session_until=made["sessionExpirationTime"]
        )

    def send_event(self, name: str, attributes: Mapping[str, str]) -> None:
        """Tell everyone in the room something that is no message."""
        self._chat().send_event(roomIdentifier=self.arn, eventName=name, attributes=dict(attributes))

    def delete_message(self, message_id: str, *, reason: str) -> None:
        """Have every client take a message away; one that is gone already changes nothing."""
        self._chat().delete_message(roomIdentifier=self.arn, id=message_id, reason=reason)

    def disconnect(self, user_id: str, *, reason: str) -> None:
        """End every connection of a user; it says nothing of the next one."""
        chat = self._chat()
        try:
            chat.disconnect_user(roomIdentifier=self.arn, userId=user_id, reason=reason)
        except chat.exceptions.ResourceNotFoundException:
            return  # nobody of that name is there

    def logged(self, *, since: datetime, page: int = 1000) -> Iterator[dict[str, Any]]:
        """What was said and done from `since` on, the newest first: {"event_timestamp", "type", "version", "payload"}.

        Read a page at a time, as far as it is asked for. Nothing where the room has not logged yet.
        """
        logs = self._logs()
        for stream in self._streams(since):
            given: dict[str, Any] = {"startFromHead": False, "limit": page, "startTime": _milliseconds(since)}
            token = ""
            while True:
                answer = logs.get_log_events(logGroupName=self.log_group, logStreamName=stream, **given)
                for event in reversed(answer["events"]):
                    yield json.loads(event["message"])
                # The same token again says that there is no more.
                if not answer["events"] or answer["nextBackwardToken"] == token:
                    break
                token = given["nextToken"] = answer["nextBackwardToken"]

    def _streams(self, since: datetime) -> list[str]:
        """The names of the log's streams that may hold something, the newest first."""
        logs = self._logs()
        try:
            found = logs.describe_log_streams(
                logGroupName=self.log_group, orderBy="LastEventTime", descending=True, limit=5
            )["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [
            stream["logStreamName"]
            for stream in found
            # AWS brings this time up to date within an hour, so one that says nothing is looked at.
            if stream.get("lastIngestionTime", 1 << 62) >= _milliseconds(since)
        ]

    def _chat(self) -> "IvschatClient":
        if self._client is None:
            self._client = aws.client("ivschat")
        return self._client

    def _logs(self) -> "CloudWatchLogsClient":
        if self._logs_client is None:
            self._logs_client = aws.client("logs")
        return self._logs_client


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
