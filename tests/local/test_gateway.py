"""The gateway stands in for CloudFront and API Gateway: same headers, same events, same refusals."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lambdas.features.registry import FEATURES
from lambdas.web import edge
from local.emulator import Emulator, account_id
from local.gateway import MAX_BODY_BYTES, Gateway
from local.server import cloud_answers
from local.signed_cookies import KeyGroup
from tests.local.requests_here import Reply, Served, ask, wait_until

BUCKET = "prism-mira-site"
MEDIA_BUCKET = "prism-mira-media"
SECRET = "only-the-edge-knows"
ROUTES = (
    edge.Route(path="/api/{proxy+}", function="api"),
    edge.Route(path="$default", function="api"),
)
EVERY_ROUTE = edge.routes(FEATURES)


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers with the event it got; `/api/<number>` with that status, `/api/fault` not at all."""
    last = event["rawPath"].rpartition("/")[2]
    if last == "fault":
        raise RuntimeError("a secret detail")
    if last == "nonsense":
        return {"statusCode": "x"}
    assert context.get_remaining_time_in_millis() > 0
    return {
        "statusCode": int(last) if last.isdigit() else 200,
        "headers": {"content-type": "application/json", "x-frame-options": "ALLOWALL"},
        "cookies": ["a=1; Path=/", "b=2; Path=/"],
        "body": json.dumps(event),
    }


@dataclass
class Site:
    """A served gateway; `get` and `post` go to it by its own address."""

    served: Served
    functions: dict[str, Any] = field(default_factory=lambda: {"api": echo})

    def get(self, path: str, **headers: str) -> Reply:
        return ask(self.served.port, path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: bytes, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.served.port, path, method="POST", body=body, headers=named)


async def no_tools(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no test here asks for a tool")


def serve(
    served: Served,
    endpoint: str,
    *,
    seconds: float = 5.0,
    routes: tuple[edge.Route, ...] = ROUTES,
    uncached: tuple[str, ...] = ("/api/*",),
    functions: Mapping[str, Any] | None = None,
    media_origins: edge.MediaOrigins = edge.NO_MEDIA,
    trusted: KeyGroup | None = None,
) -> Site:
    site = Site(served, {"api": echo, **(functions or {})})
    gateway = Gateway(
        creator_id="mira",
        port=served.port,
        account="123456789012",
        region="eu-central-1",
        bucket=BUCKET,
        media=MEDIA_BUCKET,
        origin_secret=SECRET,
        routes=routes,
        uncached=uncached,
        functions=site.functions,
        s3=boto3.client("s3", config=Config(retries={"total_max_attempts": 1})),
        cloud_answers=lambda: cloud_answers(endpoint),
        tools=no_tools,
        media_origins=media_origins,
        trusted=trusted or KeyGroup(),
        seconds=dict.fromkeys(edge.FUNCTION_SECONDS, seconds),
    )
    served.serve(gateway.app())
    return site


def publish(**objects: bytes) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key, content in {
        "index.html": b"<p>home",
        "index.html.br": b"packed",
        "contact/index.html": b"<p>contact",
        "sp ce.png": b"picture",
        **objects,
    }.items():
        packed: Any = {"ContentEncoding": "br"} if key.endswith(".br") else {}
        s3.put_object(Bucket=BUCKET, Key=key, Body=content, ContentType="text/html", CacheControl="max-age=0", **packed)


@pytest.fixture
def site(emulator: Emulator, served: Served) -> Site:
    publish()
    return serve(served, emulator.endpoint)


def test_a_picture_comes_out_of_the_bucket_of_media_and_only_its_public_part(site: Site) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=MEDIA_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("media/public/people/face.webp", "incoming/raw"):
        s3.put_object(Bucket=MEDIA_BUCKET, Key=key, Body=b"WEBP", ContentType="image/webp", CacheControl="immutable")
    reply = site.get("/media/public/people/face.webp")
    assert (reply.status, reply.body) == (200, b"WEBP")
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("image/webp", "immutable")
    assert reply.headers["content-security-policy"] == edge.content_security_policy(edge.NO_MEDIA)
    for path in ("/incoming/raw", "/media/incoming/raw", "/media/public/people/nobody.webp", "/media/public/"):
        assert b"WEBP" not in site.get(path).body


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/api/me", "api"),
        ("/api/auth/sign-in", "account"),
        ("/account/", "account"),
        ("/account/security/passkeys/", "account"),
        ("/de/account/sign-in/", "account"),
        ("/studio/", "studio"),
        ("/studio/team/", "studio"),
    ],
)
def test_what_is_personal_reaches_its_function_and_cookies_pass_both_ways(
    emulator: Emulator, served: Served, path: str, function: str
) -> None:
    publish()
    named = {name: partial(told, name) for name in ("api", "account", "studio")}
    site = serve(served, emulator.endpoint, routes=EVERY_ROUTE, uncached=edge.uncached_paths(FEATURES), functions=named)
    for reply in (
        site.get(path, cookie="__Host-session=a.b-c; __Host-step=d"),
        site.post(path, b"a=1", cookie="__Host-session=a.b-c; __Host-step=d"),
    ):
        assert (reply.status, reply.json["function"], reply.json["path"]) == (200, function, path)
        assert reply.json["cookies"] == ["__Host-session=a.b-c", "__Host-step=d"]
        assert reply.cookies == (f"__Host-session={function}; Path=/; Secure", "__Host-step=; Path=/; Max-Age=0")


def told(function: str, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Says which function it is, and what it was given; sets two cookies."""
    said = {"function": function, "path": event["rawPath"], "cookies": event.get("cookies")}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "cookies": [f"__Host-session={function}; Path=/; Secure", "__Host-step=; Path=/; Max-Age=0"],
        "body": json.dumps(said),
    }


def test_a_page_comes_out_of_the_bucket_with_its_headers(site: Site) -> None:
    reply = site.get("/")
    assert (reply.status, reply.body) == (200, b"<p>home")
    assert reply.headers["cache-control"] == "max-age=0"
    assert reply.headers["content-type"] == "text/html"
    assert "content-encoding" not in reply.headers


def test_who_takes_brotli_gets_the_packed_twin(site: Site) -> None:
    reply = site.get("/", accept_encoding="gzip, br")
    assert (reply.body, reply.headers["content-encoding"]) == (b"packed", "br")


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    etag = site.get("/").headers["etag"]
    again = site.get("/", if_none_match=etag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)


def test_a_part_can_be_asked_for(site: Site) -> None:
    reply = site.get("/", range="bytes=0-2")
    assert (reply.status, reply.body, reply.headers["content-range"]) == (206, b"<p>", "bytes 0-2/7")


def test_head_says_the_length_and_sends_nothing(site: Site) -> None:
    reply = ask(site.served.port, "/", method="HEAD")
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, "7", b"")


def test_a_page_without_its_slash_is_sent_there_with_the_query(site: Site) -> None:
    reply = site.get("/contact?a=1")
    assert (reply.status, reply.headers["location"]) == (308, "/contact/?a=1")


def test_an_encoded_name_finds_its_object(site: Site) -> None:
    assert site.get("/sp%20ce.png").body == b"picture"


@pytest.mark.parametrize("path", ["/", "/contact", "/nowhere/", "/api/health", "/api/fault", "/api/404"])
def test_every_answer_has_the_security_headers(site: Site, path: str) -> None:
    headers = site.get(path).headers
    for name, value in edge.security_headers(edge.NO_MEDIA).items():
        if name != "strict-transport-security":
            assert headers[name] == value
    assert "strict-transport-security" not in headers, "plain HTTP may not promise HTTPS"


def test_the_policy_names_where_live_comes_from_on_this_machine(served: Served, emulator: Emulator) -> None:
    publish()
    here = edge.MediaOrigins(playback=("http://127.0.0.1:4000",), chat=("ws://127.0.0.1:4000",))
    policy = serve(served, emulator.endpoint, media_origins=here).get("/").headers["content-security-policy"]
    assert policy == edge.content_security_policy(here)


def test_what_the_bucket_does_not_have_goes_to_the_default_function_as_the_key_it_looked_for(site: Site) -> None:
    event = site.get("/nowhere/?secret=1", cookie="session=1", x_other="1").json
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/nowhere/index.html"
    assert event["rawQueryString"] == ""
    assert "cookies" not in event
    assert "x-other" not in event["headers"]
    assert event["headers"][edge.ORIGIN_SECRET_HEADER] == SECRET


def test_the_api_gets_the_request_as_through_cloudfront(site: Site) -> None:
    reply = site.post(
        "/api/contact?a=b%20c", b'{"x": 1}', content_type="application/json", cookie="s=1; t=2", user_agent="tester"
    )
    event = reply.json
    assert event["routeKey"] == "ANY /api/{proxy+}"
    assert event["queryStringParameters"] == {"a": "b c"}
    assert event["cookies"] == ["s=1", "t=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)
    assert (
        event["requestContext"]["http"] | {"path": "/api/contact", "method": "POST", "userAgent": "tester"}
        == (event["requestContext"]["http"])
    )
    assert event["headers"][edge.ORIGIN_SECRET_HEADER] == SECRET
    assert event["headers"][edge.VIEWER_HOST_HEADER] == f"127.0.0.1:{site.served.port}"
    assert event["headers"][edge.VIEWER_ADDRESS_HEADER].startswith("127.0.0.1:")
    assert event["headers"]["host"].endswith("amazonaws.com")
    assert reply.cookies == ("a=1; Path=/", "b=2; Path=/")
    assert reply.headers["x-frame-options"] == "DENY"


def test_a_client_cannot_set_what_only_cloudfront_may(site: Site) -> None:
    event = site.get(
        "/api/x",
        CloudFront_Viewer_Address="203.0.113.9:1",
        CloudFront_Viewer_Country="DE",
        x_prism_origin="guess",
        X_Prism_Host="elsewhere.example",
        X_Forwarded_For="203.0.113.9",
    ).json
    assert "203.0.113.9" not in json.dumps(event)
    assert "elsewhere.example" not in json.dumps(event)
    assert event["headers"][edge.ORIGIN_SECRET_HEADER] == SECRET
    assert "cloudfront-viewer-country" not in event["headers"]


@pytest.mark.parametrize("host", ["mira.localhost", "localhost", "127.0.0.1"])
def test_it_answers_to_its_names(site: Site, host: str) -> None:
    assert site.get("/", Host=f"{host}:{site.served.port}").status == 200


@pytest.mark.parametrize("host", ["noor.localhost", "evil.example", "mira.localhost.evil.example"])
def test_it_answers_to_no_other_name(site: Site, host: str) -> None:
    reply = site.get("/", Host=f"{host}:{site.served.port}")
    assert (reply.status, reply.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_pages_of_other_sites_cannot_send_it_requests(site: Site, origin: str) -> None:
    assert site.post("/api/contact", b"{}", origin=origin).status == 403


def test_its_own_pages_can(site: Site) -> None:
    assert site.post("/api/contact", b"{}", origin=f"http://127.0.0.1:{site.served.port}").status == 200


def test_pages_can_only_be_read(site: Site) -> None:
    assert site.post("/contact/", b"{}").status == 403


def test_an_oversized_body_is_refused_before_a_function_sees_it(site: Site) -> None:
    seen: list[Any] = []
    site.functions["api"] = lambda event, _: seen.append(event)
    reply = site.post("/api/contact", b"x" * (MAX_BODY_BYTES + 1), content_type="text/plain")
    assert (reply.status, reply.json["code"], seen) == (413, "too_large", [])
    binary = site.post("/api/contact", b"\xff" * (MAX_BODY_BYTES - 10), content_type="image/png")
    assert (binary.status, seen) == (413, [])


@pytest.mark.parametrize("path", ["/api/fault", "/api/nonsense"])
def test_a_function_that_fails_is_a_problem_without_details(site: Site, path: str) -> None:
    reply = site.get(path)
    assert (reply.status, reply.json["code"]) == (500, "internal")
    assert reply.headers["content-type"] == "application/problem+json"
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


def test_a_function_that_takes_too_long_is_given_up(emulator: Emulator, served: Served) -> None:
    publish()
    site = serve(served, emulator.endpoint, seconds=0.1)
    done = threading.Event()
    site.functions["api"] = lambda event, context: done.wait(20)
    reply = site.get("/api/slow")
    done.set()
    assert (reply.status, reply.json["code"]) == (503, "unavailable")


def test_a_request_still_waiting_when_the_server_is_replaced_is_told_so(emulator: Emulator, served: Served) -> None:
    publish()
    site = serve(served, emulator.endpoint, seconds=20)
    reached, done = threading.Event(), threading.Event()

    def waits(event: Any, context: Any) -> None:
        reached.set()
        done.wait(20)

    site.functions["api"] = waits
    thread, replies = in_thread(lambda: site.get("/api/slow"))
    assert reached.wait(20)
    served.stop()
    thread.join(20)
    done.set()
    assert (replies[0].status, replies[0].json["code"]) == (503, "unavailable")


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator of this test's own, to be killed."""
    emulator = Emulator.start(
        account=account_id("mira"), region="eu-central-1", secret=os.environ["AWS_SECRET_ACCESS_KEY"]
    )
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    yield emulator
    emulator.kill()


def in_thread(call: Callable[[], Reply]) -> tuple[threading.Thread, list[Reply]]:
    replies: list[Reply] = []
    thread = threading.Thread(target=lambda: replies.append(call()))
    thread.start()
    return thread, replies


def test_an_emulator_that_ends_in_the_middle_of_a_request_is_said(mortal: Emulator, served: Served) -> None:
    publish()
    site = serve(served, mortal.endpoint)
    reached, go_on = threading.Event(), threading.Event()
    dynamodb = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

    def reads_a_table(event: Any, context: Any) -> Any:
        reached.set()
        go_on.wait(20)
        return dynamodb.list_tables()

    site.functions["api"] = reads_a_table
    thread, replies = in_thread(lambda: site.get("/api/x"))
    assert reached.wait(20)
    mortal.kill()
    go_on.set()
    thread.join(20)
    for reply in (replies[0], site.get("/")):
        assert (reply.status, reply.json["code"]) == (503, "unavailable")
        assert "local AWS" in reply.json["detail"]


def test_a_function_that_hides_the_outage_behind_its_own_error_is_seen_through(
    mortal: Emulator, served: Served
) -> None:
    publish()
    site = serve(served, mortal.endpoint)
    mortal.kill()
    wait_until(lambda: not cloud_answers(mortal.endpoint))
    reply = site.get("/api/500")
    assert (reply.status, reply.json["code"]) == (503, "unavailable")
