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


def test_a_site_arrives_whole_with_its_headers(bucket: SiteBucket, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    done = sync_site(s3, BUCKET, build(tmp_path, {"index.html": "<p>a", "index.html.br": "x", "assets/a.css": "b"}))
    assert set(done.sent) == {"index.html", "index.html.br", "assets/a.css"}
    assert bucket.read("index.html") == b"<p>a"
    head = s3.head_object(Bucket=BUCKET, Key="index.html.br")
    assert (head["ContentEncoding"], head["CacheControl"]) == ("br", "public, max-age=0")
    assert "ContentEncoding" not in s3.head_object(Bucket=BUCKET, Key="index.html")


def test_pages_are_sent_after_what_they_refer_to(bucket: SiteBucket, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    order: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: order.append(params["url_path"]))
    sync_site(s3, BUCKET, build(tmp_path, {"a/index.html": "1", "assets/z.js": "2", "index.html.br": "3"}))
    assert [path.endswith((".html", ".html.br", "site.json")) for path in order] == [False, True, True, True]
    assert order[-1].endswith("site.json")


def test_a_second_upload_sends_nothing(bucket: SiteBucket, tmp_path: Path) -> None:
    folder = build(tmp_path, {"index.html": "a", "b.html": "b"})
    sync_site(boto3.client("s3"), BUCKET, folder)
    again = sync_site(boto3.client("s3"), BUCKET, folder)
    assert (again.sent, again.removed, again.unchanged) == ((), (), 2)


def test_a_changed_header_alone_is_a_change(bucket: SiteBucket, tmp_path: Path) -> None:
    sync_site(boto3.client("s3"), BUCKET, build(tmp_path, {"index.html": "a"}))
    again = sync_site(boto3.client("s3"), BUCKET, build(tmp_path, {"index.html": "a"}, cache_control="no-store"))
    assert again.sent == ("index.html",)


def test_what_is_gone_from_the_build_is_removed_and_what_others_published_stays(
    bucket: SiteBucket, tmp_path: Path
) -> None:
    s3 = boto3.client("s3")
    sync_site(s3, BUCKET, build(tmp_path, {"index.html": "a", "old.html": "b"}))
    s3.put_object(Bucket=BUCKET, Key="posts/1/index.html", Body=b"a post")
    done = sync_site(s3, BUCKET, build(tmp_path, {"index.html": "a"}))
    assert done.removed == ("old.html",)
    assert bucket.read("old.html") is None
    assert bucket.read("posts/1/index.html") == b"a post"


def test_an_object_that_vanished_is_sent_again(bucket: SiteBucket, tmp_path: Path) -> None:
    folder = build(tmp_path, {"index.html": "a"})
    sync_site(boto3.client("s3"), BUCKET, folder)
    boto3.client("s3").delete_object(Bucket=BUCKET, Key="index.html")
    assert sync_site(boto3.client("s3"), BUCKET, folder).sent == ("index.html",)


def test_an_asset_outlives_the_pages_that_name_it_by_a_day(bucket: SiteBucket, tmp_path: Path) -> None:
    s3, clock = boto3.client("s3"), MovingClock()
    sync_site(s3, BUCKET, build(tmp_path, {"index.html": "a", "assets/a.1.css": "old"}), now=clock)
    new = build(tmp_path, {"index.html": "b", "assets/a.2.css": "new"})
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
