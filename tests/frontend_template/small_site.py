"""The small root of templates that these tests render from, and what builds a site of it."""

from pathlib import Path
from typing import Any, Protocol

from frontend_template.build import SiteBuild
from lambdas.core.creator import Creator

SMALL_ROOT = Path(__file__).parent / "root"


class Build(Protocol):
    """Builds a creator's site from the small root into tmp_path/site, with pictures from tmp_path/source."""

    def __call__(self, creator: Creator | None = None, *, out: Path | None = None, **given: Any) -> SiteBuild: ...
