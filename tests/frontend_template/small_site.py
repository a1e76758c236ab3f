"""The small root of templates that these tests render from, and what builds a site of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from frontend_template.build import SiteBuild
from lambdas.core.creator import Creator
from lambdas.core.feature import Feature

SMALL_ROOT = Path(__file__).parent / "root"


class Build(Protocol):
    """Builds a creator's site from the small root into tmp_path/site, with pictures from tmp_path/source."""

    def __call__(self, creator: Creator | None = None, *, out: Path | None = None, **given: Any) -> SiteBuild: ...


def spoken_of(features: tuple[Feature[Any], ...], roots: Sequence[Path]) -> tuple[Feature[Any], ...]:
    """Without those that have published pages, and no texts in these roots: the small one knows few features."""
    return tuple(
        feature
        for feature in features
        if all(page.personal for page in feature.pages)
        or any((root / "locales" / feature.name).is_dir() for root in roots)
    )
