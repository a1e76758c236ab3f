"""What is sent to the room, and who hears of it."""

import json
import re
import threading
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.local.ivschat.chatting import EVERYTHING, Chat, Person, Serve
from tests.local.requests_here import wait_until


def test_a_message_reaches_everyone_and_its_sender(chat: Chat) -> None:
    anna = chat.join("anna", attributes={"role": "fan", "name": "Anna"})
    others = [chat.join(f"fan-{n}", capabilities=()) for n in range(3)]
    heard = anna.answer("Grüße 👋", request_id="r-7", Attributes={"reply": "x"})
    assert re.fullmatch("[a-zA-Z0-9]{12}", heard["Id"])
    assert heard == {
        "Type": "MESSAGE",
        "Id": heard["Id"],
        "RequestId": "r-7",
        "Content": "Grüße 👋",
        "Attributes": {"reply": "x"},
        "SendTime": "2026-11-21T12:00:00.000Z",
        "Sender": {"UserId": "anna", "Attributes": {"role": "fan", "name": "Anna"}},
    }
    assert [other.hear() for other in others] == [heard] * 3


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("SEND_MESSAGE", {"Content": "hi"}),
        ("DELETE_MESSAGE", {"Id": "a1b2c3d4e5f6"}),
        ("DISCONNECT_USER", {"UserId": "x"}),
    ],
)
def test_who_lacks_a_capability_is_forbidden(chat: Chat, action: str, fields: dict[str, str]) -> None:
    person = chat.join(capabilities=set(EVERYTHING) - {action})
    person.ask(action, RequestId="r-1", **fields)
    heard = person.hear()
    assert (heard["Type"], heard["ErrorCode"], heard["RequestId"]) == ("ERROR", 403, "r-1")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", 400),
        ("no json", 400),
        ("[1]", 400),
        ("[" * 8000, 400),
        ('{"Action": "SEND_MESSAGE"}', 400),
        ('{"Action": "SEND_MESSAGE", "Content": ""}', 400),
        ('{"Action": "SEND_MESSAGE", "Content": 7}', 400),
        ('{"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"a": 1}}', 400),
        ('{"Action": "SEND_MESSAGE", "Content": "x", "RequestId": 1}', 400),
        ('{"Action": "DELETE_MESSAGE", "Id": "short"}', 400),
        ('{"Action": "DISCONNECT_USER"}', 400),
        ('{"Action": "SUBSCRIBE"}', 400),
        (json.dumps({"Action": "SEND_MESSAGE", "Content": "x" * 501}), 413),
        (json.dumps({"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"a": "x" * 1024}}), 413),
        (json.dumps({"Action": "DELETE_MESSAGE", "Id": "a1b2c3d4e5f6", "Reason": "x" * 257}), 413),
        (json.dumps({"Action": "DISCONNECT_USER", "UserId": "x" * 129}), 413),
        (json.dumps({"Action": "SEND_MESSAGE", "Content": "x", "More": "x" * 17_000}), 413),
    ],
)
def test_what_is_no_request_is_answered_with_what_is_wrong(chat: Chat, frame: str, code: int) -> None:
    person = chat.join(capabilities=EVERYTHING)
    person.socket.send(frame)
    heard = person.hear()
    assert (heard["Type"], heard["ErrorCode"]) == ("ERROR", code)
    assert re.fullmatch("[a-zA-Z0-9]{12}", heard["Id"])
    assert person.answer("and on")["Content"] == "and on"


def test_bytes_are_no_request(chat: Chat) -> None:
    person = chat.join()
    person.socket.send(b'{"Action": "SEND_MESSAGE", "Content": "x"}')
    assert person.hear()["ErrorCode"] == 400


def test_a_message_may_have_500_code_points_of_any_size(chat: Chat) -> None:
    content = "𝕏" * 500
    assert chat.join().answer(content)["Content"] == content


def test_a_deletion_has_the_id_by_both_its_names(chat: Chat) -> None:
    moderator, fan = chat.join("mod", capabilities=EVERYTHING), chat.join("fan")
    message = fan.answer("oops")
    assert moderator.hear() == message
    moderator.ask("DELETE_MESSAGE", RequestId="d-1", Id=message["Id"], Reason="rude")
    heard = moderator.hear()
    assert heard | {"Id": "", "SendTime": ""} == {
        "Type": "EVENT",
        "Id": "",
        "RequestId": "d-1",
        "EventName": "aws:DELETE_MESSAGE",
        "SendTime": "",
        "Attributes": {"MessageID": message["Id"], "MessageId": message["Id"], "Reason": "rude"},
    }
    assert fan.hear() == heard


def test_who_is_disconnected_hears_why_and_loses_every_connection(chat: Chat) -> None:
    moderator = chat.join("mod", capabilities=EVERYTHING)
    troll = [chat.join("troll"), chat.join("troll")]
    moderator.ask("DISCONNECT_USER", RequestId="x-1", UserId="troll", Reason="enough")
    heard = moderator.hear()
    assert (heard["EventName"], heard["RequestId"]) == ("aws:DISCONNECT_USER", "x-1")
    assert heard["Attributes"] == {"UserId": "troll", "Reason": "enough"}
    for connection in troll:
        assert connection.hear() == heard
        assert connection.farewell() == (1000, "Disconnected")
    assert moderator.answer("still here")["Type"] == "MESSAGE"


def test_a_connection_makes_ten_requests_a_second(chat: Chat) -> None:
    flooder, other = chat.join("flooder"), chat.join("other")
    for number in range(30):
        flooder.say("x", request_id=f"r-{number}")
    answers = [flooder.hear() for _ in range(30)]
    assert [answer["Type"] for answer in answers].count("MESSAGE") == 10
    assert {answer["ErrorCode"] for answer in answers if answer["Type"] == "ERROR"} == {429}
    assert {answer["RequestId"] for answer in answers} == {f"r-{number}" for number in range(30)}
    other.say("and others go on")
    assert "and others go on" in [other.hear()["Content"] for _ in range(11)]


def test_the_room_takes_so_many_messages_a_second(serve: Serve) -> None:
    chat = serve(rate=3)
    people = [chat.join(f"fan-{n}") for n in range(5)]
    for person in people:
        person.say("x", request_id=f"own {id(person)}")
    codes = [_own(person, f"own {id(person)}").get("ErrorCode") for person in people]
    assert sorted(code or 0 for code in codes) == [0, 0, 0, 429, 429]


def _own(person: Person, request_id: str) -> dict[str, Any]:
    """The answer to a request of one's own, among what others said."""
    while (heard := person.hear())["RequestId"] != request_id:
        continue
    return heard


def test_a_flood_of_many_connections_harms_nobody(chat: Chat) -> None:
    stop = threading.Event()

    def flood(person: Person) -> None:
        try:
            while not stop.is_set():
                person.say("x" * 400)
                person.socket.recv(timeout=5)
        except (ConnectionClosed, TimeoutError):
            return

    flooders = [threading.Thread(target=flood, args=(chat.join(f"flooder-{n}"),)) for n in range(4)]
    reader = chat.join("reader", capabilities=())
    for thread in flooders:
        thread.start()
    try:
        for _ in range(60):
            assert reader.hear()["Type"] == "MESSAGE"
        assert chat.client().send_event(roomIdentifier=chat.app.settings.arn, eventName="prism:pin")["id"]
        while reader.hear()["Type"] != "EVENT":
            continue
    finally:
        stop.set()
        for thread in flooders:
            thread.join()


def test_who_does_not_read_is_dropped_and_holds_nobody_up(serve: Serve) -> None:
    chat = serve(backlog=16)
    chat.open(chat.token("sleeper"), sleepy=True)
    reader = chat.join("reader")
    sent = 0
    while len(chat.app.room.connections) == 2:
        assert sent < 2000, "who does not read is never dropped"
        for _ in range(8):
            sent += 1
            chat.publish(f"n-{sent}", filling="x" * 10_000)
        assert [reader.hear()["EventName"] for _ in range(8)] == [f"n-{n}" for n in range(sent - 7, sent + 1)]
    assert [connection.grant.user_id for connection in chat.app.room.connections] == ["reader"]
    assert reader.answer("on we go")["Type"] == "MESSAGE"


def test_a_client_that_goes_in_the_middle_of_its_message_leaves_nothing_behind(chat: Chat) -> None:
    for _ in range(5):
        person = chat.join()
        person.say("bye")
        person.socket.socket.close()
    wait_until(lambda: not chat.app.room.connections)
    assert chat.join().answer("hi")["Type"] == "MESSAGE"


def test_a_socket_elsewhere_is_not_found(chat: Chat) -> None:
    assert chat.refusal(chat.token(), path="/ivschat/other") == 404
