"""Style sheets: bundled, compiled for the browsers."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from frontend_template.cache import Cache
from frontend_template.scripts import resolved
from lambdas.core.errors import PrismError

BROWSERS = ["chrome >= 111", "edge >= 111", "firefox >= 115", "safari >= 16.4", "ios_saf >= 16.4"]
_IMPORT = re.compile(r"""@import\s+(?:url\()?(["'])([^"']+)\1""")
_URL = re.compile(r"""url\((["']?)(?!data:|https?:|[/#])([^"')]+)\1\)""")


class StyleSheetBroken(PrismError):
    """A style sheet cannot be read, or names a file that is not there."""

    code = "style_sheet_broken"
    title = "A style sheet cannot be used"


def bundled(entry: Path, sources: Mapping[str, Path], cache: Cache) -> str:
    """An entry with all it imports, minified; `sources` are all style sheets there are, by name."""
    parts = [version("lightningcss"), repr(BROWSERS), entry.name]
    for name, path in sorted(sources.items()):
        parts += [name, path.read_text(encoding="utf-8")]

    for name, path in sources.items():
        for _, imported in _IMPORT.findall(path.read_text(encoding="utf-8")):
            if resolved(name, imported) not in sources:
                raise StyleSheetBroken(f"{name} imports {resolved(name, imported)}, which does not exist")

    def make() -> bytes:
        import lightningcss

        try:
            return str(lightningcss.bundle_css(str(entry), browsers_list=BROWSERS)).encode()
        except (ValueError, OSError) as fault:
            raise StyleSheetBroken(str(fault).replace(f"{entry.parent}/", "css/")) from None

    return cache.one("css", parts, make).decode()


def with_addresses(css: str, address: Callable[[str], str]) -> str:
    """Every relative url() replaced by what `address` says it is."""
    return _URL.sub(lambda match: f'url("{address(match[2])}")', css)
