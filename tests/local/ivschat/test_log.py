"""Everything said in the room is in CloudWatch Logs, where `lambdas.platform.ivschat` reads it."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.platform.ivschat import Room
from local.emulator import Emulator
from local.ivschat.log import KEPT, ChatLog
from tests.local.ivschat.chatting import EVERYTHING, ROOM, Chat, Serve

GROUP = "prism-mira-chat"
STREAM = "aws/IVSChatLogs/1.0/room_a1b2c3d4e5f6"


def a_log(**settings: Any) -> ChatLog:
    return ChatLog(group=GROUP, room=ROOM, **settings)


@pytest.fixture
def logged(emulator: Emulator, serve: Serve) -> Chat:
    """A room that logs to the emulator, where nothing is yet."""
    return serve(log=a_log())


def lines(chat: Chat) -> list[dict[str, Any]]:
    """The room's log, once it is all written."""
    assert chat.app.settings.log
    assert chat.app.settings.log.flush()
    got = boto3.client("logs").get_log_events(logGroupName=GROUP, logStreamName=STREAM, startFromHead=True)
    return [json.loads(event["message"]) for event in got["events"]]


def test_messages_and_events_are_logged_as_clients_got_them(logged: Chat) -> None:
    person = logged.join(capabilities=EVERYTHING)
    message = person.answer("Grüße")
    person.ask("DELETE_MESSAGE", Id=message["Id"])
    deletion = person.hear()
    assert lines(logged) == [
        {"event_timestamp": entity["SendTime"], "type": entity["Type"], "version": "1.0", "payload": entity}
        for entity in (message, deletion)
    ]


def test_what_was_refused_is_not_logged(logged: Chat) -> None:
    person = logged.join()
    assert person.error("x" * 501) == 413
    person.answer("hi")
    assert [line["payload"]["Content"] for line in lines(logged)] == ["hi"]


def test_the_functions_read_the_log_newest_first(logged: Chat) -> None:
    person = logged.join()
    for number in range(10):
        person.answer(f"n-{number}")
        logged.clock.forward(seconds=1)
    lines(logged)
    room = Room(arn=ROOM, endpoint="", log_group=GROUP)
    since = logged.clock() - timedelta(seconds=4)
    assert [line["payload"]["Content"] for line in room.logged(since=since, page=3)] == ["n-9", "n-8", "n-7", "n-6"]


def test_the_log_can_be_filtered(logged: Chat) -> None:
    person = logged.join()
    for content in ("one", "two"):
        person.answer(content)
    lines(logged)
    found = boto3.client("logs").filter_log_events(logGroupName=GROUP, filterPattern="two")["events"]
    assert [json.loads(event["message"])["payload"]["Content"] for event in found] == ["two"]


class Away:
    """A client of a local AWS that is away for the first so many calls."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.client = boto3.client("logs")
        self.exceptions = self.client.exceptions

    def put_log_events(self, **given: Any) -> Any:
        self.calls -= 1
        if self.calls >= 0:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        return self.client.put_log_events(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


def test_nothing_is_lost_and_nothing_stands_still_while_the_local_aws_is_away(emulator: Emulator, serve: Serve) -> None:
    away: Any = Away(5)
    chat = serve(log=a_log(client=lambda: away, retry_seconds=0.02))
    person = chat.join()
    said = [person.answer(f"n-{number}")["Content"] for number in range(9)]
    assert [line["payload"]["Content"] for line in lines(chat)] == said


def test_a_log_that_was_removed_is_made_again(logged: Chat) -> None:
    person = logged.join()
    person.answer("before")
    lines(logged)
    boto3.client("logs").delete_log_group(logGroupName=GROUP)
    person.answer("after")
    assert [line["payload"]["Content"] for line in lines(logged)] == ["after"]


def test_what_waits_for_ever_does_not_grow_for_ever() -> None:
    nobody: Any = Away(10**9)
    outbox = a_log(client=lambda: nobody, retry_seconds=60)
    for number in range(KEPT + 10):
        outbox.add({"SendTime": "2026-11-21T12:00:00.000Z", "Type": "EVENT", "Id": f"{number}"})
    assert not outbox.flush(seconds=0)
    assert len(outbox._waiting) == KEPT
    outbox._stopping.set()
