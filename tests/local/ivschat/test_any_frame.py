"""Whatever a client sends, it gets one answer, and the room goes on."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.ivschat import frames
from local.ivschat.connection import Connection
from local.ivschat.room import Room
from local.ivschat.settings import ChatSettings
from tests.local.ivschat.chatting import EVERYTHING, ROOM, HeldClock

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "Action": st.sampled_from(EVERYTHING) | json_values,
        "RequestId": st.text(max_size=8) | json_values,
        "Content": st.text(max_size=600) | json_values,
        "Attributes": st.dictionaries(st.text(max_size=4), st.text(max_size=4)) | json_values,
        "Id": st.from_regex("[a-zA-Z0-9]{12}", fullmatch=True) | json_values,
        "UserId": st.sampled_from(["other", "nobody"]) | json_values,
        "Reason": st.text(max_size=300) | json_values,
    },
)
any_frame = st.text(max_size=50) | json_values.map(json.dumps) | fields.map(json.dumps)


@settings(max_examples=300, deadline=None)
@given(frame=any_frame)
def test_every_frame_gets_one_answer_that_the_protocol_has(frame: str) -> None:
    asyncio.run(_send(frame))


async def _send(frame: str) -> None:
    clock = HeldClock()
    room = Room(ChatSettings(arn=ROOM, name="x", secret="x", clock=clock))
    connection = _enter(room, "someone")
    _enter(room, "other")
    await room.hear(connection, frame)
    await room.stop()
    [answer] = _sent(connection)
    assert answer["Type"] in {"MESSAGE", "EVENT", "ERROR"}
    assert frames.is_id(answer["Id"])
    assert isinstance(answer["RequestId"], str)
    if answer["Type"] == "ERROR":
        assert answer["ErrorCode"] in {400, 413}
        assert isinstance(answer["ErrorMessage"], str)


def _enter(room: Room, user_id: str) -> Connection:
    made, _ = room.make_token(user_id, {}, frozenset(EVERYTHING), 60)
    grant = room.tokens.redeem(made.token)
    assert grant
    connection = Connection(grant, ip="127.0.0.1", backlog=16)
    room.enter(connection)
    return connection


def _sent(connection: Connection) -> list[dict[str, Any]]:
    sent = []
    while not connection._outgoing.empty():
        sent.append(json.loads(connection._outgoing.get_nowait()["text"]))
    return sent
