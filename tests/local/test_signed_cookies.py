"""Who has no cookies of a path gets nothing of it: what CloudFront does in the cloud, done for real here."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from lambdas.platform.signed_media import cookies as signed
from local.emulator import Emulator
from local.signed_cookies import DENIED, MALFORMED, MISSING, KeyGroup
from tests.local.requests_here import Reply, Served
from tests.local.test_gateway import MEDIA_BUCKET, Site, serve

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN = "https://mira.example"
FOLDER = "/media/videos/vid_1/"
URL = f"{ORIGIN}{FOLDER}abc/master.m3u8"


def _pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PRIVATE, PUBLIC = _pair()
FOREIGN, _ = _pair()
GROUP = KeyGroup(keys={"K1": PUBLIC}, clock=lambda: NOW)


def _cookies(**changed: Any) -> dict[str, str]:
    given: dict[str, Any] = {
        "origin": ORIGIN,
        "path": FOLDER,
        "until": NOW + timedelta(hours=1),
        "key_id": "K1",
        "private_key": PRIVATE,
    }
    return signed(**(given | changed))


def _signed_policy(policy: bytes) -> dict[str, str]:
    from lambdas.platform.signed_media import _signature, _text

    return {
        "CloudFront-Policy": _text(policy),
        "CloudFront-Signature": _text(_signature(policy, PRIVATE)),
        "CloudFront-Key-Pair-Id": "K1",
    }


def test_what_was_signed_for_a_folder_opens_what_is_in_it() -> None:
    assert GROUP.refuses(_cookies(), URL) is None
    assert GROUP.refuses(_cookies(), f"{ORIGIN}{FOLDER}") is None


@pytest.mark.parametrize(
    "url",
    [
        f"{ORIGIN}/media/videos/vid_2/abc/master.m3u8",
        f"{ORIGIN}/media/videos/vid_11/abc/master.m3u8",
        f"{ORIGIN}/media/videos/",
        "https://elsewhere.example/media/videos/vid_1/abc/master.m3u8",
        "http://mira.example/media/videos/vid_1/abc/master.m3u8",
        f"https://elsewhere.example/?{URL}",
    ],
)
def test_it_opens_nothing_else(url: str) -> None:
    assert GROUP.refuses(_cookies(), url) == DENIED


@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_it_ends_to_the_second(seconds: int) -> None:
    until = NOW - timedelta(seconds=seconds)
    assert GROUP.refuses(_cookies(until=until), URL) == DENIED
    assert GROUP.refuses(_cookies(until=NOW + timedelta(seconds=1)), URL) is None


def test_without_all_three_there_is_nothing_to_verify() -> None:
    whole = _cookies()
    for name in whole:
        assert GROUP.refuses({other: value for other, value in whole.items() if other != name}, URL) == MISSING


def test_what_another_key_signed_is_worth_nothing() -> None:
    assert GROUP.refuses(_cookies(private_key=FOREIGN), URL) == DENIED
    assert GROUP.refuses(_cookies(key_id="K2"), URL) == DENIED


def test_a_policy_that_was_changed_is_worth_nothing() -> None:
    longer = _cookies(until=NOW + timedelta(days=9))["CloudFront-Policy"]
    wider = _cookies(path="/media/")["CloudFront-Policy"]
    for policy in (longer, wider, "", "%%%", "A" * 5000):
        assert GROUP.refuses(_cookies() | {"CloudFront-Policy": policy}, URL) == DENIED


@pytest.mark.parametrize(
    "policy",
    [
        b"",
        b"no json",
        b"[]",
        b'{"Statement":[]}',
        b'{"Statement":[{"Resource":"*"}]}',
        b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"soon"}}}]}',
        b'{"Statement":[{"Resource":7,"Condition":{"DateLessThan":{"AWS:EpochTime":99999999999}}}]}',
    ],
)
def test_a_policy_that_says_nothing_opens_nothing_though_it_is_signed(policy: bytes) -> None:
    assert GROUP.refuses(_signed_policy(policy), URL) == MALFORMED


def test_one_that_begins_later_waits() -> None:
    epoch = int(NOW.timestamp())
    condition = {"DateLessThan": {"AWS:EpochTime": epoch + 60}, "DateGreaterThan": {"AWS:EpochTime": epoch + 1}}
    policy = json.dumps({"Statement": [{"Resource": f"{ORIGIN}/media/*", "Condition": condition}]}).encode()
    assert GROUP.refuses(_signed_policy(policy), URL) == DENIED
    later = KeyGroup(keys={"K1": PUBLIC}, clock=lambda: NOW + timedelta(seconds=2))
    assert later.refuses(_signed_policy(policy), URL) is None


@given(st.dictionaries(st.sampled_from(sorted(_cookies())), st.text(max_size=200)))
def test_nothing_that_was_made_up_opens_anything(made_up: dict[str, str]) -> None:
    if made_up:
        assert GROUP.refuses(_cookies() | made_up, URL) is not None


@pytest.fixture
def guarded(emulator: Emulator, served: Served) -> Site:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=MEDIA_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("media/videos/vid_1/a/0.ts", "media/videos/vid_2/a/0.ts", "media/public/videos/vid_3/a/0.ts"):
        s3.put_object(Bucket=MEDIA_BUCKET, Key=key, Body=b"0123456789", ContentType="video/mp2t")
    return serve(served, emulator.endpoint, trusted=KeyGroup(keys={"K1": PUBLIC}))


def _with_cookies(site: Site, path: str, **headers: str) -> Reply:
    host = f"mira.localhost:{site.served.port}"
    made = _cookies(origin=f"http://{host}", until=datetime.now(UTC) + timedelta(minutes=1))
    return site.get(path, Host=host, cookie="; ".join(f"{name}={value}" for name, value in made.items()), **headers)


def test_the_gateway_gives_what_is_guarded_to_who_has_the_cookies_and_to_nobody_else(guarded: Site) -> None:
    without = guarded.get("/media/videos/vid_1/a/0.ts")
    assert (without.status, without.headers["content-type"]) == (403, "text/xml")
    assert b"MissingKey" in without.body
    given = _with_cookies(guarded, "/media/videos/vid_1/a/0.ts")
    assert (given.status, given.body, given.headers["content-type"]) == (200, b"0123456789", "video/mp2t")
    part = _with_cookies(guarded, "/media/videos/vid_1/a/0.ts", range="bytes=2-4")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert _with_cookies(guarded, "/media/videos/vid_2/a/0.ts").status == 403
    assert _with_cookies(guarded, "/media/videos/vid_1/a/none.ts").status == 403
    assert guarded.get("/media/public/videos/vid_3/a/0.ts").body == b"0123456789"


@pytest.mark.parametrize(
    "path",
    [
        "/media/public/../videos/vid_2/a/0.ts",
        "/media/public/%2e%2e/videos/vid_2/a/0.ts",
        "/media/public/..%2fvideos/vid_2/a/0.ts",
        "/media/videos/vid_1/../vid_2/a/0.ts",
        "/media/videos/vid_1/%2E./vid_2/a/0.ts",
        "/media/videos/vid_1/a/../../../videos/vid_2/a/0.ts",
        "/media/./videos/vid_2/a/0.ts",
        "/media//videos/vid_2/a/0.ts",
        "/%6dedia/videos/vid_2/a/0.ts",
    ],
)
def test_no_detour_leads_around_it(guarded: Site, path: str) -> None:
    assert b"0123456789" not in _with_cookies(guarded, path).body
