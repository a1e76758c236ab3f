"""The site of the tests' creator, built once a process: what the functions find in their bucket."""

import tempfile
from functools import cache
from pathlib import Path

from frontend_template.build import build_site
from frontend_template.cache import cache_folder
from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.features.registry import active_features
from tests.creators import a_creator


@cache
def published_site() -> Path:
    """All of it, pages too."""
    return _built(pages=True)


@cache
def built_assets() -> Path:
    """What the build sends: all but what a platform publishes by itself."""
    return _built(pages=False)


def _built(*, pages: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="prism-published-"))
    creator, out = a_creator(), folder / "site"
    features = active_features(creator)
    build_site(creator, features=features, source=folder, out=out, cache=cache_folder(folder), pages=pages)
    return out


@cache
def real_renderer() -> Renderer:
    """Renders `a_creator()`'s pages and letters as the functions do."""
    creator = a_creator()
    manifest = AssetManifest.model_validate_json((published_site() / "assets/manifest.json").read_bytes())
    return Renderer(creator, active_features(creator), manifest)
