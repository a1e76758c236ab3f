"""The example of docs/adding-a-feature.md, built from the page's own code blocks."""

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lambdas.features
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES

PAGE = Path(__file__).parents[1] / "docs" / "adding-a-feature.md"
_BLOCK = re.compile(r"^```\w+ (?P<path>\S+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

ENTRIES = [
    {"question": "When do you stream?", "answer": "Most **evenings**."},
    {"question": "<b>Why?</b>", "answer": "Because {{ 7 * 7 }}."},
]


@dataclass(frozen=True)
class Example:
    """`features` are all there are and the example; `templates` is its root of templates and texts."""

    features: tuple[Feature[Any], ...]
    templates: Path


@contextmanager
def example_feature(folder: Path) -> Iterator[Example]:
    """Write the example into a folder and make it importable for as long as the context lasts."""
    for block in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        file = folder / block["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block["code"], encoding="utf-8")
    place = str(folder / "lambdas" / "features")
    lambdas.features.__path__.append(place)
    try:
        importlib.invalidate_caches()
        manifest = importlib.import_module("lambdas.features.faq.feature").FEATURE
        yield Example(features=(*FEATURES, manifest), templates=folder / "frontend_template")
    finally:
        lambdas.features.__path__.remove(place)
        for name in [name for name in sys.modules if name.startswith("lambdas.features.faq")]:
            del sys.modules[name]
