"""What the brand's pictures are made from: the name and its first letter as masks, the logo as it is.

Drawn once by the build, which has the fonts. `icons.py` lays the brand's colours under them, anew whenever those change.
"""

from collections.abc import Mapping
from importlib.metadata import version
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from frontend_template.cache import Cache, Files
from frontend_template.fonts import POPPINS, POPPINS_EUROPE, Face, covers, drawable, outline
from frontend_template.icons import CARD, SIDE
from frontend_template.images import encoded, opened

if TYPE_CHECKING:
    from PIL.Image import Image

_RECIPE = "1"
_FACES = (POPPINS, POPPINS_EUROPE)
_ROOM = CARD[0] - 160
_Drawables = Mapping[Face, bytes]


def icon_of_letter(name: str, cache: Cache) -> tuple[str, bytes]:
    """The name's first letter: as SVG without a colour, and as a mask; a prism for one in another script."""

    def make() -> Files:
        svg, mask = _letter(name[0].upper(), cache)
        return {"svg": svg.encode(), "mask": encoded(mask, "png")}

    made = cache.files("letter", (_RECIPE, version("pillow"), version("fonttools"), name[:1]), make)
    return made["svg"].decode(), made["mask"]


def icon_of_logo(logo: bytes, cache: Cache) -> bytes:
    """The logo, square on a transparent ground."""

    def make() -> bytes:
        from PIL import ImageOps

        return encoded(ImageOps.pad(opened(logo, "the logo").convert("RGBA"), (SIDE, SIDE), color=(0, 0, 0, 0)), "png")

    return cache.one("logo", (_RECIPE, version("pillow"), logo), make)


def card_of_name(name: str, domain: str, cache: Cache) -> bytes:
    """The name in at most two lines as large as they fit, the domain below, as a mask; a prism for a name in another script."""

    def make() -> bytes:
        return encoded(_title_card(name, domain, {face: drawable(face, cache) for face in _FACES}), "png")

    return cache.one("card", (_RECIPE, version("pillow"), version("fonttools"), name, domain), make)


def card_of_picture(picture: bytes, cache: Cache) -> bytes:
    """The creator's picture cut to the card's size, as JPEG."""

    def make() -> bytes:
        from PIL import ImageOps

        return encoded(ImageOps.fit(opened(picture, "the picture").convert("RGB"), CARD), "jpg")

    return cache.one("card", (_RECIPE, version("pillow"), picture), make)


def _face_of(character: str) -> Face | None:
    return next((face for face in _FACES if covers(face, character)), None)


def _letter(letter: str, cache: Cache) -> "tuple[str, Image]":
    from PIL import Image

    half = SIDE // 2
    mask = Image.new("L", (SIDE, SIDE), 0)
    face = _face_of(letter) if len(letter) == 1 else None
    drawn = outline(face, letter) if face else None
    if not face or not drawn:
        mask.paste(255, mask=_prism((SIDE, SIDE), ((half, 140), (384, 362), (128, 362))))
        return f'<path d="M{half} 140l128 222H128z"/>', mask
    path, (left, top, right, bottom) = drawn
    scale = 250 / max(bottom - top, right - left)
    glyph = _glyph(letter, drawable(face, cache), round(250 * 1000 / max(bottom - top, right - left)))
    mask.paste(glyph, ((SIDE - glyph.width) // 2, (SIDE - glyph.height) // 2))
    x, y = half - scale * (left + right) / 2, half - scale * (top + bottom) / 2
    return f'<path transform="translate({x:.2f} {y:.2f}) scale({scale:.4f})" d="{path}"/>', mask


def _glyph(letter: str, font: bytes, size: int) -> "Image":
    from PIL import Image, ImageDraw, ImageFont

    face = ImageFont.truetype(BytesIO(font), size)
    left, top, right, bottom = (round(edge) for edge in face.getbbox(letter))
    image = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(image).text((-left, -top), letter, font=face, fill=255)
    return image


def _prism(size: tuple[int, int], corners: tuple[tuple[int, int], ...]) -> "Image":
    """A triangle with soft edges: drawn four times as large."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(large).polygon([(x * 4, y * 4) for x, y in corners], fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _title_card(name: str, domain: str, faces: _Drawables) -> "Image":
    from PIL import Image

    card = Image.new("L", CARD, 0)
    _Line(domain, 36, faces).draw(card, 80, 520)
    if not all(map(_face_of, name)):
        card.paste(255, mask=_prism(CARD, ((80, 410), (224, 160), (368, 410))))
        return card
    size = 132
    while len(lines := _wrapped(name, size, faces)) > 2 or max(line.width for line in lines) > _ROOM:
        size -= 6
        if size < 40:
            lines = _wrapped(name, size, faces)[:2]  # the longest names are cut at the card's edge
            break
    step = round(size * 1.15)
    top = 291 - step * len(lines) // 2
    for number, line in enumerate(lines):
        line.draw(card, 80, top + number * step)
    return card


class _Line:
    """A line of text in one size, set in as many faces as its letters need."""

    def __init__(self, text: str, size: int, faces: _Drawables) -> None:
        from PIL import ImageFont

        self.text = text
        self._runs = [
            ("".join(run), ImageFont.truetype(BytesIO(faces[face or POPPINS]), size))
            for face, run in groupby(text, key=_face_of)
        ]
        self.width = sum(font.getlength(run) for run, font in self._runs)

    def draw(self, mask: "Image", left: float, top: int) -> None:
        from PIL import ImageDraw

        for run, font in self._runs:
            ImageDraw.Draw(mask).text((left, top), run, font=font, fill=255)
            left += font.getlength(run)


def _wrapped(text: str, size: int, faces: _Drawables) -> list[_Line]:
    first, *words = text.split()
    lines = [_Line(first, size, faces)]
    for word in words:
        longer = _Line(f"{lines[-1].text} {word}", size, faces)
        if longer.width <= _ROOM:
            lines[-1] = longer
        else:
            lines.append(_Line(word, size, faces))
    return lines
