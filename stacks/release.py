"""Which release of PRISM this is."""

import tomllib
from functools import cache

from stacks.bundles import ROOT


@cache
def release() -> str:
    """The version in pyproject.toml, such as 0.1.0."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return version
