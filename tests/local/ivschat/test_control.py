"""boto3's `ivschat` finds the service that it expects."""

import http.client
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.ivschat.control import Control, Failure
from local.signatures import new_secret
from tests.local.ivschat.chatting import ACCOUNT, REGION, ROOM, SITE, Chat, Person
from tests.local.requests_here import ask

OTHER_ROOM = ROOM.replace("a1b2c3d4e5f6", "f6e5d4c3b2a1")
OTHER_ACCOUNT = ROOM.replace(ACCOUNT, "999999999999")


def failure(call: Callable[..., Any], **given: Any) -> tuple[str, int]:
    """The error's name and its status."""
    with pytest.raises(ClientError) as raised:
        call(**given)
    response: Any = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_token_says_how_long_it_and_its_session_last(chat: Chat) -> None:
    made = chat.client().create_chat_token(roomIdentifier=ROOM, userId="anna")
    assert made["tokenExpirationTime"] == chat.clock() + timedelta(minutes=1)
    assert made["sessionExpirationTime"] == chat.clock() + timedelta(minutes=60)
    longer = chat.client().create_chat_token(roomIdentifier=ROOM, userId="anna", sessionDurationInMinutes=180)
    assert longer["sessionExpirationTime"] == chat.clock() + timedelta(minutes=180)
    assert chat.refusal(made["token"]) == 101


def test_a_token_carries_user_attributes_and_capabilities(chat: Chat) -> None:
    made = chat.client().create_chat_token(
        roomIdentifier=ROOM, userId="anna", attributes={"name": "Anna"}, capabilities=["SEND_MESSAGE"]
    )
    anna = Person(chat.open(made["token"]))
    assert anna.answer("hi")["Sender"] == {"UserId": "anna", "Attributes": {"name": "Anna"}}
    anna.ask("DELETE_MESSAGE", Id="a1b2c3d4e5f6")
    assert anna.hear()["ErrorCode"] == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"userId": "x" * 129},
        {"capabilities": ["READ"]},
        {"sessionDurationInMinutes": 181},
        {"attributes": {"a": "x" * 1024}},
        {"roomIdentifier": "room"},
    ],
)
def test_what_aws_would_not_take_is_not_taken(chat: Chat, wrong: dict[str, Any]) -> None:
    given = {"roomIdentifier": ROOM, "userId": "anna"} | wrong
    assert failure(chat.client().create_chat_token, **given) == ("ValidationException", 400)


def test_a_fault_names_its_field(chat: Chat) -> None:
    with pytest.raises(ClientError) as raised:
        chat.client().create_chat_token(roomIdentifier=ROOM, userId="anna", sessionDurationInMinutes=181)
    response: Any = raised.value.response
    assert response["reason"] == "FIELD_VALIDATION_FAILED"
    assert response["fieldList"] == [{"name": "sessionDurationInMinutes", "message": "must be at most 180"}]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("create_chat_token", {"userId": "anna"}),
        ("send_event", {"eventName": "prism:pin"}),
        ("disconnect_user", {"userId": "anna"}),
        ("delete_message", {"id": "a1b2c3d4e5f6"}),
    ],
)
def test_there_is_one_room(chat: Chat, operation: str, given: dict[str, str]) -> None:
    call = getattr(chat.client(), operation)
    assert failure(call, roomIdentifier=OTHER_ROOM, **given) == ("ResourceNotFoundException", 404)
    assert failure(call, roomIdentifier=OTHER_ACCOUNT, **given) == ("AccessDeniedException", 403)
    assert call(roomIdentifier=ROOM, **given)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_event_reaches_everyone(chat: Chat) -> None:
    people = [chat.join("a"), chat.join("b")]
    sent = chat.client().send_event(roomIdentifier=ROOM, eventName="prism:pin", attributes={"id": "x"})
    expected = {
        "Type": "EVENT",
        "Id": sent["id"],
        "RequestId": "",
        "EventName": "prism:pin",
        "Attributes": {"id": "x"},
        "SendTime": "2026-11-21T12:00:00.000Z",
    }
    assert [person.hear() for person in people] == [expected] * 2


def test_nobody_may_send_events_in_the_name_of_aws(chat: Chat) -> None:
    call = chat.client().send_event
    assert failure(call, roomIdentifier=ROOM, eventName="aws:DELETE_MESSAGE") == ("ValidationException", 400)


def test_a_message_is_deleted_and_a_user_disconnected(chat: Chat) -> None:
    fan = chat.join("fan")
    message = fan.answer("oops")
    deleted = chat.client().delete_message(roomIdentifier=ROOM, id=message["Id"], reason="rude")
    heard = fan.hear()
    assert (heard["Id"], heard["EventName"]) == (deleted["id"], "aws:DELETE_MESSAGE")
    assert heard["Attributes"] == {"MessageID": message["Id"], "MessageId": message["Id"], "Reason": "rude"}
    chat.client().disconnect_user(roomIdentifier=ROOM, userId="fan")
    assert fan.hear()["Attributes"] == {"UserId": "fan"}
    assert fan.farewell() == (1000, "Disconnected")


def test_a_room_tells_what_it_is(chat: Chat) -> None:
    room = chat.client().get_room(identifier=ROOM)
    assert (room["arn"], room["id"], room["name"]) == (ROOM, "a1b2c3d4e5f6", "prism-mira")
    assert (room["maximumMessageRatePerSecond"], room["maximumMessageLength"]) == (100, 500)
    assert "messageReviewHandler" not in room


def test_too_many_calls_are_throttled(chat: Chat) -> None:
    control, body = Control(chat.app.room), f'{{"identifier": "{ROOM}"}}'.encode()
    for _ in range(5):
        assert control.call("GetRoom", body)["arn"] == ROOM
    with pytest.raises(Failure) as raised:
        control.call("GetRoom", body)
    assert (raised.value.name, raised.value.status, raised.value.body["limit"]) == ("ThrottlingException", 429, 5)


def test_without_the_right_signature_nothing_is_said(chat: Chat) -> None:
    wrong = chat.client(secret=new_secret()).create_chat_token
    assert failure(wrong, roomIdentifier=ROOM, userId="anna") == ("AccessDeniedException", 403)
    unsigned = ask(chat.port, "/ivschat/CreateChatToken", method="POST", body=b"{}")
    assert (unsigned.status, unsigned.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert "token" not in unsigned.json
    of_a_page = ask(chat.port, "/ivschat/CreateChatToken", method="POST", body=b"{}", headers={"Origin": SITE})
    assert of_a_page.status == 403


def test_an_operation_of_rooms_fails_loudly(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    assert failure(chat.client().create_room, name="another") == ("NotImplemented", 501)
    assert "CreateRoom" in caplog.text


def test_a_body_without_an_end_is_not_read(chat: Chat) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=10)
    connection.request("POST", "/ivschat/CreateChatToken", body=b"x" * 70_000)
    assert connection.getresponse().status == 413
    connection.close()
    assert chat.client().get_room(identifier=ROOM)["arn"].startswith(f"arn:aws:ivschat:{REGION}:")
