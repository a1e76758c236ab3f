"""What a creator writes becomes HTML that cannot do anything."""

import pytest

from frontend_template.prose import as_html


def test_markdown_becomes_html_with_headings_under_the_pages_own() -> None:
    html = as_html("# Hello\n\nI **stream** [here](https://example.org).\nEvery day.\n\n- one\n- two")
    assert "<h3>Hello</h3>" in html
    assert "<strong>stream</strong>" in html
    assert '<a href="https://example.org" rel="noopener nofollow">here</a>' in html
    assert "<br" in html
    assert "<li>one</li>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,hi)",
        "![x](https://example.org/track.png)",
        '<img src=x onerror="alert(1)">',
        "[x](vbscript:x 'y')",
        "<style>body{display:none}</style>",
    ],
)
def test_nothing_that_runs_or_loads_comes_through(text: str) -> None:
    html = as_html(text).lower()
    for active in ("<script", "<img", "<style", 'href="javascript:', 'href="data:', 'href="vbscript:', "<iframe"):
        assert active not in html
