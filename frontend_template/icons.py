"""The brand's own pictures: favicon, app icons, and the one other sites show beside a link.

The shapes come from the build (`drawings.py`), the colours from the brand of the moment: Pillow is all this needs.
"""

import base64
import math
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from frontend_template.images import encoded, opened
from frontend_template.manifest import Drawn
from lambdas.core.brand import Theme, deep_gradient

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE = "4"
"""Changes when the same shapes and colours make other pictures."""

SIDE = 512
CARD = (1200, 630)
_ANGLE = math.radians(120)  # CSS: 0 is up, clockwise
_SIZES = {"touch.png": 180, "app-192.png": 192, "app-512.png": 512}


def pictures(drawn: Drawn, theme: Theme, read: Callable[[str], bytes]) -> Mapping[str, bytes]:
    """icons/favicon.svg, icons/touch.png, …, favicon.ico and, of a creator without a picture, open-graph.jpg.

    `read` gives what is drawn by its key.
    """
    icon = opened(read(drawn.icon), "the icon")
    colours = deep_gradient(theme.primary, theme.accent)
    made = _of_letter(drawn.letter, icon.convert("L"), *colours) if drawn.letter else _of_logo(icon, theme.page)
    if drawn.card:
        made["open-graph.jpg"] = encoded(_coloured(opened(read(drawn.card), "the card").convert("L"), *colours), "jpg")
    return made


def _of_letter(letter: str, mask: "Image", start: str, end: str, ink: str) -> dict[str, bytes]:
    from PIL import Image, ImageDraw

    full = _coloured(mask, start, end, ink).convert("RGBA")
    corners = Image.new("L", (SIDE * 4, SIDE * 4), 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, SIDE * 4 - 1, SIDE * 4 - 1), 448, fill=255)
    rounded = full.copy()
    rounded.putalpha(corners.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    half = (abs(math.sin(_ANGLE)) + abs(math.cos(_ANGLE))) / 2
    x, y = math.sin(_ANGLE) * half, -math.cos(_ANGLE) * half
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><linearGradient id="g" '
        f'x1="{0.5 - x:.3f}" y1="{0.5 - y:.3f}" x2="{0.5 + x:.3f}" y2="{0.5 + y:.3f}">'
        f'<stop stop-color="{start}"/><stop offset="1" stop-color="{end}"/></linearGradient>'
        f'<rect width="512" height="512" rx="112" fill="url(#g)"/><g fill="{ink}">{letter}</g></svg>'
    )
    return {"icons/favicon.svg": svg.encode(), **_rasters(rounded, full)}


def _of_logo(logo: "Image", ground: str) -> dict[str, bytes]:
    from PIL import Image

    square = logo.convert("RGBA")
    # A maskable icon may lose all outside a circle of 80 %: the logo is drawn inside it.
    full = Image.new("RGBA", (SIDE, SIDE), ground)
    inner = square.resize((360, 360), Image.Resampling.LANCZOS)
    full.paste(inner, (76, 76), inner)
    small = encoded(square.resize((96, 96), Image.Resampling.LANCZOS), "png")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f'<image width="96" height="96" href="data:image/png;base64,{base64.b64encode(small).decode()}"/></svg>'
    )
    return {"icons/favicon.svg": svg.encode(), **_rasters(square, full)}


def _rasters(icon: "Image", maskable: "Image") -> dict[str, bytes]:
    from PIL.Image import Resampling

    made = {}
    for name, size in _SIZES.items():
        # iOS draws what is transparent black, and rounds by itself.
        source = maskable.convert("RGB") if name == "touch.png" else icon
        made[f"icons/{name}"] = encoded(source.resize((size, size), Resampling.LANCZOS), "png")
    made["icons/maskable-512.png"] = encoded(maskable.convert("RGB"), "png")
    buffer = BytesIO()
    icon.resize((32, 32), Resampling.LANCZOS).save(buffer, "ICO", sizes=[(32, 32)])
    return {**made, "favicon.ico": buffer.getvalue()}


def _coloured(mask: "Image", start: str, end: str, ink: str) -> "Image":
    """Ink where the mask is white, the gradient where it is black."""
    from PIL import Image

    return Image.composite(Image.new("RGB", mask.size, ink), _gradient(mask.size, start, end), mask)


def _gradient(size: tuple[int, int], start: str, end: str) -> "Image":
    """CSS's linear-gradient(120deg, start, end)."""
    from PIL import Image

    width, height = size
    across, down = math.sin(_ANGLE), -math.cos(_ANGLE)
    length = abs(width * across) + abs(height * down)
    small = 64  # drawn small, smoothed up: a gradient has no detail

    def share(x: int, y: int) -> int:
        along = (x / (small - 1) - 0.5) * width * across + (y / (small - 1) - 0.5) * height * down
        return round(255 * min(1.0, max(0.0, 0.5 + along / length)))

    mask = Image.new("L", (small, small))
    mask.putdata([share(x, y) for y in range(small) for x in range(small)])
    smooth = mask.resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", size, end), Image.new("RGB", size, start), smooth)
