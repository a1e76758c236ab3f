"""Requests become API Gateway's events, and answers HTTP."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.web.edge import Route
from local.http_api import BadAnswer, Event, Request, answer_of, event_of, match

ROUTES = (
    Route(path="/api/{proxy+}", function="api"),
    Route(path="/api/webhooks/{proxy+}", function="webhooks"),
    Route(path="$default", function="api"),
)


def event(
    path: str = "/api/contact", *, query: str = "", body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
) -> Event:
    request = Request(method="POST", path=path, query=query, headers=headers, body=body)
    return event_of(
        request,
        match(ROUTES, path),
        account="123456789012",
        domain="local.execute-api.eu-central-1.amazonaws.com",
        source="127.0.0.1",
        at=datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("path", "function", "key"),
    [
        ("/api/contact", "api", "ANY /api/{proxy+}"),
        ("/api/webhooks/payments", "webhooks", "ANY /api/webhooks/{proxy+}"),
        ("/api/webhooks", "api", "ANY /api/{proxy+}"),
        ("/api/webhooks/", "webhooks", "ANY /api/webhooks/{proxy+}"),
        ("/api/", "api", "ANY /api/{proxy+}"),
        ("/nowhere", "api", "$default"),
    ],
)
def test_the_longest_fitting_route_wins(path: str, function: str, key: str) -> None:
    found = match(ROUTES, path)
    assert (found.route.function, found.key) == (function, key)


def test_the_rest_of_the_path_is_a_parameter() -> None:
    assert event("/api/auth/sign-in")["pathParameters"] == {"proxy": "auth/sign-in"}


def test_a_path_is_decoded_but_for_the_percent_sign() -> None:
    assert event("/api/a%20b%2Fc%252e")["rawPath"] == "/api/a b/c%252e"


def test_a_query_is_given_raw_and_as_values_joined() -> None:
    made = event(query="tag=a&tag=b%20c&empty=")
    assert made["rawQueryString"] == "tag=a&tag=b%20c&empty="
    assert made["queryStringParameters"] == {"tag": "a,b c", "empty": ""}


def test_absent_parts_are_absent() -> None:
    assert event("/nowhere").keys().isdisjoint({"body", "cookies", "pathParameters", "queryStringParameters"})


def test_cookies_have_their_own_list_and_repeated_headers_are_joined() -> None:
    made = event(headers=(("cookie", "a=1; b=2"), ("cookie", "c=3"), ("accept", "x"), ("accept", "y")))
    assert made["cookies"] == ["a=1", "b=2", "c=3"]
    assert made["headers"] == {"accept": "x,y"}


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", "application/xml"])
def test_texts_arrive_as_text(kind: str) -> None:
    made = event(body="{ü}".encode(), headers=(("content-type", kind),))
    assert (made["body"], made["isBase64Encoded"]) == ("{ü}", False)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "image/png", "application/ld+json", ""])
def test_every_other_body_arrives_in_base64(kind: str) -> None:
    made = event(body=b"a=\xff", headers=(("content-type", kind),))
    assert (made["body"], made["isBase64Encoded"]) == (base64.b64encode(b"a=\xff").decode(), True)


def test_an_answer_keeps_every_cookie_and_its_status() -> None:
    answer = answer_of({"statusCode": 201, "headers": {"X-A": "1"}, "cookies": ["a=1", "b=2"], "body": "ü"})
    assert answer.status == 201
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ("x-a", "1") in answer.headers
    assert answer.body == "ü".encode()


def test_a_binary_answer_is_decoded() -> None:
    assert answer_of({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}).body == b"\xff"


def test_anything_else_is_sent_as_json() -> None:
    answer = answer_of({"hello": "you"})
    assert (answer.status, answer.body) == (200, b'{"hello": "you"}')


@pytest.mark.parametrize("result", [object(), {"statusCode": "x"}, {"statusCode": 200, "body": 5}])
def test_what_is_no_answer_is_refused(result: Any) -> None:
    with pytest.raises(BadAnswer):
        answer_of(result)
