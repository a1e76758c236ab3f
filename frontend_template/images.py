"""A creator's pictures, made ready for the web: turned upright, without what the camera noted, in sizes and formats."""

import json
import warnings
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from frontend_template.cache import Cache, Files
from lambdas.core.errors import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTHS = (480, 800, 1200, 1800)
LOGO_WIDTHS = (96, 192, 384)
MAX_BYTES = 40 * 1024 * 1024
MAX_PIXELS = 60_000_000
"""Twice what good cameras give; a picture that unpacks to more is a fault or an attack."""

MAX_HEIGHT = 16_383
"""What WebP takes."""

_RECIPE = "4"


class PictureUnusable(Invalid):
    """A picture that a creator's file names is not there, is none, or is too large."""

    code = "picture_unusable"
    title = "A picture cannot be used"


def read_picture(source: Path, name: str) -> bytes:
    """The bytes of a file in the creator's folder; PictureUnusable where it is missing, outside or too large."""
    path = source / name
    where = f"{source.name}/{name}"
    if not path.resolve().is_relative_to(source.resolve()):
        raise PictureUnusable(f"{where} leads out of the creator's folder", fix="Put the file itself there.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PictureUnusable(f"{where} is larger than 40 MB", fix="Save it smaller: 2400 px are plenty.")
        return path.read_bytes()
    except FileNotFoundError:
        raise PictureUnusable(
            f"there is no picture {where}", fix="Put it there, or take its line out of the creator's file."
        ) from None
    except OSError as fault:
        raise PictureUnusable(f"{where} cannot be read: {fault.strerror}") from None


def variants(content: bytes, name: str, widths: tuple[int, ...], cache: Cache) -> Files:
    """`<width>.<format>` for every width that is not larger than the picture, and `size` (JSON: width, height).

    PictureUnusable where the bytes are no picture, or too many pixels.
    """
    return cache.files(
        "pictures", (content, _RECIPE, version("pillow"), repr(widths)), lambda: _variants(content, name, widths)
    )


def opened(content: bytes, name: str) -> "Image":
    """The picture upright, in sRGB, as RGB or RGBA; PictureUnusable as for `variants`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is stricter
            image = Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "AVIF"))
        if image.width * image.height > MAX_PIXELS:
            raise PictureUnusable(
                f"{name} has {image.width} x {image.height} pixels", fix="Save it smaller: 2400 px are plenty."
            )
        image.load()
        upright = ImageOps.exif_transpose(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise PictureUnusable(
            f"{name} is no picture that can be read", fix="Save it again as JPEG, PNG, WebP or AVIF."
        ) from None
    return _in_srgb(upright)


def encoded(image: "Image", kind: str) -> bytes:
    """The picture as avif, webp, jpg or png, good enough for a photograph, and nothing but its pixels."""
    buffer = BytesIO()
    # Wide ones are for dense screens, where a fault is smaller than the eye sees.
    wide = image.width > 1000
    match kind:
        case "avif":
            image.save(buffer, "AVIF", quality=48 if wide else 58, speed=7)
        case "webp":
            image.save(buffer, "WEBP", quality=66 if wide else 76, method=4)
        case "jpg":
            image.save(buffer, "JPEG", quality=74 if wide else 80, optimize=True, progressive=True)
        case _:
            image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _variants(content: bytes, name: str, widths: tuple[int, ...]) -> Files:
    from PIL.Image import Resampling

    image = opened(content, name)
    made = {"size": json.dumps({"width": image.width, "height": image.height}).encode()}
    # A picture smaller than the smallest width is published as wide as it is.
    for width in sorted({min(width, image.width) for width in widths}):
        height = max(1, round(image.height * width / image.width))
        if height > MAX_HEIGHT:
            raise PictureUnusable(
                f"{name} is {image.height} pixels high and {image.width} wide",
                fix="Cut it to a shape that a page can show.",
            )
        resized = image if width == image.width else image.resize((width, height), Resampling.LANCZOS)
        for kind in ("avif", "webp", "png" if image.mode == "RGBA" else "jpg"):
            made[f"{width}.{kind}"] = encoded(resized, kind)
    return made


def _in_srgb(image: "Image") -> "Image":
    from PIL import ImageCms

    transparent = "A" in image.getbands() or "transparency" in image.info
    profile = image.info.get("icc_profile")
    mode = "RGBA" if transparent else "RGB"
    if profile and image.mode in {"RGB", "RGBA"}:
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            changed = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=image.mode)
            image = changed or image
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: the pixels are taken as they are
    plain = image.convert(mode)
    plain.info.clear()
    plain.getexif().clear()
    return plain
