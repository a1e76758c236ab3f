"""A small root of templates, and sites built from it with one cache for all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frontend_template import cache as caches
from frontend_template.build import SiteBuild, build_site
from frontend_template.cache import Cache
from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import active_features
from tests.creators import a_creator
from tests.frontend_template.small_site import SMALL_ROOT, Build, spoken_of


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return caches.cache_folder(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def cache(cache_folder: Path) -> Cache:
    return Cache(cache_folder)


@pytest.fixture
def build(cache_folder: Path, tmp_path: Path) -> Build:
    def run(creator: Creator | None = None, *, out: Path | None = None, **given: Any) -> SiteBuild:
        creator = creator or a_creator()
        roots = given.get("roots", (SMALL_ROOT,))
        features: tuple[Feature[Any], ...] = given.pop("features", spoken_of(active_features(creator), roots))
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        return build_site(
            creator,
            features=features,
            source=source,
            out=out or tmp_path / "site",
            cache=given.pop("cache", cache_folder),
            roots=given.pop("roots", (SMALL_ROOT,)),
            **given,
        )

    return run


@pytest.fixture
def render(build: Build, tmp_path: Path) -> Callable[..., Renderer]:
    """A renderer of the small root, as a function has it: its assets read from the published manifest."""

    def make(*, root: Path = SMALL_ROOT, **fields: Any) -> Renderer:
        creator = a_creator(**fields)
        site = build(creator, out=tmp_path / "for-renderer").folder
        assets = AssetManifest.from_json((site / "assets/manifest.json").read_bytes())
        return Renderer(
            creator, spoken_of(active_features(creator), (root, SMALL_ROOT)), assets, roots=(root, SMALL_ROOT)
        )

    return make
