"""The site of the tests' creator, built once a process: what the functions find in their bucket."""

import tempfile
from functools import cache
from pathlib import Path

from frontend_template.build import build_site
from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.features.registry import active_features
from tests.conftest import MADE_ONCE
from tests.creators import a_creator


@cache
def published_site() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="prism-published-"))
    creator = a_creator()
    build_site(creator, features=active_features(creator), source=folder, out=folder / "site", cache=MADE_ONCE)
    return folder / "site"


@cache
def real_renderer() -> Renderer:
    """Renders `a_creator()`'s pages and letters as the functions do."""
    creator = a_creator()
    manifest = AssetManifest.model_validate_json((published_site() / "assets/manifest.json").read_bytes())
    return Renderer(creator, active_features(creator), manifest)
