"""The pictures that are made for a creator who has none: favicon, app icons, and the one other sites show beside a link."""

import base64
import math
from importlib.metadata import version
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from frontend_template.cache import Cache, Files
from frontend_template.fonts import POPPINS, POPPINS_EUROPE, Face, covers, drawable, outline
from frontend_template.images import encoded, opened
from lambdas.core.brand import Theme, deep_gradient

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_RECIPE = "3"
_ANGLE = math.radians(120)  # CSS: 0 is up, clockwise
_SIZES = {"touch.png": 180, "app-192.png": 192, "app-512.png": 512}


def icons(name: str, theme: Theme, logo: bytes | None, cache: Cache) -> Files:
    """favicon.svg, favicon.ico, touch.png, app-192.png, app-512.png and maskable-512.png.

    The logo where there is one, else the name's first letter on the brand's gradient.
    """
    colours = deep_gradient(theme.primary, theme.accent)
    parts = (_RECIPE, version("pillow"), version("fonttools"), name[:1], repr(colours), logo or b"")

    def make() -> Files:
        if logo is not None:
            return _of_logo(opened(logo, "the logo"), theme.page)
        return _of_letter(name[0].upper(), *colours, faces=_drawables(cache))

    return cache.files("icons", parts, make)


def open_graph(name: str, domain: str, theme: Theme, picture: bytes | None, cache: Cache) -> bytes:
    """1200 x 630 as JPEG: the creator's picture cut to size, else their name on the brand's gradient."""
    colours = deep_gradient(theme.primary, theme.accent)
    parts = (_RECIPE, version("pillow"), name, domain, repr(colours), picture or b"")

    def make() -> bytes:
        from PIL import ImageOps

        if picture is not None:
            return encoded(ImageOps.fit(opened(picture, "the picture").convert("RGB"), (1200, 630)), "jpg")
        return encoded(_title_card(name, domain, *colours, faces=_drawables(cache)), "jpg")

    return cache.one("open-graph", parts, make)


_FACES = (POPPINS, POPPINS_EUROPE)
_Drawables = dict[Face, bytes]


def _drawables(cache: Cache) -> _Drawables:
    return {face: drawable(face, cache) for face in _FACES}


def _face_of(character: str) -> Face | None:
    return next((face for face in _FACES if covers(face, character)), None)


def _of_letter(letter: str, start: str, end: str, ink: str, *, faces: _Drawables) -> Files:
    from PIL import Image, ImageDraw

    face = _face_of(letter) if len(letter) == 1 else None
    drawn = outline(face, letter) if face else None
    full = _gradient((512, 512), start, end)
    if face and drawn:
        left, top, right, bottom = drawn[1]
        scale = 250 / max(bottom - top, right - left)
        glyph = _letter(letter, faces[face], ink, round(250 * 1000 / max(bottom - top, right - left)))
        full.paste(glyph, ((512 - glyph.width) // 2, (512 - glyph.height) // 2), glyph)
        x, y = 256 - scale * (left + right) / 2, 256 - scale * (top + bottom) / 2
        mark = f'<path fill="{ink}" transform="translate({x:.2f} {y:.2f}) scale({scale:.4f})" d="{drawn[0]}"/>'
    else:
        # A name in another script: the prism itself.
        ImageDraw.Draw(full).polygon([(256, 140), (384, 362), (128, 362)], fill=ink)
        mark = f'<path fill="{ink}" d="M256 140l128 222H128z"/>'
    mask = Image.new("L", (2048, 2048), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 2047, 2047), 448, fill=255)
    rounded = full.copy()
    rounded.putalpha(mask.resize((512, 512), Image.Resampling.LANCZOS))
    half = (abs(math.sin(_ANGLE)) + abs(math.cos(_ANGLE))) / 2
    x, y = math.sin(_ANGLE) * half, -math.cos(_ANGLE) * half
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><linearGradient id="g" '
        f'x1="{0.5 - x:.3f}" y1="{0.5 - y:.3f}" x2="{0.5 + x:.3f}" y2="{0.5 + y:.3f}">'
        f'<stop stop-color="{start}"/><stop offset="1" stop-color="{end}"/></linearGradient>'
        f'<rect width="512" height="512" rx="112" fill="url(#g)"/>{mark}</svg>'
    )
    return {"favicon.svg": svg.encode(), **_rasters(rounded, full)}


def _of_logo(logo: "Image", ground: str) -> Files:
    from PIL import Image, ImageOps

    square = ImageOps.pad(logo.convert("RGBA"), (512, 512), color=(0, 0, 0, 0))
    # A maskable icon may lose all outside a circle of 80 %: the logo is drawn inside it.
    full = Image.new("RGBA", (512, 512), ground)
    inner = square.resize((360, 360), Image.Resampling.LANCZOS)
    full.paste(inner, (76, 76), inner)
    small = encoded(square.resize((96, 96), Image.Resampling.LANCZOS), "png")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f'<image width="96" height="96" href="data:image/png;base64,{base64.b64encode(small).decode()}"/></svg>'
    )
    return {"favicon.svg": svg.encode(), **_rasters(square, full)}


def _rasters(icon: "Image", maskable: "Image") -> Files:
    from PIL.Image import Resampling

    made = {}
    for name, size in _SIZES.items():
        # iOS draws what is transparent black, and rounds by itself.
        source = maskable.convert("RGB") if name == "touch.png" else icon
        made[name] = encoded(source.resize((size, size), Resampling.LANCZOS), "png")
    made["maskable-512.png"] = encoded(maskable.convert("RGB"), "png")
    buffer = BytesIO()
    icon.resize((32, 32), Resampling.LANCZOS).save(buffer, "ICO", sizes=[(32, 32)])
    return {**made, "favicon.ico": buffer.getvalue()}


def _letter(letter: str, font: bytes, ink: str, size: int) -> "Image":
    from PIL import Image, ImageDraw, ImageFont

    face = ImageFont.truetype(BytesIO(font), size)
    left, top, right, bottom = (round(edge) for edge in face.getbbox(letter))
    image = Image.new("RGBA", (right - left, bottom - top), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((-left, -top), letter, font=face, fill=ink)
    return image


def _title_card(name: str, domain: str, start: str, end: str, ink: str, *, faces: _Drawables) -> "Image":
    """The name in at most two lines as large as they fit, the domain below; a prism for a name in another script."""
    from PIL import ImageDraw

    card = _gradient((1200, 630), start, end).convert("RGB")
    draw = ImageDraw.Draw(card)
    _Line(domain, 36, faces).draw(draw, 80, 520, ink)
    if not all(map(_face_of, name)):
        draw.polygon([(80, 410), (224, 160), (368, 410)], fill=ink)
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
        line.draw(draw, 80, top + number * step, ink)
    return card


_ROOM = 1040


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

    def draw(self, draw: "ImageDraw", left: float, top: int, ink: str) -> None:
        for run, font in self._runs:
            draw.text((left, top), run, font=font, fill=ink)
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


def _gradient(size: tuple[int, int], start: str, end: str) -> "Image":
    """CSS's linear-gradient(120deg, start, end)."""
    from PIL import Image

    width, height = size
    across, down = math.sin(_ANGLE), -math.cos(_ANGLE)
    length = abs(width * across) + abs(height * down)
    small = 64  # drawn small, smoothed up: a gradient has no detail
    mask = Image.new("L", (small, small))
    mask.putdata(
        [
            round(
                255
                * min(
                    1.0,
                    max(
                        0.0,
                        0.5
                        + ((x / (small - 1) - 0.5) * width * across + (y / (small - 1) - 0.5) * height * down) / length,
                    ),
                )
            )
            for y in range(small)
            for x in range(small)
        ]
    )
    smooth = mask.resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGBA", size, end), Image.new("RGBA", size, start), smooth)
