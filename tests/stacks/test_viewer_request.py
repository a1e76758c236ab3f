"""The CloudFront functions and their reference in Python say the same."""

import json
import re
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdas.platform.storage import PRECOMPRESSED_SUFFIXES
from lambdas.web.edge import VIEWER_HOST_HEADER, Key, Redirect, site_key
from stacks.node import wheel_node
from stacks.site import viewer_host_code, viewer_request_code

# One node for a whole run: it reads a batch of events from stdin and prints what the function answers.
_DRIVER = """
const events = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(events.map((event) => handler({ request: event }))));
"""
_CHARACTERS = st.text(alphabet=st.sampled_from("/\\.ab-%2Fé\t\n ?#~"), max_size=12)
_NAMES = st.sampled_from(
    ["", "contact", "index.html", ".well-known", "de", "app.js", "style.css", "a.avif", "x.tar.br"]
)
_URIS = st.one_of(
    _CHARACTERS,
    _CHARACTERS.map(lambda text: f"/{text}"),
    st.lists(_NAMES, max_size=4).map(lambda names: "/" + "/".join(names)),
    st.text(max_size=20),
)
_ENCODINGS = st.one_of(
    st.just(""),
    st.lists(
        st.sampled_from(
            ["br", "BR", "gzip", "brx", "zbr", "br;q=0", "br;q=0.0", "br; q=0.01", "br ;q=1", "*", "br;q=2"]
        ),
        max_size=4,
    ).map(", ".join),
    st.text(alphabet="br,;q=01. \t\n", max_size=12),
)


def answers(requests: list[tuple[str, str]], query: dict[str, object] | None = None) -> list[dict[str, object]]:
    events: list[dict[str, object]] = [
        {
            "uri": uri,
            "querystring": query or {},
            "headers": {"accept-encoding": {"value": encoding}} if encoding else {},
        }
        for uri, encoding in requests
    ]
    return run(viewer_request_code(), events)


def run(code: str, requests: list[dict[str, object]]) -> list[dict[str, object]]:
    done = subprocess.run(
        [str(wheel_node()), "-e", code + _DRIVER],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
    )
    answered: list[dict[str, object]] = json.loads(done.stdout)
    return answered


def as_reference(answer: dict[str, object]) -> Redirect | Key:
    if "statusCode" in answer:
        assert answer["statusCode"] == 308
        return Redirect(location=answer["headers"]["location"]["value"])  # type: ignore[index]
    return Key(key=str(answer["uri"])[1:])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(_URIS, _ENCODINGS), min_size=300, max_size=300))
def test_the_edge_answers_as_the_reference_says(requests: list[tuple[str, str]]) -> None:
    assert [as_reference(answer) for answer in answers(requests)] == [site_key(uri, enc) for uri, enc in requests]


@given(_URIS, _ENCODINGS)
@example("//elsewhere.example/", "")
@example("/\\elsewhere.example", "")
@example("/\t/elsewhere.example", "")
def test_no_redirect_leads_to_another_site(uri: str, encoding: str) -> None:
    meant = site_key(uri, encoding)
    if isinstance(meant, Redirect):
        assert re.match(r"/([^/\\\x00-\x20]|$)", meant.location)
        assert site_key(meant.location, encoding) != meant, "a redirect must arrive"


@pytest.mark.parametrize(
    ("uri", "encoding", "meant"),
    [
        ("/", "gzip, deflate, br", Key(key="index.html.br")),
        ("/contact", "br", Redirect(location="/contact/")),
        ("/de/contact/", "gzip", Key(key="de/contact/index.html")),
        ("/assets/app.3f2a.js", "br;q=0, gzip", Key(key="assets/app.3f2a.js")),
        ("/media/hero.avif", "br", Key(key="media/hero.avif")),
        ("/.well-known/change-password", "", Key(key=".well-known/change-password")),
    ],
)
def test_a_path_means_its_object(uri: str, encoding: str, meant: Redirect | Key) -> None:
    assert site_key(uri, encoding) == meant


def test_a_redirect_keeps_the_query() -> None:
    query = {
        "a": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]},
        "b": {"value": ""},
        "c": {"value": "%26"},
    }
    answer = answers([("/contact", "")], query=query)[0]
    assert answer["headers"]["location"]["value"] == "/contact/?a=1&a=2&b&c=%26"  # type: ignore[index]


def test_the_api_is_told_the_name_asked_for_whatever_the_client_claims() -> None:
    headers = {"host": {"value": "kasper.live"}, VIEWER_HOST_HEADER: {"value": "elsewhere.example"}}
    (told,) = run(viewer_host_code(), [{"uri": "/api/contact", "headers": headers}])
    assert told["headers"][VIEWER_HOST_HEADER] == {"value": "kasper.live"}  # type: ignore[index]


def test_the_function_is_small_enough_for_cloudfront() -> None:
    assert len(viewer_request_code().encode()) < 10_240
    assert all(f'"{suffix}"' in viewer_request_code() for suffix in PRECOMPRESSED_SUFFIXES)
