"""The two typefaces, self-hosted: cut down to the characters these languages need, and their CSS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontend_template.cache import Cache, Files

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parent / "fonts"

Ranges = tuple[tuple[int, int], ...]
"""Code points, from the first to the last of each pair."""

# What English and German are written with. Names from the rest of Europe have files of their own,
# which a browser fetches only for a page that has such a letter.
_LATIN: Ranges = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x152, 0x153), (0x2009, 0x2009), (0x2010, 0x2027), (0x202F, 0x2030),
    (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x20AC, 0x20AC), (0x2122, 0x2122),
    (0x2190, 0x2193), (0x2212, 0x2212), (0x2215, 0x2215),
)  # fmt: skip
_EUROPE: Ranges = ((0x100, 0x151), (0x154, 0x17F), (0x1CD, 0x1DC), (0x218, 0x21B), (0x1E80, 0x1E85), (0x1E9E, 0x1E9E))
_LAYOUT = ["kern", "ccmp", "locl", "mark", "mkmk", "liga", "tnum"]

# Letters per thousand in running text with its spaces, and how wide Arial draws them (its published
# advance widths, per 1000 em): what a fallback must be stretched by to break lines where the face does.
_FREQUENCY = {
    "a": 65, "b": 12, "c": 22, "d": 34, "e": 102, "f": 18, "g": 16, "h": 49, "i": 56, "j": 1, "k": 6, "l": 32,
    "m": 19, "n": 54, "o": 60, "p": 15, "q": 1, "r": 48, "s": 51, "t": 73, "u": 22, "v": 8, "w": 19, "x": 1,
    "y": 16, "z": 1, " ": 183,
}  # fmt: skip
_ARIAL = {
    "a": 556, "b": 556, "c": 500, "d": 556, "e": 556, "f": 278, "g": 556, "h": 556, "i": 222, "j": 222, "k": 500,
    "l": 222, "m": 833, "n": 556, "o": 556, "p": 556, "q": 556, "r": 333, "s": 500, "t": 278, "u": 556, "v": 500,
    "w": 722, "x": 500, "y": 500, "z": 500, " ": 278,
}  # fmt: skip
_ARIAL_BOLD = {
    "a": 556, "b": 611, "c": 556, "d": 611, "e": 556, "f": 333, "g": 611, "h": 611, "i": 278, "j": 278, "k": 556,
    "l": 278, "m": 889, "n": 611, "o": 611, "p": 611, "q": 611, "r": 389, "s": 556, "t": 333, "u": 611, "v": 556,
    "w": 778, "x": 556, "y": 556, "z": 500, " ": 278,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Face:
    """A typeface: its vendored file, the weights the site uses, and the local face that stands in until it is there."""

    family: str
    source: str
    published: str
    weight: str
    axis: tuple[float, float] | None
    characters: Ranges
    stand_in: str
    stand_in_widths: Mapping[str, int] = field(hash=False, repr=False)


INTER = Face(
    family="Inter",
    source="inter-latin-wght.woff2",
    published="fonts/inter.woff2",
    weight="400 700",
    axis=(400, 700),
    characters=_LATIN,
    stand_in="Arial",
    stand_in_widths=_ARIAL,
)
POPPINS = Face(
    family="Poppins",
    source="poppins-latin-600.woff2",
    published="fonts/poppins-600.woff2",
    weight="600",
    axis=None,
    characters=_LATIN,
    stand_in="Arial Bold",
    stand_in_widths=_ARIAL_BOLD,
)
INTER_EUROPE = replace(
    INTER, source="inter-latin-ext-wght.woff2", published="fonts/inter-europe.woff2", characters=_EUROPE
)
POPPINS_EUROPE = replace(
    POPPINS, source="poppins-latin-ext-600.woff2", published="fonts/poppins-600-europe.woff2", characters=_EUROPE
)
FACES = (INTER, POPPINS, INTER_EUROPE, POPPINS_EUROPE)
FIRST = (INTER, POPPINS)
"""What every page needs; the others a page asks for itself."""


def subset(face: Face, cache: Cache) -> Files:
    """`font` (woff2 of what the site needs) and `metrics` (JSON for `face_css`)."""
    source = (FOLDER / face.source).read_bytes()
    recipe = ("3", version("fonttools"), version("brotli"), repr(face), repr(_LAYOUT))
    return cache.files("fonts", (source, *recipe), lambda: _cut(face, source))


def drawable(face: Face, cache: Cache) -> bytes:
    """The whole face as a plain TrueType font, for drawing pictures with."""
    source = (FOLDER / face.source).read_bytes()

    def make() -> bytes:
        font = _open(source)
        font.flavor = None
        return _saved(font)

    return cache.one("fonts-drawable", (source, version("fonttools")), make)


def covers(face: Face, character: str) -> bool:
    """Whether the face has the character (by the ranges it is cut to)."""
    return any(low <= ord(character) <= high for low, high in face.characters)


def outline(face: Face, character: str) -> tuple[str, tuple[float, float, float, float]] | None:
    """A character as SVG path data (y down, font units) and its bounds; None where the face lacks it or it is blank."""
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen

    font = _open((FOLDER / face.source).read_bytes())
    name = font.getBestCmap().get(ord(character))
    if name is None:
        return None
    glyphs = font.getGlyphSet()
    path, bounds = SVGPathPen(glyphs), BoundsPen(glyphs)
    upside_down = (1, 0, 0, -1, 0, 0)
    glyphs[name].draw(TransformPen(path, upside_down))
    glyphs[name].draw(TransformPen(bounds, upside_down))
    return (path.getCommands(), bounds.bounds) if bounds.bounds else None


def face_css(face: Face, url: str, metrics: bytes) -> str:
    """`@font-face` of the face, and of "<family> Fallback": a local face made to take the same room."""
    letters = ",".join(f"U+{low:X}" if low == high else f"U+{low:X}-{high:X}" for low, high in face.characters)
    rule = (
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-display:swap;'
        f'src:url("{url}") format("woff2");unicode-range:{letters}}}'
    )
    if face not in FIRST:
        return rule
    m: dict[str, float] = json.loads(metrics)
    return (
        rule + f'@font-face{{font-family:"{face.family} Fallback";src:local("{face.stand_in}");'
        f"size-adjust:{m['size']:.2%};ascent-override:{m['ascent']:.2%};"
        f"descent-override:{m['descent']:.2%};line-gap-override:{m['gap']:.2%}}}"
    )


def _cut(face: Face, source: bytes) -> Files:
    from fontTools.subset import Options, Subsetter

    font = _open(source)
    if face.axis:
        from fontTools.varLib.instancer import instantiateVariableFont

        font = instantiateVariableFont(font, {"wght": face.axis})
        font.flavor = None
        font = _open(_saved(font))  # subsetting an instance that was not saved fails
    options = Options(layout_features=_LAYOUT, hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14])
    cutter = Subsetter(options)
    cutter.populate(unicodes=[c for low, high in face.characters for c in range(low, high + 1)])
    cutter.subset(font)
    # The stand-in is for the letters that most of a text is made of.
    metrics = _metrics(font, face.stand_in_widths) if face in FIRST else {}
    font.flavor = "woff2"
    return {"font": _saved(font), "metrics": json.dumps(metrics, sort_keys=True).encode()}


def _metrics(font: "TTFont", stand_in: Mapping[str, int]) -> dict[str, float]:
    em = font["head"].unitsPerEm
    characters, advances = font.getBestCmap(), font["hmtx"]
    own = sum(often * advances[characters[ord(c)]][0] / em for c, often in _FREQUENCY.items())
    theirs = sum(often * stand_in[c] / 1000 for c, often in _FREQUENCY.items())
    size = own / theirs
    line = font["hhea"]
    return {
        "size": size,
        "ascent": line.ascent / em / size,
        "descent": -line.descent / em / size,
        "gap": line.lineGap / em / size,
    }


def _open(source: bytes) -> Any:
    from fontTools.ttLib import TTFont

    # The date of saving would make two builds differ.
    return TTFont(BytesIO(source), recalcTimestamp=False)


def _saved(font: "TTFont") -> bytes:
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()
