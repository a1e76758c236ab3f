"""The contact form, from what is sent to what is stored."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.features.contact.models import Message
from tests.platform_under_test import Answer, PlatformUnderTest

MESSAGE = {"name": "A Fan", "email": "fan@fans.example", "subject": "Hi", "message": "Ten letters at least."}


def _token(platform: PlatformUnderTest, *, age: float = 3) -> str:
    token = str(platform.call("GET", "/api/contact/token").json["token"])
    platform.clock.forward(seconds=age)
    return token


def _send(platform: PlatformUnderTest, *, key: str | None = None, **fields: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return platform.call("POST", "/api/contact", json_body=MESSAGE | fields, headers=headers)


def test_a_message_is_stored_as_it_was_written(platform: PlatformUnderTest) -> None:
    answer = _send(platform, token=_token(platform), language="de", message="Zeile 1\nZeile <b>2</b>")
    stored = Message.get(answer.json["id"])
    assert (answer.status, stored.body, stored.locale) == (201, "Zeile 1\nZeile <b>2</b>", "de")
    assert (stored.received_at, stored.undelivered) == (platform.clock(), "pending")
    assert (stored.expires_at - stored.received_at).days == 365
    assert stored.correlation_id == answer.headers["x-correlation-id"]


def test_a_form_sent_twice_is_one_message(platform: PlatformUnderTest) -> None:
    token = _token(platform)
    first, second = (_send(platform, token=token) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)
    assert Message.count() == 1


def test_twenty_clicks_at_once_are_one_message(platform: PlatformUnderTest) -> None:
    token, limit = _token(platform), 10
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _send(platform, token=token), range(20)))
    assert sorted(a.status for a in answers) == [201] * limit + [429] * (20 - limit)
    assert Message.count() == 1


def test_an_idempotency_key_makes_a_repeat_answer_alike(platform: PlatformUnderTest) -> None:
    first = _send(platform, key="order-12345", token=_token(platform))
    again = _send(platform, key="order-12345", token=_token(platform))
    assert (first.status, first.json) == (again.status, again.json)
    assert Message.count() == 1


def test_a_key_used_for_another_message_is_refused_and_nothing_changes(platform: PlatformUnderTest) -> None:
    first = _send(platform, key="order-12345", token=_token(platform))
    other = _send(platform, key="order-12345", token=_token(platform), message="Something else entirely.")
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")
    assert Message.get(first.json["id"]).body == MESSAGE["message"]


def test_a_key_is_the_senders_own(platform: PlatformUnderTest) -> None:
    _send(platform, key="order-12345", token=_token(platform))
    body = MESSAGE | {"token": _token(platform)}
    other = platform.call(
        "POST", "/api/contact", json_body=body, headers={"Idempotency-Key": "order-12345"}, address="203.0.113.99:1"
    )
    assert other.status == 201
    assert Message.count() == 2


@pytest.mark.parametrize("key", ["short", "x" * 65, "no spaces!"])
def test_a_malformed_key_is_named(platform: PlatformUnderTest, key: str) -> None:
    answer = _send(platform, key=key, token=_token(platform))
    assert (answer.status, answer.json["errors"][0]["path"].lower()) == (422, "idempotency-key")


def test_what_no_person_fills_in_goes_nowhere_and_looks_like_success(platform: PlatformUnderTest) -> None:
    answer = _send(platform, website="https://buy.example")
    assert (answer.status, set(answer.json)) == (201, {"id"})
    assert Message.count() == 0


@pytest.mark.parametrize(("age", "code", "status"), [(0.5, "too_fast", 429), (25 * 3600, "token_missing", 403)])
def test_a_token_too_young_or_too_old_stores_nothing(
    platform: PlatformUnderTest, age: float, code: str, status: int
) -> None:
    answer = _send(platform, token=_token(platform, age=age))
    assert (answer.status, answer.json["code"]) == (status, code)
    assert Message.count() == 0


@pytest.mark.parametrize("token", ["", "nonsense", "eyJhIjoxfQ.c2ln", "W10.x" * 30])
def test_a_token_that_is_not_ours_stores_nothing(platform: PlatformUnderTest, token: str) -> None:
    answer = _send(platform, token=token)
    assert (answer.status, answer.json["code"]) == (403, "token_missing")
    assert Message.count() == 0


def test_an_eleventh_message_an_hour_waits(platform: PlatformUnderTest) -> None:
    for _ in range(10):
        assert _send(platform, token=_token(platform)).status == 201
    refused = _send(platform, token=_token(platform))
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert Message.count() == 10


def test_a_form_that_succeeds_leads_to_the_page_that_says_so(platform: PlatformUnderTest) -> None:
    form = urlencode(MESSAGE | {"token": _token(platform), "language": "de", "website": ""})
    answer = platform.call("POST", "/api/contact", form=form)
    assert (answer.status, answer.headers["location"]) == (303, "/de/contact/sent/")
    assert Message.count() == 1


def test_a_browsers_line_ends_and_spaces_are_forgiven(platform: PlatformUnderTest) -> None:
    fields = MESSAGE | {"name": " A Fan ", "message": "Line one\r\nline two", "token": _token(platform)}
    answer = platform.call("POST", "/api/contact", form=urlencode(fields))
    assert answer.status == 303
    (stored,) = Message.scan()
    assert (stored.name, stored.body) == ("A Fan", "Line one\nline two")
