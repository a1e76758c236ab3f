"""Pages of functions travel compressed where the browser takes it."""

import base64
import gzip

import pytest

from lambdas.web.compression import compressed, takes_gzip

PAGE = {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "ä word " * 500, "isBase64Encoded": False}


@pytest.mark.parametrize("asked", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP"])
def test_who_asks_for_gzip_takes_it(asked: str) -> None:
    assert takes_gzip({"accept-encoding": asked})


@pytest.mark.parametrize("asked", ["", "br", "identity", "gzip;q=0", "br, gzip ; q=0.0, identity"])
def test_who_does_not_gets_it_plain(asked: str) -> None:
    assert not takes_gzip({"accept-encoding": asked} if asked else {})


def test_a_page_is_the_same_when_unpacked_and_much_smaller() -> None:
    packed = compressed(PAGE)
    raw = base64.b64decode(packed["body"])
    assert gzip.decompress(raw).decode() == PAGE["body"]
    assert len(raw) < 200
    assert packed["headers"] == {"content-type": "text/html", "content-encoding": "gzip", "vary": "accept-encoding"}
    assert compressed(PAGE) == packed


@pytest.mark.parametrize(
    "response",
    [
        PAGE | {"body": "short"},
        PAGE | {"body": "A" * 5000, "isBase64Encoded": True},
        PAGE | {"headers": {"content-encoding": "br"}},
        PAGE | {"headers": {"cache-control": "no-store, no-transform"}},
        {"statusCode": 303, "headers": {}, "body": ""},
    ],
)
def test_what_is_small_or_packed_stays_as_it_is(response: dict[str, object]) -> None:
    assert compressed(dict(response)) == response
