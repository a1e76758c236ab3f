"""What becomes of a message when its review allows, denies, changes, fails or takes too long."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.ivschat.review import Reviewer, ReviewFailed
from local.ivschat.settings import AWS_REVIEW_SECONDS
from tests.local.ivschat.chatting import ROOM, Serve
from tests.local.requests_here import wait_until

ALLOW = {"ReviewResult": "ALLOW", "Content": "hi", "Attributes": {}}


def answering(answer: Any) -> Any:
    async def review(invocation: Mapping[str, Any]) -> Any:
        return answer

    return review


def test_the_handler_is_told_what_ivs_chat_tells_it(serve: Serve) -> None:
    told: list[Mapping[str, Any]] = []

    async def review(invocation: Mapping[str, Any]) -> Any:
        told.append(invocation)
        return ALLOW

    heard = (
        serve(review=review)
        .join("anna", attributes={"role": "fan"})
        .answer("hi", Attributes={"reply": "x"}, request_id="r-1")
    )
    assert told == [
        {
            "Content": "hi",
            "MessageId": heard["Id"],
            "RoomArn": ROOM,
            "Attributes": {"reply": "x"},
            "Sender": {"UserId": "anna", "Attributes": {"role": "fan"}, "Ip": "127.0.0.1"},
        }
    ]


def test_a_message_is_delivered_as_the_handler_leaves_it(serve: Serve) -> None:
    chat = serve(review=answering({"ReviewResult": "ALLOW", "Content": "h*", "Attributes": {"seen": "1"}}))
    heard = chat.join().answer("hi", Attributes={"seen": "0", "more": "x"})
    assert (heard["Content"], heard["Attributes"]) == ("h*", {"seen": "1"})


def test_a_denied_message_costs_its_sender_406_with_the_reason_and_nobody_hears_of_it(serve: Serve) -> None:
    chat = serve(review=answering({"ReviewResult": "DENY", "Attributes": {"Reason": "slow:7"}}))
    other, sender = chat.join("other"), chat.join("sender")
    heard = sender.answer("hi", request_id="r-9")
    assert (heard["ErrorCode"], heard["ErrorMessage"], heard["RequestId"]) == (406, "slow:7", "r-9")
    chat.publish("end")
    assert other.hear()["EventName"] == "end"


def test_a_denial_without_a_reason_says_so_in_general(serve: Serve) -> None:
    heard = serve(review=answering({"ReviewResult": "DENY"})).join().answer("hi")
    assert (heard["ErrorCode"], heard["ErrorMessage"]) == (406, "Message was rejected during review")


async def failing(invocation: Mapping[str, Any]) -> Any:
    raise RuntimeError("broken")


async def endless(invocation: Mapping[str, Any]) -> Any:
    await asyncio.Event().wait()


FAILURES = [
    failing,
    endless,
    answering(None),
    answering("ALLOW"),
    answering({}),
    answering({"ReviewResult": "allow", "Content": "hi"}),
    answering({"ReviewResult": "ALLOW"}),
    answering({"ReviewResult": "ALLOW", "Content": ""}),
    answering({"ReviewResult": "ALLOW", "Content": "x" * 501}),
    answering({"ReviewResult": "ALLOW", "Content": "hi", "Attributes": {"a": 1}}),
    answering({"ReviewResult": "DENY", "Attributes": {"Reason": "x" * 2000}}),
]


@pytest.mark.parametrize("review", FAILURES)
def test_where_the_review_fails_the_fallback_decides(serve: Serve, review: Any) -> None:
    allowing = serve(review=review, fallback="ALLOW", review_seconds=0.1).join().answer("hi", Attributes={"a": "b"})
    assert (allowing["Type"], allowing["Content"], allowing["Attributes"]) == ("MESSAGE", "hi", {"a": "b"})
    assert serve(review=review, fallback="DENY", review_seconds=0.1).join().error("hi") == 406


def test_one_slow_review_holds_up_no_other_message(serve: Serve) -> None:
    go_on = asyncio.Event()

    async def review(invocation: Mapping[str, Any]) -> Any:
        if invocation["Content"] == "slow":
            await go_on.wait()
        return {**ALLOW, "Content": invocation["Content"]}

    chat = serve(review=review, review_seconds=30)
    person = chat.join()
    person.say("slow")
    assert person.answer("quick")["Content"] == "quick"
    assert chat.loop
    chat.loop.call_soon_threadsafe(go_on.set)
    assert person.hear()["Content"] == "slow"


def test_who_is_disconnected_while_their_message_is_reviewed_is_not_heard(serve: Serve) -> None:
    reviewed, go_on = asyncio.Event(), asyncio.Event()

    async def review(invocation: Mapping[str, Any]) -> Any:
        reviewed.set()
        await go_on.wait()
        return ALLOW

    chat = serve(review=review, review_seconds=30)
    other, troll = chat.join("other"), chat.join("troll")
    troll.say("rude")
    wait_until(reviewed.is_set)
    chat.client().disconnect_user(roomIdentifier=ROOM, userId="troll")
    assert chat.loop
    chat.loop.call_soon_threadsafe(go_on.set)
    assert other.hear()["EventName"] == "aws:DISCONNECT_USER"
    chat.publish("end")
    assert other.hear()["EventName"] == "end"


def test_what_a_review_says_when_it_fails_is_not_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def review(invocation: Mapping[str, Any]) -> Any:
        raise RuntimeError(invocation["Content"])

    assert serve(review=review).join().error("a private thought") == 406
    assert "RuntimeError" in caplog.text
    assert "a private thought" not in caplog.text


def test_a_review_that_takes_longer_than_aws_would_wait_is_told(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def review(invocation: Mapping[str, Any]) -> Any:
        await asyncio.sleep(AWS_REVIEW_SECONDS + 0.01)
        return ALLOW

    assert serve(review=review, review_seconds=30).join().answer("hi")["Type"] == "MESSAGE"
    assert "IVS Chat would not have waited" in caplog.text


class Edited:
    """A handler in a file of its own, run by the real reviewer in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "lambdas/handlers/chat_review.py"
        self.file.parent.mkdir(parents=True)
        self._saved = 0
        self.reviewer = Reviewer(
            environment={**os.environ, "EDITED_HANDLER": str(self.file)},
            module="tests.local.ivschat.edited_handler",
            root=folder,
        )

    def save(self, *lines: str) -> None:
        self.file.write_text("\n".join(("def handler(event, context):", *(f"    {line}" for line in lines))))
        self._saved += 1
        os.utime(self.file, (self._saved, self._saved))

    def ask(self, content: str = "hi") -> Any:
        try:
            return asyncio.run(asyncio.wait_for(self.reviewer({"Content": content}), 10))
        except ReviewFailed as failed:
            return failed


@pytest.fixture
def edited(tmp_path: Path) -> Any:
    edited = Edited(tmp_path)
    yield edited
    edited.reviewer.stop()


def test_an_edited_handler_takes_over_and_a_broken_one_does_not(edited: Edited) -> None:
    edited.save("return event['Content'] + ' one'")
    edited.reviewer.start()
    assert edited.ask() == "hi one"
    edited.save("return event['Content'] + ' two'")
    wait_until(lambda: edited.ask() == "hi two")
    edited.save("this is no Python")
    assert edited.ask() == "hi two"
    edited.save("return 'three'")
    wait_until(lambda: edited.ask() == "three")


def test_a_handler_that_raises_is_told_by_the_kind_of_its_error_only(edited: Edited) -> None:
    edited.save("raise LookupError(event['Content'])")
    edited.reviewer.start()
    failed = edited.ask("a private thought")
    assert isinstance(failed, ReviewFailed)
    assert str(failed) == "LookupError"


def test_a_handler_that_ends_is_started_again(edited: Edited) -> None:
    edited.save("if event['Content'] == 'end': import os; os._exit(1)", "return 'here'")
    edited.reviewer.start()
    assert edited.ask() == "here"
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(edited.reviewer({"Content": "end"}), 0.3))
    wait_until(lambda: edited.ask() == "here")


def test_reviews_run_at_the_same_time(edited: Edited) -> None:
    edited.save("import threading", "b = globals().setdefault('b', threading.Barrier(4))", "return b.wait(10) >= 0")
    edited.reviewer.start()

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(edited.reviewer({"Content": "hi"}) for _ in range(4)))

    assert asyncio.run(all_at_once()) == [True] * 4
