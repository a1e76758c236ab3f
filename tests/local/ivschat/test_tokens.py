"""A chat token opens one connection, once, within a minute, to one room."""

import threading

import pytest

from tests.local.ivschat.chatting import SITE, Chat, Serve
from tests.local.requests_here import wait_until


def test_a_token_opens_a_connection_and_is_echoed(chat: Chat) -> None:
    token = chat.token()
    connection = chat.open(token)
    assert connection.subprotocol == token
    connection.close()


def test_a_token_is_of_no_use_a_second_time(chat: Chat) -> None:
    token = chat.token()
    chat.open(token).close()
    assert chat.refusal(token) == 401


def test_of_many_who_show_one_token_at_once_one_gets_in(chat: Chat) -> None:
    token, statuses = chat.token(), []
    threads = [threading.Thread(target=lambda: statuses.append(chat.refusal(token))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [101] + [401] * 11


def test_a_token_is_valid_for_a_minute(chat: Chat) -> None:
    early, late = chat.token(), chat.token()
    chat.clock.forward(seconds=59)
    assert chat.refusal(early) == 101
    chat.clock.forward(seconds=1)
    assert chat.refusal(late) == 401


def test_a_token_that_nobody_made_opens_nothing(chat: Chat) -> None:
    token = chat.token()
    assert chat.refusal(token[:-1] + ("a" if token[-1] != "a" else "b")) == 401
    assert chat.refusal("chat") == 401
    assert chat.refusal() == 401
    assert chat.refusal(token, "chat") == 401, "it is to be the sole subprotocol"
    assert chat.refusal(token) == 101, "what was offered with another was not used"


def test_a_token_of_another_room_opens_nothing(chat: Chat, serve: Serve) -> None:
    assert serve().refusal(chat.token()) == 401


def test_unused_tokens_are_forgotten(chat: Chat) -> None:
    for _ in range(50):
        chat.token()
    chat.clock.forward(minutes=2)
    chat.token()
    assert len(chat.app.room.tokens) == 1


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 101), (SITE, 101), ("https://evil.example", 403), ("http://localhost:8000", 403), ("null", 403)],
)
def test_only_the_creators_own_pages_and_programs_may_connect(chat: Chat, origin: str | None, status: int) -> None:
    assert chat.refusal(chat.token(), origin=origin) == status


def test_a_connection_ends_with_its_session(chat: Chat) -> None:
    short, long = chat.join("short", minutes=1), chat.join("long", minutes=180)
    chat.clock.forward(minutes=1)
    assert short.farewell() == (1000, "Session expired")
    assert long.answer("still here")["Type"] == "MESSAGE"
    wait_until(lambda: len(chat.app.room.connections) == 1)


def test_there_are_so_many_connections_and_no_more(serve: Serve) -> None:
    chat = serve(connections=2)
    first, second = chat.join(), chat.join()
    assert chat.refusal(chat.token()) == 429
    first.socket.close()
    wait_until(lambda: len(chat.app.room.connections) == 1)
    assert chat.refusal(chat.token()) == 101
    second.socket.close()
