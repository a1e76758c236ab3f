"""The `chat_review` function, in the local AWS: what the room's and a person's row make of a message, also all at once."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from lambdas.core.chat_review.dynamodb import DynamoDB, DynamoDBFailed
from lambdas.handlers.chat_review import KEPT_SECONDS, Reviewer
from lambdas.platform.tables import table_name
from local.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
FOREVER = 10**15


class HeldClock:
    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0

    def __call__(self) -> float:
        return self.seconds


class RoomUnderReview:
    """The tables of a creator's chat, and a handler that reads them."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.dynamodb = boto3.resource("dynamodb")
        self.room, self.people = (self._table(name) for name in ("chat-room", "chat-people"))
        self._instances: list[Reviewer] = []
        self.reviewer = self.another()

    def _table(self, name: str) -> Any:
        return self.dynamodb.create_table(
            TableName=table_name("tester", name),
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def another(self) -> Reviewer:
        """Another instance of the function."""
        self._instances.append(Reviewer({**os.environ, "PRISM_CREATOR": "tester"}, clock=self.clock))
        return self._instances[-1]

    def close(self) -> None:
        for instance in self._instances:
            instance.store.close()

    def rule(self, **row: Any) -> None:
        self.room.put_item(Item={"id": "room", **row})
        self.clock.seconds += KEPT_SECONDS

    def mute(self, user_id: str, until: int) -> None:
        self.people.update_item(
            Key={"id": user_id}, UpdateExpression="SET muted_until = :u", ExpressionAttributeValues={":u": until}
        )

    def say(
        self, content: str = "hi", *, user_id: str = "anna", role: str = "fan", reviewer: Reviewer | None = None
    ) -> dict[str, Any]:
        return (reviewer or self.reviewer).review(
            {
                "Content": content,
                "MessageId": "a1b2c3d4e5f6",
                "RoomArn": "arn:aws:ivschat:eu-central-1:123456789012:room/a1b2c3d4e5f6",
                "Attributes": {"reply": "x"},
                "Sender": {"UserId": user_id, "Attributes": {"role": role, "name": "Anna"}, "Ip": "203.0.113.7"},
            }
        )

    def reason(self, content: str = "hi", **who: Any) -> str:
        """Why a message is denied, "" where it is not."""
        answer = self.say(content, **who)
        return str(answer["Attributes"]["Reason"]) if answer["ReviewResult"] == "DENY" else ""


@pytest.fixture
def room(emulator: Emulator) -> Iterator[RoomUnderReview]:
    room = RoomUnderReview()
    yield room
    room.close()


def test_a_room_that_nobody_has_set_up_takes_every_message_as_it_is(room: RoomUnderReview) -> None:
    assert room.say("hi at example.com") == {
        "ReviewResult": "ALLOW",
        "Content": "hi at example.com",
        "Attributes": {"reply": "x"},
    }
    assert room.people.get_item(Key={"id": "anna"})["Item"] == {"id": "anna", "last_at": int(room.clock() * 1000)}


def test_a_message_is_passed_on_without_what_nobody_sees(room: RoomUnderReview) -> None:
    assert room.say("\u202e hi\x00 \n")["Content"] == "hi"


def test_the_rooms_rules_are_those_of_its_row(room: RoomUnderReview) -> None:
    room.rule(members_only=True, links="members", words=["spam", "größe"], slow_seconds=0, version=3)
    assert room.reason(role="fan") == "members"
    assert room.reason(role="member") == ""
    assert room.reason("example.com", role="member") == ""
    assert room.reason("s p a m", role="member") == "words"
    assert room.reason("GROTTE", role="member") == ""
    assert room.reason("GRÖẞE", role="member") == "words"
    assert room.reason("s p a m", role="team") == ""
    assert room.reason(" ", role="team") == "empty"
    room.rule(links="team")
    assert room.reason("example.com", role="member") == "links"


def test_a_change_of_the_rules_takes_hold_within_five_seconds(room: RoomUnderReview) -> None:
    assert room.reason("spam") == ""
    room.room.put_item(Item={"id": "room", "words": ["spam"]})
    room.clock.seconds += KEPT_SECONDS - 0.1
    assert room.reason("spam") == ""
    room.clock.seconds += 0.1
    assert room.reason("spam") == "words"


def test_who_is_muted_is_not_heard_until_then(room: RoomUnderReview) -> None:
    room.mute("anna", int(room.clock() * 1000) + 60_000)
    assert room.reason() == "muted"
    assert room.reason(role="team") == "muted", "the team too"
    assert room.reason(user_id="ben") == ""
    room.clock.seconds += 60.001
    assert room.reason() == ""


def test_a_ban_holds_for_every_instance_and_for_good(room: RoomUnderReview) -> None:
    assert room.reason() == ""
    room.mute("anna", FOREVER)
    room.clock.seconds += 10 * 365 * 24 * 3600
    assert [room.reason(reviewer=each) for each in (room.reviewer, room.another())] == ["muted", "muted"]


def test_slow_mode_says_how_long_to_wait(room: RoomUnderReview) -> None:
    room.rule(slow_seconds=30)
    assert room.reason() == ""
    assert room.reason() == "slow:30"
    room.clock.seconds += 12.3
    assert room.reason() == "slow:18"
    assert room.reason(user_id="ben") == ""
    room.clock.seconds += 17.6
    assert room.reason() == "slow:1"
    room.clock.seconds += 0.2
    assert room.reason() == ""


def test_a_refused_message_costs_no_turn(room: RoomUnderReview) -> None:
    room.rule(slow_seconds=30, words=["spam"])
    assert room.reason("spam") == "words"
    assert room.reason("hi") == ""
    room.clock.seconds += 29
    assert room.reason("hi") == "slow:1"
    room.clock.seconds += 1
    assert room.reason("hi") == ""


def test_the_team_is_free_of_slow_mode(room: RoomUnderReview) -> None:
    room.rule(slow_seconds=30)
    assert [room.reason(role="team") for _ in range(3)] == ["", "", ""]


def test_of_fifty_messages_of_one_person_at_once_exactly_one_passes(room: RoomUnderReview) -> None:
    room.rule(slow_seconds=5)
    instances = [room.another() for _ in range(5)]
    together = threading.Barrier(50)

    def send(number: int) -> str:
        together.wait(30)
        return room.reason(reviewer=instances[number % 5])

    with ThreadPoolExecutor(50) as pool:
        reasons = list(pool.map(send, range(50)))
    assert sorted(reasons) == [""] + ["slow:5"] * 49


def test_a_ban_in_the_middle_of_a_flood_ends_it(room: RoomUnderReview) -> None:
    banned = threading.Event()

    def flood(_: int) -> list[str]:
        reviewer = room.another()
        after: list[str] = []
        while len(after) < 5:
            known = banned.is_set()
            reason = room.reason(reviewer=reviewer)
            if known:
                after.append(reason)
        return after

    with ThreadPoolExecutor(8) as pool:
        floods = [pool.submit(flood, n) for n in range(8)]
        room.mute("anna", FOREVER)
        banned.set()
        assert {reason for each in floods for reason in each.result(60)} == {"muted"}


def test_trouble_of_its_own_is_raised_and_says_nothing_of_the_message(room: RoomUnderReview) -> None:
    room.people.delete()
    with pytest.raises(DynamoDBFailed) as raised:
        room.say("a private thought")
    assert str(raised.value) == "ResourceNotFoundException"
    with pytest.raises(KeyError):
        room.reviewer.review({"Content": "x"})


def test_signed_with_another_secret_it_gets_nothing(room: RoomUnderReview) -> None:
    stranger = Reviewer({**os.environ, "PRISM_CREATOR": "tester", "AWS_SECRET_ACCESS_KEY": "another"}, clock=room.clock)
    with pytest.raises(DynamoDBFailed):
        stranger.rules()
    stranger.store.close()


class Scripted(ThreadingHTTPServer):
    """A DynamoDB that keeps what it was sent and answers as it was told: (0, {}) does the work and hangs up, saying nothing."""

    daemon_threads = True

    def __init__(self, *answers: tuple[int, dict[str, Any]], hangs_up: bool = False) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers = list(answers)
        self.reviewers: list[Reviewer] = []
        server = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                server.requests.append((dict(self.headers.items()), json.loads(body)))
                status, answer = server.answers.pop(0)
                # Without saying so: who asks the next time finds the connection closed.
                self.close_connection = hangs_up or not status
                if not status:
                    return
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                return

        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def reviewer(self, clock: HeldClock, **environ: str) -> Reviewer:
        endpoint = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.server_port}"}
        self.reviewers.append(Reviewer({**os.environ, "PRISM_CREATOR": "tester", **endpoint, **environ}, clock=clock))
        return self.reviewers[-1]

    def stop(self) -> None:
        for reviewer in self.reviewers:
            reviewer.store.close()
        self.shutdown()
        self.server_close()


@pytest.fixture
def scripted() -> Iterator[Any]:
    started: list[Scripted] = []

    def start(*answers: tuple[int, dict[str, Any]], hangs_up: bool = False) -> Scripted:
        started.append(Scripted(*answers, hangs_up=hangs_up))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def a_message(user_id: str = "anna") -> dict[str, Any]:
    return {"Content": "hi", "Sender": {"UserId": user_id, "Attributes": {}}}


def test_a_connection_that_was_closed_meanwhile_is_made_anew(scripted: Any) -> None:
    server = scripted((200, {}), (200, {}), (200, {}), hangs_up=True)
    reviewer = server.reviewer(HeldClock())
    assert [reviewer.review(a_message())["ReviewResult"] for _ in range(2)] == ["ALLOW", "ALLOW"]


def test_a_write_whose_answer_was_lost_does_not_stand_in_its_own_way(scripted: Any) -> None:
    clock = HeldClock()
    now = str(int(clock() * 1000))
    refused = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
    rules = (200, {"Item": {"id": {"S": "room"}, "slow_seconds": {"N": "30"}}})
    own = (400, {**refused, "Item": {"id": {"S": "anna"}, "last_at": {"N": now}}})
    other = (400, {**refused, "Item": {"id": {"S": "anna"}, "last_at": {"N": str(int(now) - 1000)}}})
    for last, result in ((own, "ALLOW"), (other, "DENY")):
        server = scripted(rules, (0, {}), last)
        reviewer = server.reviewer(clock)
        reviewer.rules()
        assert reviewer.review(a_message())["ReviewResult"] == result


def test_the_session_token_of_a_function_is_signed_and_sent(scripted: Any) -> None:
    server = scripted((200, {}))
    server.reviewer(HeldClock(), AWS_SESSION_TOKEN="a-session").rules()
    [(headers, body)] = server.requests
    sent = {name.lower(): value for name, value in headers.items()}
    assert sent["x-amz-security-token"] == "a-session"
    assert "x-amz-security-token" in sent["authorization"]
    assert body == {"TableName": "prism-tester-chat-room", "Key": {"id": {"S": "room"}}, "ConsistentRead": True}


def test_in_the_cloud_it_asks_its_own_region_by_tls() -> None:
    store = DynamoDB({"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    connection = store._connection()
    assert (type(connection).__name__, connection.host) == ("HTTPSConnection", "dynamodb.eu-west-1.amazonaws.com")
    assert connection.timeout == 1, "the function itself ends after two seconds, and its next start would be a cold one"


def test_a_laptops_room_says_how_long_it_waits(scripted: Any) -> None:
    server = scripted((200, {}))
    assert server.reviewer(HeldClock(), PRISM_REVIEW_SECONDS="5.0").store._connection().timeout == 5


PROGRAM = """
import sys
before = set(sys.modules)
import lambdas.handlers.chat_review
import json
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_it_stands_on_the_standard_library_alone() -> None:
    """In an interpreter that has nothing else."""
    ran = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {PROGRAM}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = json.loads(ran.stdout)
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"lambdas"}
    assert foreign == set()
    assert [name for name in loaded if name.startswith("lambdas") and "chat_review" not in name] == [
        "lambdas",
        "lambdas.core",
        "lambdas.handlers",
    ]
    # What costs more than the function itself.
    assert {"asyncio", "dataclasses", "inspect", "logging", "urllib.request"} & set(loaded) == set()


def test_in_lambda_the_rules_are_read_while_it_starts(scripted: Any) -> None:
    server = scripted((200, {}), (200, {}))
    program = f"import lambdas.handlers.chat_review as f; print('started'); f.handler({a_message()!r}, None)"
    assert started_in_lambda(program, server.server_port).splitlines() == ["started"]
    operations = [headers["x-amz-target"].rpartition(".")[2] for headers, _ in server.requests]
    assert operations == ["GetItem", "UpdateItem"]


def test_a_start_without_the_database_fails_the_message_and_not_the_function(scripted: Any) -> None:
    server = scripted((500, {"__type": "InternalServerError"}), (200, {}), (200, {}))
    program = f"import lambdas.handlers.chat_review as f; print(f.handler({a_message()!r}, None)['ReviewResult'])"
    assert started_in_lambda(program, server.server_port).splitlines() == [
        "the room's rules could not be read at the start: DynamoDBFailed",
        "ALLOW",
    ]


def started_in_lambda(program: str, port: int) -> str:
    """What a program prints in the environment of a function that has just started."""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            **os.environ,
            "PRISM_CREATOR": "tester",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout
