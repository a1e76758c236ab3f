"""The studio's frame and the parts of its screens: within their budget, at home under the security policy, complete."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

from frontend_template.render import ROOT, AssetManifest, Renderer
from lambdas.core.creator import LOCALES, Locale
from lambdas.core.errors import FieldError
from lambdas.core.feature import Feature, FeatureConfig, Screen, declared
from lambdas.core.forms import Form
from lambdas.core.permissions import OWNER, standing
from lambdas.features.registry import FEATURES, active_features
from tests.creators import a_creator
from tests.published import published_site

KILOBYTE = 1024
OWNER_STANDING = standing(OWNER, declared=declared(FEATURES), custom={})
LONG = "Maximiliane-Wilhelmine von und zu Hohenfels-Schillingsfürst & Söhne <script>"
WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_person(name: str = "Olga Owner") -> Any:
    return SimpleNamespace(name=name, email="olga@team.example", picture=None)


Shown = Callable[..., str]

TRIAL = Feature(
    name="trial",
    config=FeatureConfig,
    screens=(Screen(path="/studio/trial/", template="trial.html.j2", needs="studio.view"),),
)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """`shown(template, locale="en", **names)`: a screen made of this template, in the frame."""
    creator = a_creator()
    assets = AssetManifest.model_validate_json((published_site() / "assets/manifest.json").read_bytes())
    (tmp_path / "studio").mkdir()

    def render(template: str, locale: Locale = "en", **names: Any) -> str:
        begin = '{% extends "layouts/studio.html.j2" %}{% from "components/studio.html.j2" import ' + ", ".join(MACROS)
        begin += " with context %}{% block title %}Title{% endblock %}{% block main %}"
        (tmp_path / "studio/trial.html.j2").write_text(begin + template + "{% endblock %}", encoding="utf-8")
        renderer = Renderer(creator, (*active_features(creator), TRIAL), assets, roots=(tmp_path, ROOT))
        known = {"person": a_person()} | names
        return renderer.screen("/studio/trial/", locale, known, standing=OWNER_STANDING, url="/studio/trial/")

    return render


SOURCE = (ROOT / "components/studio.html.j2").read_text(encoding="utf-8")
MACROS = tuple(re.findall(r"{% macro (\w+)\(", SOURCE))
FORM = Form(
    values={"answer": "x", "theme": "dark", "digest": "yes"},
    errors=(FieldError(path="theme", code="invalid", message="No."),),
)

USES = {
    "page_head": """{{ page_head("A", "B", "/studio/", "C") }}{% call page_head("A") %}<a data-new href="/x">New</a>{% endcall %}""",
    "panel": """{% call panel("A", "B") %}C{% endcall %}""",
    "figure": """<ul class="figures">{{ figure("99+", "things", "/studio/", "3 new") }}{{ figure(0, "things") }}</ul>""",
    "facts": """{{ facts((("A", "B"), ("C", "D"))) }}""",
    "badge": """{{ badge("A") }}{{ badge("B", "danger") }}""",
    "avatar": """{{ avatar("Ä") }}{{ avatar("") }}""",
    "moment": """{{ moment(when) }}""",
    "empty": """{{ empty("inbox", "A", "B") }}{% call empty("inbox", "A", "B") %}<a href="/x">C</a>{% endcall %}""",
    "banner": """{% call banner("A", "danger") %}<p>B</p>{% endcall %}""",
    "flash": """{{ flash("A", undo="/studio/x", fields={"version": 2}) }}""",
    "post_button": """{{ post_button("/studio/x", "A", {"a": "<"}, "trash", "danger") }}""",
    "chips": """{{ chips("A", [{"url": "/a", "label": "A", "current": true, "count": 3}, {"url": "/b", "label": "B", "current": false}]) }}""",
    "search_box": """{{ search_box("/studio/x/", "a<b", "A", {"state": "open"}) }}""",
    "pages": """{{ pages("/a", "/b") }}{{ pages() }}""",
    "table": """{% call table("A", ("B", "")) %}{% call row() %}{{ cell("B", "C", "title") }}{{ cell("", "D", "end") }}{% endcall %}{% endcall %}""",
    "form_section": """{% call form_section("A", "B") %}C{% endcall %}""",
    "choice": """{{ choice("contact.inbox", "answer", form, (("x", "X"), ("y", "Y")), "hint") }}""",
    "tick": """{{ tick("contact.inbox", "answer", form, "hint") }}""",
    "save_bar": """{{ save_bar("A", "/studio/", "B") }}""",
    "diff": """{{ diff((("A", "old", "new"), ("B", "same", "same"), ("C", "", "new")), "Yours", "Theirs") }}""",
    "changed_meanwhile": """{% call changed_meanwhile("A") %}B{% endcall %}""",
}
OF_THE_FRAME = {"row", "cell", "sections", "own", "shortcuts", "help_dialog"}


def test_every_part_is_tried_here_and_told_at_the_top_of_its_file() -> None:
    assert set(MACROS) == set(USES) | OF_THE_FRAME
    head = SOURCE.partition("#}")[0]
    for name in USES:
        assert f"{name}(" in head, name


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", USES)
def test_a_part_renders_and_needs_no_script_or_style_of_its_own(shown: Shown, name: str, locale: Locale) -> None:
    html = shown(USES[name], locale, form=FORM, when=WHEN)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html)
    assert len(re.findall(r"<main\b", html)) == 1


def test_what_is_given_to_a_part_is_text(shown: Shown) -> None:
    evil = "<script>alert(1)</script>"
    html = shown(
        "{{ page_head(evil, evil) }}{{ flash(evil, undo='/x', fields={'a': evil}) }}{{ badge(evil) }}{{ empty('inbox', evil, evil) }}"
        "{{ diff(((evil, evil, ''),), evil, evil) }}{{ search_box('/x', evil, evil) }}",
        evil=evil,
    )
    assert "<script>alert" not in html


def test_a_table_stays_a_table_for_those_who_hear_it(shown: Shown) -> None:
    html = shown(USES["table"])
    for role in ("table", "rowgroup", "row", "columnheader", "cell"):
        assert f'role="{role}"' in html
    assert 'data-label="B"' not in html, "the first cell is the card's headline and needs no label"


def test_two_versions_say_what_was_taken_away_and_what_was_added(shown: Shown) -> None:
    html = shown(USES["diff"])
    assert ("<del>old</del>" in html, "<ins>new</ins>" in html) == (True, True)
    assert "<del>same</del>" not in html


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["Olga Owner", LONG, "李"])
def test_the_frame_keeps_its_budget_whatever_the_name(shown: Shown, name: str, locale: Locale) -> None:
    html = shown("{{ page_head('Title') }}", locale, person=a_person(name))
    site = published_site()

    def weight(address: str) -> int:
        file = Path(site, address)
        packed = file.with_name(file.name + ".br")
        return (packed if packed.exists() else file).stat().st_size

    head = html.partition("</head>")[0]
    assets = {a for a in re.findall(r'(?:href|src)="/(assets/[^"#]+)', html) if "favicon" not in a and "touch" not in a}
    styles = [a for a in assets if a.endswith(".css")]
    scripts = [a for a in assets if a.endswith(".js")]
    fonts = [a for a in assets if a.endswith(".woff2")]
    page = len(brotli.compress(html.encode()))
    assert page <= 3 * KILOBYTE, "the frame leaves a screen half of its six"
    assert sum(map(weight, styles)) <= 6 * KILOBYTE
    assert sum(map(weight, scripts)) <= 8 * KILOBYTE, "the frame leaves a screen 22 of its 30"
    assert len(fonts) == 2
    assert len(assets) + 1 <= 14
    assert page + sum(map(weight, assets)) <= 70 * KILOBYTE
    assert "noindex" in head
    assert "<script>" not in html
