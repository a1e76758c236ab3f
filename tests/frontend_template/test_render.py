"""Templates see the active features only, and what people write stays text."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontend_template.render import NotRendered, Renderer
from lambdas.core.errors import NotFound
from lambdas.core.forms import Form

Render = Callable[..., Renderer]

INJECTIONS = ("{{ 7*7 }}", "{% for x in 'ab' %}y{% endfor %}", "{# gone #}", "<script>alert(1)</script>", "</title>")
MESSAGE = {
    "name": "Ann <b>",
    "body": "{{ 7*7 }} & 'more'",
    "received_at": datetime(2026, 11, 21, 13, 5, tzinfo=UTC),
}


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_creators_words_are_never_run(render: Render, text: str) -> None:
    renderer = render(name=text, site={"tagline": {"en": text}, "about": {"en": text}})
    html = renderer.page("/", "en")
    assert "49" not in html.replace("assets", "")[html.index("<main>") :]
    assert "yy" not in html
    assert "<script>alert" not in html
    assert html.count("</title>") == 1
    if "<" not in text:
        assert text.replace("'", "&#39;") in html


def test_a_visitors_words_are_escaped_when_shown_again(render: Render) -> None:
    form = Form(values={"name": '"><script>{{ 7*7 }}', "email": "", "subject": "", "message": ""})
    html = render().page("/contact/", "en", {"form": form})
    assert '<input name="name" value="&#34;&gt;&lt;script&gt;{{ 7*7 }}">' in html


def test_a_page_is_in_its_language_and_leads_to_the_others(render: Render) -> None:
    html = render().page("/contact/", "de")
    assert '<html lang="de"' in html
    assert "Schreib Testa Fictional" in html
    assert '<link rel="canonical" href="https://tester.example/de/contact/">' in html
    assert '<link rel="alternate" hreflang="en" href="https://tester.example/contact/">' in html
    assert '<a href="/contact/">English</a><a href="/de/contact/">Deutsch</a>' in html
    assert '<a href="/de/contact/" aria-current="page">Kontakt</a>' in html


def test_the_creators_own_language_has_no_prefix(render: Render) -> None:
    html = render(locale="de").page("/contact/", "de")
    assert '<link rel="canonical" href="https://tester.example/contact/">' in html
    assert '<link rel="alternate" hreflang="en" href="https://tester.example/en/contact/">' in html


def test_a_feature_that_is_off_has_no_page_no_link_and_no_block(render: Render) -> None:
    on, off = render(), render(switches={"contact": {"enabled": False}})
    assert "<section>" in on.page("/", "en")
    home = off.page("/", "en")
    assert "contact" not in home
    assert "<section>" not in home
    with pytest.raises(NotFound):
        off.page("/contact/", "en")


def test_a_letter_has_a_subject_of_one_line_plain_text_and_escaped_html(render: Render) -> None:
    letter = render().letter("contact/received", "de", {"message": MESSAGE})
    assert letter.subject == "Nachricht von Ann <b>"
    assert letter.text == "Ann <b> (21. November 2026, 14:05 MEZ):\n{{ 7*7 }} & 'more'\n"
    assert "Ann &lt;b&gt;, 21. November 2026, 14:05 MEZ" in letter.html
    assert "{{ 7*7 }} &amp; &#39;more&#39;" in letter.html
    assert "color:#17131D" in letter.html


def test_rendering_twice_gives_the_same(render: Render) -> None:
    renderer = render()
    assert renderer.page("/", "en") == renderer.page("/", "en") == render().page("/", "en")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ nothing }}", r"line 2: 'nothing' is undefined"),
        ("{{ creator.nothing }}", r"line 2: .*nothing"),
        ("{{ t('site.nothing') }}", r"line 2: no text 'site.nothing' in locales/site/en.toml"),
        ("{{ url('/shop/') }}", r"line 2: no active feature has the page '/shop/'"),
        ("{{ config('shop') }}", r"line 2: the feature 'shop' is not active"),
        ("{{ asset('css/none.css') }}", r"line 2: there is no static file 'css/none.css'"),
        ("{{ icon('none') }}", r"line 2: the sprite has no icon 'none', only: mail"),
        ("{{ picture('none.jpg', 'x') }}", r"line 2: the build made no picture 'none.jpg'"),
        ("{% if %}", r"line 2: "),
        ("{% include 'none.j2' %}", r"there is no template none.j2"),
    ],
)
def test_a_fault_in_a_template_names_the_file_the_line_and_the_reason(
    render: Render, tmp_path: Path, template: str, says: str
) -> None:
    page = tmp_path / "root" / "pages" / "site" / "imprint.html.j2"
    page.parent.mkdir(parents=True)
    page.write_text("<h1>Imprint</h1>\n" + template)
    with pytest.raises(NotRendered, match=says) as failed:
        render(root=tmp_path / "root").page("/imprint/", "en")
    if "include" not in template:
        assert "pages/site/imprint.html.j2" in failed.value.message


def test_a_function_that_renders_carries_nothing_of_the_asset_pipeline() -> None:
    code = "import sys, frontend_template.render; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"PIL", "fontTools", "lightningcss", "brotli", "rjsmin", "babel", "markdown_it", "nh3", "boto3"}
    assert heavy.isdisjoint(loaded)
