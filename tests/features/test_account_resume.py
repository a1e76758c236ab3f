"""Where signing in leads: on this site, by every browser's reading."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.features.accounts.resume import HOME, LONGEST, safe, without_language

HERE = "https://tester.example/account/sign-in/"
TRICKY = st.text(alphabet="/\\.:@%?#&=;\t\n\r\x00\x01 \u00a0\u2028\u3000\uff0f2eE5cCfFhtpsax", max_size=40)


def _as_browsers_read(address: str) -> str:
    """The WHATWG URL standard in short: blanks at the ends, tabs and line ends go, and a backslash is a slash."""
    text = address.strip("".join(map(chr, range(0x21))))
    for dropped in "\t\n\r":
        text = text.replace(dropped, "")
    path, mark, rest = text.partition("?")
    return urljoin(HERE, path.replace("\\", "/") + mark + rest)


@given(st.one_of(TRICKY, TRICKY.map(lambda text: f"/{text}"), st.text()))
@example("//evil.example/")
@example("/\\evil.example/")
@example("/\t/evil.example/")
@example("/.//evil.example/")
@example("/%2e//evil.example")
@example("/account/..//evil.example")
@example("https://evil.example/")
@example("javascript:alert(1)")
@example("/\ud800")
@example("/" + "x" * LONGEST)
def test_no_address_ever_leads_to_another_site(asked: str) -> None:
    found = safe(asked)
    read = urlsplit(_as_browsers_read(found))
    assert (read.scheme, read.netloc) == ("https", "tester.example")
    assert found.isascii()
    assert len(found) <= LONGEST
    assert not set(found) & set("\\ \r\n\t\x00")
    assert safe(found) == found


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account/",
        "/de/account/profile/?done=saved",
        "/studio/contact/msg_01/?page=2#end",
        "/a%20b/",
        "/x?next=//y",
    ],
)
def test_a_path_on_this_site_stays_as_it_is(path: str) -> None:
    assert safe(path) == path


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "account/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/a//b",
        "/a/../b",
        "/ü",
        "/a b",
    ],
)
def test_all_else_leads_to_the_accounts_home(asked: str) -> None:
    assert safe(asked) == HOME


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/de/account/", "/account/"),
        ("/de/", "/"),
        ("/account/", "/account/"),
        ("/design/", "/design/"),
        ("/de", "/de"),
    ],
)
def test_the_language_stands_in_an_address_once(path: str, there: str) -> None:
    assert without_language(path, locale="de") == there
