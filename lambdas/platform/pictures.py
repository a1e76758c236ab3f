"""Pictures that people give themselves: anybody may send anything, so what is shown is always made by us.

    keep_upload (account)  the bytes as they came, private, for a day
    make_picture (worker)  decoded, turned upright, cut square, made small: its pixels in a file of our own, public

Nothing of the file that was sent gets out but colours: no place where it was taken, no script, no second file behind it.
"""

import hashlib
import secrets
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from lambdas.core.errors import FieldError, Invalid, TooLarge
from lambdas.platform.services import Services
from lambdas.platform.storage import INCOMING, PUBLISHED

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 4_000_000
MAX_PIXELS = 25_000_000
"""What a good camera gives. Unpacked, and once more while it is made smaller, that fits into a function's memory."""

MAX_SCANS = 64
"""In how many goes a JPEG may be painted: cameras and programs take ten or so, and each costs a look at every pixel."""

_ORIENTATION, _ON_ITS_SIDE = 0x0112, 5
"""The tag of Exif that says how a picture is to be turned, and the first of its values that swap width and height."""

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")

_PEOPLE = f"{PUBLISHED}people/"
EMOTES = f"{PUBLISHED}emotes/"
"""Where the chat's emotes are."""

_FOR_EVER = "public, max-age=31536000, immutable"


class NotAPicture(Invalid):
    """What was sent as a picture is none, or one that would unpack to more than `MAX_PIXELS`."""

    code = "not_a_picture"
    title = "This file is no picture that can be used"

    def __init__(self) -> None:
        wanted = "a JPEG, PNG, WebP, AVIF or GIF of at most 25 million pixels"
        field = FieldError(path="picture", code=self.code, message=f"must be {wanted}")
        super().__init__(fix=f"Send {wanted}.", fields=(field,))


def keep_upload(content: bytes, services: Services) -> str:
    """Keep what somebody sent until the worker has made a picture of it (a day at most); its key, for `make_picture`.

    NotAPicture where already its first bytes are no picture's, TooLarge where it has more than `MAX_BYTES`.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(f"The picture has {len(content)} bytes.", fix=f"Send at most {MAX_BYTES}.")
    if not _begins_as_a_picture(content):
        raise NotAPicture()
    key = f"{INCOMING}{secrets.token_urlsafe(24)}"
    services.media.put(key, content, content_type="application/octet-stream", cache_control="no-store")
    return key


def make_picture(key: str, services: Services, *, size: int = 256, folder: str = _PEOPLE) -> str:
    """Publish a square picture, at most `size` pixels wide, of an upload; its address, below /media/public/people/ or `EMOTES`.

    A second time the same picture is put to the same address. NotAPicture where the upload is none, or is gone.
    """
    content = services.media.read(key)
    if content is None:
        raise NotAPicture()
    made = squared(content, size=size)
    # Derived, so that a repeated event makes no second one; from a secret, so that nobody can tell the address.
    name = hashlib.sha256(f"{key} {size}".encode()).hexdigest()[:32]
    published = f"{folder}{name}.webp"
    services.media.put(published, made, content_type="image/webp", cache_control=_FOR_EVER)
    return f"/{published}"


def drop_picture(address: str, services: Services) -> None:
    """Remove a picture that `make_picture` published, also where the edge has it; one that is gone already changes nothing."""
    key = address.removeprefix("/")
    if not key.startswith((_PEOPLE, EMOTES)):
        raise ValueError(f"{address!r} is not the address of a person's picture or of an emote")
    services.media.delete(key)
    # It was to be kept for a year: nobody who takes their picture away should find it there tomorrow.
    services.publisher.edge.forget((address,))


def squared(content: bytes, *, size: int) -> bytes:
    """The middle of a picture as a WebP of at most `size` pixels square, nothing in it but pixels; NotAPicture."""
    return _remade(content, width=size, shape=(1, 1))


def widescreen(content: bytes, *, width: int) -> bytes:
    """The same, 16:9 and at most `width` pixels wide."""
    return _remade(content, width=width, shape=(16, 9))


def _remade(content: bytes, *, width: int, shape: tuple[int, int]) -> bytes:
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd notes in a file and of large ones: the first are dropped, for the second see the limit.
            warnings.simplefilter("ignore")
            return _encoded(_upright(content, width, shape))
    except Exception:
        # A decoder that is given nonsense may raise anything, and each means the same: there is no picture in it.
        raise NotAPicture() from None


def _begins_as_a_picture(content: bytes) -> bool:
    if content[:4] == b"RIFF":
        return content[8:12] == b"WEBP"
    if content[4:8] == b"ftyp":
        # The brands of an ISO base media file, up to the end of its first box.
        brands = content[8 : min(int.from_bytes(content[:4]), 256)]
        return any(brands[at : at + 4] in {b"avif", b"avis"} for at in range(0, len(brands), 4))
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))


def _upright(content: bytes, width: int, shape: tuple[int, int]) -> "Image":
    """The middle of a picture in a shape (16 to 9), turned as its file says, and no wider than that."""
    from PIL import Image, ImageOps  # here: only the worker has it, and only few events are about pictures

    # Each is a marker in the file, and may be a few bytes: thousands of them would keep the worker busy until it is killed.
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS:
        raise NotAPicture()
    image: Image.Image = Image.open(BytesIO(content), formats=FORMATS)
    if not 0 < image.width * image.height <= MAX_PIXELS:
        raise NotAPicture()
    # A JPEG unpacks to a half, a quarter or an eighth by itself where that is still large enough.
    high = width * shape[1] // shape[0]
    image.draft("RGB", (2 * max(width, high), 2 * max(width, high)))
    image.load()
    # It is turned when it is small: until then one that lies on its side is cut on its side.
    across, down = shape[::-1] if image.getexif().get(_ORIENTATION, 1) >= _ON_ITS_SIDE else shape
    transparent = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    unit = min(image.width / across, image.height / down)
    cut = max(1, round(unit * across)), max(1, round(unit * down))
    left, top = (image.width - cut[0]) // 2, (image.height - cut[1]) // 2
    smaller = min(1.0, width / shape[0] / unit)
    small = image.resize(
        (max(1, round(cut[0] * smaller)), max(1, round(cut[1] * smaller))),
        Image.Resampling.LANCZOS,
        box=(left, top, left + cut[0], top + cut[1]),
        reducing_gap=3.0,
    )
    return _in_srgb(ImageOps.exif_transpose(small))


def _in_srgb(image: "Image") -> "Image":
    """In the colours that a browser assumes where a file says nothing of its own."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=image.mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile: the pixels are taken as they are


def _encoded(image: "Image") -> bytes:
    from PIL import Image

    # A copy of the pixels alone: what else the file said stays behind, whatever Pillow would write of it.
    plain = Image.frombytes(image.mode, image.size, image.tobytes())
    buffer = BytesIO()
    plain.save(buffer, "WEBP", quality=80, method=4)
    return buffer.getvalue()
