"""Style sheets: bundled, compiled for the browsers, with the brand's tokens and the fonts in front."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from frontend_template.cache import Cache
from frontend_template.scripts import resolved
from lambdas.core.brand import Palette, Theme
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


def brand_css(palette: Palette) -> str:
    """The tokens of both themes: dark, unless the visitor or the creator prefers light."""
    dark, light = _declared(palette.dark, "dark"), _declared(palette.light, "light")
    return (
        f":root,[data-theme=dark]{{{dark}}}[data-theme=light]{{{light}}}"
        f"@media (prefers-color-scheme:light){{[data-theme=auto]{{{light}}}}}"
    )


def _declared(theme: Theme, scheme: str) -> str:
    return ";".join([f"color-scheme:{scheme}", *(f"{name}:{value}" for name, value in theme.tokens().items())])
