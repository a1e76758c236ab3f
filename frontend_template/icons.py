"""The pictures that are made for a creator who has none: favicon, app icons, and the one other sites show beside a link."""

import base64
import math
from collections.abc import Callable
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING

from frontend_template.cache import Cache, Files
from frontend_template.fonts import POPPINS, drawable, outline
from frontend_template.images import encoded, opened
from lambdas.core.brand import Theme, deep_gradient

if TYPE_CHECKING:
    from PIL.Image import Image

_RECIPE = "2"
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
        return _of_letter(name[:1].upper(), *colours, font=drawable(POPPINS, cache))

    return cache.files("icons", parts, make)


def open_graph(name: str, domain: str, theme: Theme, picture: bytes | None, cache: Cache) -> bytes:
    """1200 x 630 as JPEG: the creator's picture cut to size, else their name on the brand's gradient."""
    colours = deep_gradient(theme.primary, theme.accent)
    parts = (_RECIPE, version("pillow"), name, domain, repr(colours), picture or b"")

    def make() -> bytes:
        from PIL import ImageOps

        if picture is not None:
            return encoded(ImageOps.fit(opened(picture, "the picture").convert("RGB"), (1200, 630)), "jpg")
        return encoded(_title_card(name, domain, *colours, font=drawable(POPPINS, cache)), "jpg")

    return cache.one("open-graph", parts, make)


def _of_letter(letter: str, start: str, end: str, ink: str, *, font: bytes) -> Files:
    from PIL import Image, ImageDraw

    drawn = outline(POPPINS, letter) if letter else None
    full = _gradient((512, 512), start, end)
    if drawn:
        left, top, right, bottom = drawn[1]
        scale = 250 / max(bottom - top, right - left)
        glyph = _letter(letter, font, ink, round(250 * 1000 / max(bottom - top, right - left)))
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


def _title_card(name: str, domain: str, start: str, end: str, ink: str, *, font: bytes) -> "Image":
    from PIL import ImageDraw, ImageFont

    card = _gradient((1200, 630), start, end).convert("RGB")
    draw = ImageDraw.Draw(card)
    for size in range(132, 35, -6):
        face = ImageFont.truetype(BytesIO(font), size)
        lines = _wrapped(name, lambda text, face=face: face.getlength(text) <= 1040)  # type: ignore[misc]
        if len(lines) <= 2 and all(face.getlength(line) <= 1040 for line in lines):
            break
    else:
        lines = [lines[0][:24]]
    top = 315 - round(size * 1.15 * len(lines) / 2) - 24
    for number, line in enumerate(lines):
        draw.text((80, top + round(number * size * 1.15)), line, font=face, fill=ink)
    draw.text((80, 520), domain, font=ImageFont.truetype(BytesIO(font), 36), fill=ink)
    return card


def _wrapped(text: str, fits: Callable[[str], bool]) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if fits(longer) or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
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
