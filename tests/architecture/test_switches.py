"""Off means off: a feature that is switched off leaves no route, page, entry, event or schedule.

Every optional feature is tried, and the example of the docs. That the stacks have nothing of it but its
retained tables is in tests/stacks/test_features.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from frontend_template.build import ROOT, build_site
from frontend_template.cache import cache_folder
from lambdas.core.feature import Feature
from lambdas.core.references import load
from lambdas.features.registry import FEATURES, active_features
from lambdas.handlers.work import Worker
from tests.creators import a_creator
from tests.example_feature import Example, example_feature
from tests.platform_under_test import start_platform

NAMES = [feature.name for feature in FEATURES if feature.optional] + ["faq"]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with example_feature(tmp_path_factory.mktemp("example")) as example:
        yield example


@pytest.fixture(params=NAMES)
def feature(request: pytest.FixtureRequest, example: Example) -> Feature[Any]:
    return next(feature for feature in example.features if feature.name == request.param)


def _paths(feature: Feature[Any]) -> set[str]:
    return {key[0] for key in load(feature.api)._routes} if feature.api else set()


def test_off_leaves_no_route_and_no_description(feature: Feature[Any], example: Example, emulator: object) -> None:
    on = start_platform(features=example.features)
    described = set(on.call("GET", "/api/openapi.json").json["paths"])
    off = start_platform(features=example.features, id="switched-off", switches={feature.name: {"enabled": False}})
    # What requires it is off with it.
    gone = [one for one in on.services.features if one not in off.services.features]
    assert feature in gone
    own = {path.replace("<", "{").replace(">", "}") for one in gone for path in _paths(one)}
    assert bool(own & described) == any(one.api for one in gone)

    assert set(off.call("GET", "/api/openapi.json").json["paths"]) == described - own
    for path in _paths(feature):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert off.call(method, path.replace("<number>", "1")).status == 404


def test_off_leaves_no_page_and_no_entry(feature: Feature[Any], example: Example, tmp_path: Path) -> None:
    creator = a_creator(features=example.features, switches={feature.name: {"enabled": False}})
    build_site(
        creator,
        features=active_features(creator, example.features),
        source=tmp_path,
        out=tmp_path / "site",
        cache=cache_folder(tmp_path),
        roots=(example.templates, ROOT),
    )
    own = [page.path for page in feature.pages]
    html = set((tmp_path / "site").rglob("*.html"))
    addresses = {f"/{file.parent.relative_to(tmp_path / 'site')}/".replace("/./", "/") for file in html}
    assert addresses.isdisjoint({creator.path(path, locale) for path in own for locale in creator.languages})
    texts = [*html, tmp_path / "site/sitemap.xml", tmp_path / "site/sw.js", tmp_path / "site/manifest.webmanifest"]
    for text in (file.read_text() for file in texts):
        for path in own:
            assert f'"{path}"' not in text
            assert f"{path}<" not in text
            assert f'/de{path}"' not in text


def test_off_leaves_nobody_who_is_told(feature: Feature[Any], example: Example, emulator: object) -> None:
    off = start_platform(features=example.features, switches={feature.name: {"enabled": False}})
    worker = Worker(services=off.services, logger=Logger(service="off"))
    for name in feature.schedules:
        assert worker.handle({"prism": "schedule", "name": name}) == {}
    assert not {told for active in off.services.features for told in active.events.values()} & set(
        feature.events.values()
    )
    assert not {table for active in off.services.features for table in active.changes} & set(feature.changes)
