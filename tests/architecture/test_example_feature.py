"""The page "Adding a feature" is true: its feature works, and switches off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontend_template.build import ROOT, build_site
from frontend_template.cache import cache_folder
from lambdas.features.registry import active_features
from tests.creators import a_creator
from tests.example_feature import ENTRIES, Example, example_feature
from tests.platform_under_test import start_platform


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    with example_feature(tmp_path / "example") as example:
        yield example


def test_its_route_counts_one_vote_a_visitor(example: Example, emulator: object) -> None:
    platform = start_platform(features=example.features, switches={"faq": {"entries": ENTRIES}})
    votes = [
        platform.call("POST", "/api/faq/1/helpful", address=address).json["votes"]
        for address in ("203.0.113.1:1", "203.0.113.1:2", "203.0.113.2:1")
    ]
    assert votes == [1, 1, 2]
    assert platform.call("POST", "/api/faq/3/helpful").status == 404
    assert platform.call("POST", "/api/faq/none/helpful").status == 422
    assert "/api/faq/{number}/helpful" in platform.call("GET", "/api/openapi.json").json["paths"]


def test_its_button_works_without_javascript(example: Example, emulator: object) -> None:
    platform = start_platform(features=example.features, switches={"faq": {"entries": ENTRIES}})
    answer = platform.call("POST", "/api/faq/1/helpful", form="")
    assert (answer.status, answer.headers["location"]) == (303, "/faq/")


def test_its_page_is_published_in_both_languages(example: Example, tmp_path: Path) -> None:
    creator = a_creator(features=example.features, switches={"faq": {"entries": ENTRIES}})
    site = tmp_path / "site"
    build_site(
        creator,
        features=active_features(creator, example.features),
        source=tmp_path,
        out=site,
        cache=cache_folder(tmp_path),
        roots=(example.templates, ROOT),
    )
    page = (site / "faq/index.html").read_text()
    assert "<strong>evenings</strong>" in page
    assert "&lt;b&gt;Why?&lt;/b&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert "Das hat mir geholfen" in (site / "de/faq/index.html").read_text()
    assert 'href="/faq/"' in (site / "index.html").read_text()
    assert "/faq/" in (site / "sitemap.xml").read_text()
