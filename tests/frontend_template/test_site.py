"""The real site, built: within its budget, at home under its own security policy, complete."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from frontend_template.build import ROOT
from lambdas.features.registry import FEATURES
from tests.creators import a_creator
from tests.frontend_template.small_site import Build
from tests.frontend_template.test_build import everything

KILOBYTE = 1024
DATA = re.compile(r'<script type="application/ld\+json">([^<]*)</script>')
PERSONAL = {page.path for feature in FEATURES for page in feature.pages if page.personal}
LONG = "A creator's </script> & quite a long name who does many things"


@pytest.fixture
def site(build: Build) -> dict[str, bytes]:
    about = {"en": "I make **things**.\n\n" * 20, "de": "Ich mache **Dinge**.\n\n" * 20}
    creator = a_creator(name=LONG, site={"tagline": {"en": "One sentence.", "de": "Ein Satz."}, "about": about})
    return everything(build(creator, roots=(ROOT,)).folder)


def pages(site: dict[str, bytes]) -> dict[str, str]:
    return {key: content.decode() for key, content in site.items() if key.endswith(".html")}


def test_every_page_keeps_the_budget(site: dict[str, bytes]) -> None:
    @cache
    def weight(key: str) -> int:
        return len(site.get(key + ".br", site[key]))

    for key, html in pages(site).items():
        assets = set(re.findall(r'(?:href|src)="/(assets/[^"#]+)', html))
        scripts = [name for name in assets if name.endswith(".js")]
        styles = [name for name in assets if name.endswith(".css")]
        fonts = [name for name in assets if name.endswith(".woff2")]
        assert weight(key) <= 6 * KILOBYTE, key
        assert sum(map(weight, styles)) <= 5 * KILOBYTE, key
        assert sum(map(weight, scripts)) <= 8 * KILOBYTE, key
        assert len(fonts) == 2
        assert sum(map(weight, fonts)) <= 32 * KILOBYTE, key
        assert len(assets) + 1 <= 20, key
        assert weight(key) + sum(map(weight, assets)) <= 150 * KILOBYTE, key


def test_no_page_has_a_script_or_a_style_of_its_own(site: dict[str, bytes]) -> None:
    for key, html in pages(site).items():
        without_data = DATA.sub("", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", without_data), key


def test_what_search_engines_read_is_json_whatever_the_name(site: dict[str, bytes]) -> None:
    found = [json.loads(data) for data in DATA.findall(pages(site)["index.html"])]
    assert any(LONG in json.dumps(one) for one in found)


def test_every_script_and_style_is_checked_by_the_browser(site: dict[str, bytes]) -> None:
    for key, html in pages(site).items():
        for tag in re.findall(
            r"<script(?! type=\"application/ld)[^>]*>|<link[^>]*(?:stylesheet|modulepreload)[^>]*>", html
        ):
            assert 'integrity="sha384-' in tag, (key, tag)


def test_every_address_of_a_page_leads_somewhere(site: dict[str, bytes]) -> None:
    for key, html in pages(site).items():
        for address in re.findall(r'(?:href|src|action)="(/[^"#?]*)', html):
            # A personal page is no file: a function answers at its address.
            if address.startswith("/api/") or address.removeprefix("/de") in PERSONAL:
                continue
            target = address.removeprefix("/")
            assert (target + "index.html" if not target or target.endswith("/") else target) in site, (key, address)


def test_each_page_says_its_language_title_and_place(site: dict[str, bytes]) -> None:
    titles: dict[str, str] = {}
    for key, html in pages(site).items():
        language = "de" if key.startswith("de/") else "en"
        assert f'<html lang="{language}"' in html
        path = "/" + str(Path(key).parent).removeprefix(".")
        assert f'<link rel="canonical" href="https://tester.example{path.rstrip("/")}/">' in html
        title = re.findall(r"<title>([^<]+)</title>", html)
        assert len(title) == 1
        assert titles.setdefault(language + title[0], key) == key
        assert len(re.findall(r"<h1\b", html)) == 1, key
