"""The site's way into its bucket."""

import hashlib
import json
from pathlib import Path

import boto3
import pytest

from lambdas.platform.storage import SiteBucket, sync_site
from tests.platform_under_test import MovingClock

BUCKET = "prism-mira-site"


@pytest.fixture
def bucket(emulator: object) -> SiteBucket:
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return SiteBucket(name=BUCKET)


def build(folder: Path, objects: dict[str, str], **changed: str) -> Path:
    index = {}
    for key, text in objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        index[key] = {
            "content_type": "text/html; charset=utf-8",
            "cache_control": "public, max-age=0",
            "content_encoding": "br" if key.endswith(".br") else "",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        } | changed
    (folder / "site.json").write_text(json.dumps(index))
    return folder


def test_assets_arrive_with_their_headers(bucket: SiteBucket, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    done = sync_site(s3, BUCKET, build(tmp_path, {"assets/a.css": "b", "assets/a.css.br": "x"}))
    assert set(done.sent) == {"assets/a.css", "assets/a.css.br"}
    assert bucket.read("assets/a.css") == b"b"
    head = s3.head_object(Bucket=BUCKET, Key="assets/a.css.br")
    assert (head["ContentEncoding"], head["CacheControl"]) == ("br", "public, max-age=0")
    assert "ContentEncoding" not in s3.head_object(Bucket=BUCKET, Key="assets/a.css")


def test_what_the_platform_publishes_itself_is_neither_sent_nor_touched(bucket: SiteBucket, tmp_path: Path) -> None:
    """Its pages show settings and content that no build knows."""
    s3 = boto3.client("s3")
    published = ("index.html", "sitemap.xml", "assets/manifest.json", "assets/brand/css/brand.1.css")
    for key in published:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"newer")
    # As a release before that left it: it had sent pages too.
    old = {"content_type": "", "cache_control": "", "content_encoding": "", "sha256": ""}
    s3.put_object(Bucket=BUCKET, Key="site.json", Body=json.dumps(dict.fromkeys(published, old)).encode())
    done = sync_site(s3, BUCKET, build(tmp_path, {**dict.fromkeys(published, "older"), "assets/a.css": "b"}))
    assert (done.sent, done.removed) == (("assets/a.css",), ())
    assert {bucket.read(key) for key in published} == {b"newer"}


def test_what_says_where_the_assets_are_is_sent_after_them(bucket: SiteBucket, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    order: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: order.append(params["url_path"]))
    sync_site(s3, BUCKET, build(tmp_path, {"assets/build.json": "1", "assets/z.js": "2"}))
    assert [path.rpartition("/")[2] for path in order] == ["z.js", "build.json", "site.json"]


def test_a_second_upload_sends_nothing(bucket: SiteBucket, tmp_path: Path) -> None:
    folder = build(tmp_path, {"assets/a.js": "a", "assets/b.js": "b"})
    sync_site(boto3.client("s3"), BUCKET, folder)
    again = sync_site(boto3.client("s3"), BUCKET, folder)
    assert (again.sent, again.removed, again.unchanged) == ((), (), 2)


def test_a_changed_header_alone_is_a_change(bucket: SiteBucket, tmp_path: Path) -> None:
    sync_site(boto3.client("s3"), BUCKET, build(tmp_path, {"assets/a.js": "a"}))
    again = sync_site(boto3.client("s3"), BUCKET, build(tmp_path, {"assets/a.js": "a"}, cache_control="no-store"))
    assert again.sent == ("assets/a.js",)


def test_an_object_that_vanished_is_sent_again(bucket: SiteBucket, tmp_path: Path) -> None:
    folder = build(tmp_path, {"assets/a.js": "a"})
    sync_site(boto3.client("s3"), BUCKET, folder)
    boto3.client("s3").delete_object(Bucket=BUCKET, Key="assets/a.js")
    assert sync_site(boto3.client("s3"), BUCKET, folder).sent == ("assets/a.js",)


def test_an_object_says_what_it_was_put_with(bucket: SiteBucket) -> None:
    assert bucket.fingerprint("a.html") is None
    boto3.client("s3").put_object(Bucket=BUCKET, Key="a.html", Body=b"a")
    assert bucket.fingerprint("a.html") == ""
    bucket.put("a.html", b"b", content_type="text/html", cache_control="no-store", fingerprint="b")
    assert (bucket.fingerprint("a.html"), bucket.read("a.html")) == ("b", b"b")
    bucket.delete("a.html")
    bucket.delete("a.html")
    assert bucket.keys_below("") == []


def test_an_asset_outlives_the_pages_that_name_it_by_a_day(bucket: SiteBucket, tmp_path: Path) -> None:
    s3, clock = boto3.client("s3"), MovingClock()
    sync_site(s3, BUCKET, build(tmp_path, {"assets/a.1.css": "old"}), now=clock)
    new = build(tmp_path, {"assets/a.2.css": "new"})
    for hours, there in ((0, b"old"), (23, b"old"), (2, None)):
        clock.forward(hours=hours)
        done = sync_site(s3, BUCKET, new, now=clock)
        assert bucket.read("assets/a.1.css") == there
    assert done.removed == ("assets/a.1.css",)
    assert sync_site(s3, BUCKET, new, now=clock).removed == ()


def test_an_asset_that_comes_back_stays(bucket: SiteBucket, tmp_path: Path) -> None:
    s3, clock = boto3.client("s3"), MovingClock()
    for objects in ({"assets/a.css": "a"}, {"assets/b.css": "b"}, {"assets/a.css": "a"}):
        sync_site(s3, BUCKET, build(tmp_path, objects), now=clock)
    clock.forward(days=3)
    sync_site(s3, BUCKET, build(tmp_path, {"assets/a.css": "a"}), now=clock)
    assert bucket.read("assets/a.css") == b"a"
    assert bucket.read("assets/b.css") is None
