"""Who comes in: sessions, permissions, languages and pages, as the web layer deals with every route."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.features.registry import FEATURES
from lambdas.platform.sessions import COOKIE, MINTED_FOR, SessionRow
from lambdas.platform.team import CustomRole, Member
from tests.people import a_person
from tests.platform_under_test import BUCKET, Answer, PlatformUnderTest, start_platform
from tests.web.a_guarded_feature import FEATURE

ALL = (*FEATURES, FEATURE)


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    return start_platform(features=ALL)


def _who(platform: PlatformUnderTest, cookies: dict[str, str]) -> str | None:
    answer = platform.call("GET", "/api/who", cookies=cookies)
    assert answer.status == 200
    who: str | None = answer.json["person"]
    return who


def test_a_session_says_who_asks(platform: PlatformUnderTest) -> None:
    fan = a_person(platform)
    assert _who(platform, platform.sign_in(fan.id)) == fan.id
    assert _who(platform, {}) is None


def test_a_forged_or_foreign_cookie_is_nobodys(platform: PlatformUnderTest) -> None:
    cookie = platform.sign_in(a_person(platform).id)[COOKIE]
    payload, _, signature = cookie.rpartition(".")
    for forged in (payload, f"{payload}.", f"{payload}.{signature[::-1]}", cookie.upper(), "null", "x" * 4000):
        assert _who(platform, {COOKIE: forged}) is None
    for name in ("session", "__Secure-session", COOKIE.lower()):
        assert _who(platform, {name: cookie}) is None


def test_a_token_in_a_header_is_nobodys(platform: PlatformUnderTest) -> None:
    fan = a_person(platform, role="owner")
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    claims = base64.urlsafe_b64encode(json.dumps({"sub": fan.id, "role": "owner"}).encode()).decode().rstrip("=")
    for bearer in (f"{header}.{claims}.", platform.sign_in(fan.id)[COOKIE]):
        answer = platform.call("GET", "/studio/orders", headers={"authorization": f"Bearer {bearer}"})
        assert (answer.status, answer.json["code"]) == (401, "not_signed_in")
        assert platform.call("GET", "/api/who", headers={"authorization": f"Bearer {bearer}"}).json == {"person": None}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://tester.example.evil.example"},
        {"origin": "https://tester.example:8443"},
        {"origin": "null", "x-prism-host": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
)
def test_a_cookie_does_nothing_for_another_site(headers: dict[str, str], platform: PlatformUnderTest) -> None:
    cookie = platform.sign_in(a_person(platform).id)[COOKIE]
    app = platform.app
    event = {
        "version": "2.0",
        "rawPath": "/api/wish",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-prism-origin": "the-edge-knows-this"}
        | {"cloudfront-viewer-address": "203.0.113.7:1", "x-prism-host": "tester.example"}
        | headers,
        "cookies": [f"{COOKIE}={cookie}"],
        "requestContext": {
            "requestId": "request-x",
            "stage": "$default",
            "http": {"method": "POST", "path": "/api/wish"},
        },
        "body": '{"wish": "peace"}',
    }
    assert app.handle(event, None)["statusCode"] == 403
    event["headers"] = {**event["headers"], "x-prism-host": "tester.example", "origin": "https://tester.example"}  # type: ignore[dict-item]
    event["headers"].pop("sec-fetch-site", None)  # type: ignore[attr-defined]
    assert app.handle(event, None)["statusCode"] == 200


def test_signed_out_is_out_at_once_in_studio_and_account(platform: PlatformUnderTest) -> None:
    member = a_person(platform, role="finance")
    cookies = platform.sign_in(member.id)
    assert platform.call("GET", "/studio/orders", cookies=cookies).status == 200
    assert platform.call("GET", "/account/guarded/", cookies=cookies).status == 200
    platform.services.sessions.end_all(member.id)
    assert platform.call("GET", "/studio/orders", cookies=cookies).status == 401
    assert platform.call("GET", "/account/guarded/", cookies=cookies).status == 303


def test_a_role_takes_hold_with_the_next_request(platform: PlatformUnderTest) -> None:
    member = a_person(platform)
    cookies = platform.sign_in(member.id)

    def may() -> tuple[int, int]:
        return (
            platform.call("GET", "/studio/orders", cookies=cookies).status,
            platform.call("POST", "/studio/orders/refund", cookies=cookies).status,
        )

    assert may() == (403, 403)
    Member(member.id, role="support", since=platform.clock()).save()
    assert may() == (200, 403)
    Member(member.id, role="owner", since=platform.clock()).save()
    assert may() == (200, 200)
    CustomRole("rol_1", name="Cashier", permissions={"guarded.orders.refund", "no.such.right"}).save()
    Member(member.id, role="rol_1", since=platform.clock()).save()
    assert may() == (403, 200)
    CustomRole("rol_1").delete()
    assert may() == (403, 403)
    Member(member.id, role="no-such-role", since=platform.clock()).save()
    assert may() == (403, 403)
    Member(member.id).delete()
    assert may() == (403, 403)


def test_a_person_who_is_gone_is_not_signed_in(platform: PlatformUnderTest) -> None:
    member = a_person(platform, role="owner")
    cookies = platform.sign_in(member.id)
    member.delete()
    assert platform.call("GET", "/studio/orders", cookies=cookies).status == 401
    assert platform.call("POST", "/api/wish", json_body={"wish": "x"}, cookies=cookies).status == 401


def _next(answer: Answer) -> str:
    assert answer.status == 303
    target = urlsplit(answer.headers["location"])
    assert target.path.endswith("/account/sign-in/")
    return parse_qs(target.query)["next"][0]


def test_who_must_sign_in_is_led_there_and_back(platform: PlatformUnderTest) -> None:
    assert _next(platform.call("GET", "/account/guarded/")) == "/account/guarded/"
    answer = platform.call("GET", "/account/guarded/", query="a=1&b=%C3%A4%26%3D")
    assert parse_qs(urlsplit(_next(answer)).query) == {"a": ["1"], "b": ["ä&="]}
    german = platform.call("GET", "/de/account/guarded/")
    assert urlsplit(german.headers["location"]).path == "/de/account/sign-in/"
    assert _next(german) == "/de/account/guarded/"
    assert _next(platform.call("GET", "/studio/orders/")) == "/studio/orders/"
    form = platform.call("POST", "/api/auth/wish/7", form="wish=peace&language=de")
    assert _next(form) == "/problem/"
    program = platform.call("POST", "/api/auth/wish/7", json_body={"wish": "peace"})
    assert (program.status, program.json["code"]) == (401, "not_signed_in")


def test_a_page_answers_with_pages_whatever_happens(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/account/broken/")
    assert answer.status == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    refused = platform.call("GET", "/studio/orders/", cookies=platform.sign_in(a_person(platform).id))
    assert refused.status == 403
    assert "Your role does not allow this" in refused.body


def test_a_template_that_fails_is_our_fault_and_its_words_stay_with_us(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/account/untidy/")
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert "untidy.html" not in answer.body
    log = platform.log.getvalue()
    assert '"a request failed"' in log
    assert "NotRendered" in log
    assert "what somebody typed" not in log + answer.body


def test_an_address_says_its_language_and_the_studio_speaks_its_peoples(platform: PlatformUnderTest) -> None:
    member = a_person(platform, role="finance", locale="de")
    cookies = platform.sign_in(member.id)
    assert 'lang="en"' in platform.call("GET", "/account/guarded/", cookies=cookies).body
    assert 'lang="de"' in platform.call("GET", "/de/account/guarded/", cookies=cookies).body
    assert platform.call("GET", "/studio/orders", cookies=cookies).json == {"language": "de", "role": "finance"}
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
    for nowhere in ("/en/account/guarded/", "/fr/account/guarded/", "/de/de/account/guarded/", "/de/studio/orders"):
        assert platform.call("GET", nowhere, cookies=cookies).status == 404


def test_a_form_is_led_on_and_brings_its_cookies(platform: PlatformUnderTest) -> None:
    cookies = platform.sign_in(a_person(platform).id)
    done = platform.call("POST", "/api/auth/wish/7", form="wish=peace&language=de", cookies=cookies)
    assert (done.status, done.headers["location"]) == (303, "/de/account/guarded/7/")
    assert done.cookies == ("__Host-wish=granted; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",)
    elsewhere = platform.call("POST", "/api/auth/wish/7", form="wish=elsewhere", cookies=cookies)
    assert elsewhere.headers["location"] == "/account/elsewhere/?done=yes"
    program = platform.call("POST", "/api/auth/wish/7", json_body={"wish": "peace"}, cookies=cookies)
    assert (program.status, program.json) == (200, {"wish": "peace"})
    odd = platform.call("POST", "/api/auth/wish/a%0d%0ab", form="wish=peace", cookies=cookies)
    assert "\n" not in odd.headers.get("location", "")


def test_what_is_secret_is_never_sent_back(platform: PlatformUnderTest) -> None:
    cookies = platform.sign_in(a_person(platform).id)
    failed = platform.call("POST", "/api/auth/wish/7", form="wish=nothing&password=correct-horse", cookies=cookies)
    assert failed.status == 422
    assert "correct-horse" not in failed.body
    assert "correct-horse" not in platform.log.getvalue()


def test_a_session_in_use_gets_a_new_cookie_every_ten_minutes(platform: PlatformUnderTest) -> None:
    fan = a_person(platform)
    cookies = platform.sign_in(fan.id)
    assert platform.call("GET", "/api/who", cookies=cookies).cookies == ()
    platform.clock.forward(seconds=MINTED_FOR.total_seconds())
    (renewed,) = platform.call("GET", "/api/who", cookies=cookies).cookies
    name, _, rest = renewed.partition("=")
    value, _, attributes = rest.partition("; ")
    assert (name, attributes) == (COOKIE, "Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Lax")
    assert _who(platform, {COOKIE: value}) == fan.id


def test_a_person_is_counted_and_not_the_address_they_share(platform: PlatformUnderTest) -> None:
    one, other = platform.sign_in(a_person(platform).id), platform.sign_in(a_person(platform).id)
    for number in range(100):
        assert platform.call("GET", "/api/who", cookies=one, address=f"198.51.100.{number % 3}:1").status == 200
    assert platform.call("GET", "/api/who", cookies=one, address="192.0.2.1:1").status == 429
    assert platform.call("GET", "/api/who", cookies=other).status == 200
    assert platform.call("GET", "/api/who").status == 200


def test_a_file_comes_with_its_form_and_only_where_it_is_taken(platform: PlatformUnderTest) -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="portrait"; filename="a %22b%22.png"\r\n\r\n\x89PNG\r\n\r\n--Y\r\n--X--\r\n'
    kind = {"content-type": "multipart/form-data; boundary=X"}
    answer = platform.call("POST", "/api/picture", body=body, headers=kind)
    assert answer.json == {"portrait": "a %22b%22.png, 11 bytes"}
    assert platform.call("POST", "/api/contact", body=body, headers=kind).status == 415
    too_large = platform.call("POST", "/api/picture", body=body + b"x" * 10_000, headers=kind)
    assert too_large.status == 413
    for cut in (body[:40], body[:-4], b"", body.replace(b'name="portrait"; ', b"")):
        assert platform.call("POST", "/api/picture", body=cut, headers=kind).status == 400
    for no_boundary in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=ä"):
        answer = platform.call("POST", "/api/picture", body=body, headers={"content-type": no_boundary})
        assert answer.status == 400, no_boundary


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(body=st.binary(max_size=300), boundary=st.text(max_size=20))
def test_no_form_with_files_breaks_anything(body: bytes, boundary: str) -> None:
    from lambdas.core.errors import Malformed
    from lambdas.web.multipart import parts_of

    for raw in (body, b"--" + boundary.encode() + body):
        try:
            fields, files = parts_of(raw, f"multipart/form-data; boundary={boundary}")
        except Malformed:
            continue
        assert isinstance(fields, dict)
        assert isinstance(files, dict)


def test_who_cannot_be_known_right_now_is_told_so_on_a_page(
    platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB does not answer while the session is read: a browser gets a page, a program problem+json."""
    cookies = platform.sign_in(a_person(platform).id)

    def does_not_answer(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    monkeypatch.setattr(SessionRow, "get", does_not_answer)
    page = platform.call("GET", "/account/guarded/", cookies=cookies)
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    program = platform.call("GET", "/api/who", cookies=cookies)
    assert (program.status, program.json["code"]) == (503, "unavailable")
