"""What a request must pass before a route sees it."""

import base64

import pytest

from tests.platform_under_test import PlatformUnderTest


def test_health_says_who_runs(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/api/health")
    assert (answer.status, answer.json) == (200, {"status": "ok", "creator": "tester", "version": "test"})
    assert answer.headers["cache-control"] == "no-store"


def test_head_answers_as_get_without_a_body(platform: PlatformUnderTest) -> None:
    answer = platform.call("HEAD", "/api/health")
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize("secret", [None, "", "wrong"])
def test_what_bypasses_cloudfront_is_refused(platform: PlatformUnderTest, secret: str | None) -> None:
    headers = {} if secret is None else {"x-prism-origin": secret}
    answer = platform.call("GET", "/api/health", headers=headers, through_edge=False)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")


def test_a_request_without_the_viewers_address_is_refused(platform: PlatformUnderTest) -> None:
    assert platform.call("GET", "/api/health", address="nonsense").status == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://tester.example.evil.example", "null", "", "http://["]
)
def test_a_foreign_origin_cannot_post(platform: PlatformUnderTest, origin: str) -> None:
    answer = platform.call("POST", "/api/contact", json_body={}, headers={"Origin": origin})
    assert (answer.status, answer.json["detail"]) == (403, "The request comes from another site.")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_cross_site_cannot_post(platform: PlatformUnderTest, site: str) -> None:
    assert platform.call("POST", "/api/contact", json_body={}, headers={"Sec-Fetch-Site": site}).status == 403


@pytest.mark.parametrize("headers", [{"Origin": "https://tester.example"}, {"Sec-Fetch-Site": "same-origin"}, {}])
def test_the_own_site_and_programs_get_to_the_route(platform: PlatformUnderTest, headers: dict[str, str]) -> None:
    assert platform.call("POST", "/api/contact", json_body={}, headers=headers).status == 422


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b'{"a": NaN}', "application/json", 400, "malformed"),
        (b'{"a": 1, "a": 2}', "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        *((b'{"name":' + b"[" * n + b"]" * n + b"}", "application/json", 400, "malformed") for n in range(960, 996)),
        (b'{"name": "\\ud800", "email": "a@b.example"}', "application/json", 400, "malformed"),
        (b'{"\\udfff": 1}', "application/json", 400, "malformed"),
        (b'{"name": ' + b"1" * 5000 + b"}", "application/json", 400, "malformed"),
        (b"<a/>", "text/xml", 415, "unsupported_media_type"),
        (b"a=1", "", 415, "unsupported_media_type"),
        (b'"' + b"x" * (256 * 1024) + b'"', "application/json", 413, "too_large"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
    ],
)
def test_a_body_that_cannot_be_read_is_named(
    platform: PlatformUnderTest, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = platform.call("POST", "/api/contact", body=body, headers={"Content-Type": content_type})
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_names_the_right_one(platform: PlatformUnderTest) -> None:
    answer = platform.call("DELETE", "/api/contact")
    assert (answer.status, answer.headers["allow"], answer.json["code"]) == (405, "POST", "method_not_allowed")


def test_nothing_there_is_a_problem_too(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/api/nothing")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_every_fault_of_a_body_is_told_at_once_and_under_its_field(platform: PlatformUnderTest) -> None:
    answer = platform.call("POST", "/api/contact", json_body={"name": 1, "email": "x", "message": "short", "more": 1})
    assert {(e["path"], e["code"]) for e in answer.json["errors"]} == {
        ("name", "invalid"),
        ("email", "invalid_email"),
        ("message", "too_short"),
        ("more", "unknown_field"),
    }


def test_a_callers_correlation_id_comes_back(platform: PlatformUnderTest) -> None:
    given = platform.call("GET", "/api/health", headers={"X-Correlation-Id": "abcdefgh-1234"})
    forged = platform.call("GET", "/api/health", headers={"X-Correlation-Id": 'x", "level": "ERROR'})
    assert given.headers["x-correlation-id"] == "abcdefgh-1234"
    assert forged.headers["x-correlation-id"].startswith("request-")


def test_the_general_limit_is_by_viewer_and_no_header_of_the_client_changes_it(platform: PlatformUnderTest) -> None:
    for number in range(100):
        platform.clock.forward(milliseconds=1)
        answer = platform.call("GET", "/api/contact/token", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        assert answer.status == 200
    refused = platform.call("GET", "/api/contact/token", headers={"X-Forwarded-For": "198.51.100.200"})
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert platform.call("GET", "/api/contact/token", address="203.0.113.8:1").status == 200
    assert platform.call("GET", "/api/health").status == 200


def test_an_address_and_its_port_are_one_viewer_and_so_is_an_ipv6_household(platform: PlatformUnderTest) -> None:
    for number in range(100):
        platform.clock.forward(milliseconds=1)
        platform.call("GET", "/api/contact/token", address=f"2001:db8:1:2:{number:x}::1:{40000 + number}")
    assert platform.call("GET", "/api/contact/token", address="2001:db8:1:2:ffff::9:1").status == 429
    assert platform.call("GET", "/api/contact/token", address="2001:db8:1:3::9:1").status == 200


def test_a_body_that_is_no_base64_is_refused(platform: PlatformUnderTest) -> None:
    event = {
        "rawPath": "/api/contact",
        "headers": {
            "x-prism-origin": "the-edge-knows-this",
            "cloudfront-viewer-address": "203.0.113.7:1",
            "content-type": "application/json",
        },
        "requestContext": {"requestId": "r", "http": {"method": "POST", "path": "/api/contact"}},
        "body": base64.b64encode(b"{}").decode() + "!",
        "isBase64Encoded": True,
    }
    assert platform.app.handle(event, None)["statusCode"] == 400


def test_aws_not_answering_is_a_clear_503(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdas.platform.tables import bind

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    bind(creator_id="tester")
    answer = platform.call("GET", "/api/contact/token")
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    assert "127.0.0.1" not in answer.body


def test_a_fault_of_ours_is_logged_with_its_place_and_without_what_was_typed(
    platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("it was about secret-word")

    monkeypatch.setattr("lambdas.platform.keys.Keys.current_and_previous", broken)
    answer = platform.call("GET", "/api/contact/token", headers={"X-Correlation-Id": "find-me-again"})
    logged = platform.log.getvalue()
    assert (answer.status, answer.json["code"], answer.json["correlation_id"]) == (500, "internal", "find-me-again")
    assert "secret-word" not in answer.body + logged
    assert "test_admission.py" in logged
    assert "RuntimeError" in logged
    assert logged.count("find-me-again") == 2
