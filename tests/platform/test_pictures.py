"""Whatever somebody sends as a picture: a small square picture comes out of it, or nothing does."""

import io
import random
import struct
import zipfile
import zlib
from types import SimpleNamespace
from typing import cast

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw

from lambdas.core.errors import TooLarge
from lambdas.platform.pictures import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    NotAPicture,
    drop_picture,
    keep_upload,
    make_picture,
    squared,
)
from lambdas.platform.services import Services
from lambdas.platform.storage import INCOMING, MediaBucket

BUCKET = "prism-mira-media"
SECRET_PLACE = b"N 52.5200 E 13.4050"


class Edge(list[str]):
    """Remembers what it was told to forget."""

    def forget(self, addresses: tuple[str, ...]) -> None:
        self.extend(addresses)


@pytest.fixture
def edge() -> Edge:
    return Edge()


@pytest.fixture
def services(emulator: object, edge: Edge) -> Services:
    """What pictures stand on: the bucket and the edge before it, and nothing else."""
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return cast(Services, SimpleNamespace(media=MediaBucket(name=BUCKET), publisher=SimpleNamespace(edge=edge)))


def drawn(kind: str = "PNG", *, size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: object) -> bytes:
    """A picture that is red on its left, and blue on its right."""
    image = Image.new("RGB", size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill="blue")
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "WEBP"
    return image.convert("RGBA")


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(width: int, height: int, pixels: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("page.html", "<script>alert(1)</script>")
    return buffer.getvalue()


SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
NONE_OF_THEM = {
    "nothing": b"",
    "a text": b"I am a picture, honestly.",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "an SVG with a script": SCRIPT,
    "an archive": zipped(),
    "a PDF": b"%PDF-1.7\n%%EOF",
    "a program": b"\x7fELF" + bytes(60),
    "a TIFF": b"II*\x00" + bytes(60),
    "a BMP": b"BM" + bytes(60),
    "an icon": b"\x00\x00\x01\x00" + bytes(60),
    "a film": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
    "a HEIC": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "a sound": b"RIFF\x24\x00\x00\x00WAVEfmt ",
}
BEGIN_WELL = {
    "a JPEG's first bytes and a page": b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "a GIF's first bytes and a script": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "a WebP's head and nothing": b"RIFF\x04\x00\x00\x00WEBP",
    "an AVIF's brand and nothing": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf",
    "a PNG without pixels": png_of(10, 10, b""),
    "a PNG of no width": png_of(0, 10, zlib.compress(bytes(40))),
    "a PNG that says it is huge": png_of(100_000, 100_000, zlib.compress(bytes(1000))),
    "a PNG that unpacks to a gigabyte": png_of(30_000, 12_000, zlib.compress(bytes(50_000_000), 9)),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_upload_becomes_a_small_square_picture_at_an_address_nobody_can_guess(kind: str, services: Services) -> None:
    key = keep_upload(drawn(kind), services)
    assert key.startswith(INCOMING)
    address = make_picture(key, services)
    assert address.startswith("/media/public/people/")
    stored = boto3.client("s3").get_object(Bucket=BUCKET, Key=address[1:])
    assert (stored["ContentType"], stored["CacheControl"]) == ("image/webp", "public, max-age=31536000, immutable")
    picture = opened(stored["Body"].read())
    assert picture.size == (256, 256)
    left, right = picture.getpixel((20, 128)), picture.getpixel((236, 128))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]
    assert key.removeprefix(INCOMING) not in address


def test_the_same_event_twice_makes_one_picture_and_two_uploads_make_two(services: Services) -> None:
    key = keep_upload(drawn(), services)
    first = make_picture(key, services)
    assert make_picture(key, services) == first
    assert make_picture(keep_upload(drawn(), services), services) != first
    assert make_picture(key, services, size=64) != first


def test_what_was_sent_is_kept_as_it_came_under_a_private_key(services: Services) -> None:
    key = keep_upload(drawn(), services)
    stored = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)
    assert stored["Body"].read() == drawn()
    assert (stored["ContentType"], stored["CacheControl"]) == ("application/octet-stream", "no-store")


def test_a_picture_is_removed_at_the_edge_too_and_a_second_time_changes_nothing(services: Services, edge: Edge) -> None:
    address = make_picture(keep_upload(drawn(), services), services)
    drop_picture(address, services)
    assert services.media.read(address[1:]) is None
    assert edge == [address]
    drop_picture(address, services)


@pytest.mark.parametrize("address", ["", "/incoming/abc", "/media/public/other/x.webp", "/assets/manifest.json"])
def test_only_peoples_pictures_are_removed(address: str, services: Services) -> None:
    with pytest.raises(ValueError, match="not the address"):
        drop_picture(address, services)


def test_an_upload_that_is_gone_is_no_picture(services: Services) -> None:
    with pytest.raises(NotAPicture):
        make_picture(f"{INCOMING}gone", services)


@pytest.mark.parametrize("content", NONE_OF_THEM.values(), ids=NONE_OF_THEM.keys())
def test_what_does_not_even_begin_as_a_picture_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(NotAPicture) as refused:
        keep_upload(content, cast(Services, None))
    assert [(field.path, field.code) for field in refused.value.fields] == [("picture", "not_a_picture")]


def test_what_is_too_large_is_refused_at_once() -> None:
    with pytest.raises(TooLarge):
        keep_upload(drawn() + bytes(MAX_BYTES), cast(Services, None))


@pytest.mark.parametrize("content", [*NONE_OF_THEM.values(), *BEGIN_WELL.values()], ids=[*NONE_OF_THEM, *BEGIN_WELL])
def test_what_is_no_picture_makes_none(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        squared(content, size=64)


def test_a_picture_of_more_pixels_than_fit_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    side = int(MAX_PIXELS**0.5) + 1
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("it was unpacked"))
    with pytest.raises(NotAPicture):
        squared(png_of(side, side, zlib.compress(bytes(100))), size=64)


def test_nothing_of_the_file_gets_out_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = SECRET_PLACE.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        noted = drawn(kind, exif=exif, icc_profile=profile)
        assert SECRET_PLACE in noted
        made = squared(noted + SCRIPT + zipped(), size=64)
        # RIFF, its length, WEBP, and one chunk of pixels that is all there is.
        assert made[12:16] == b"VP8 "
        assert int.from_bytes(made[4:8], "little") + 8 == len(made)
        for trace in (SECRET_PLACE, b"script", b"page.html", b"EXIF", b"ICCP"):
            assert trace not in made


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_shown_upright(orientation: int) -> None:
    upright = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(upright).rectangle((0, 0, 31, 31), fill="black")  # the corner that is up and left
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turned = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    turned.save(buffer, "JPEG", quality=95, exif=exif)
    made = opened(squared(buffer.getvalue(), size=64)).convert("L")
    assert made.getpixel((10, 10)) < 60  # type: ignore[operator]
    assert min(*(made.getpixel(at) for at in ((54, 10), (10, 54), (54, 54)))) > 200  # type: ignore[operator, type-var]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr"])
def test_every_way_to_write_colours_is_understood(mode: str) -> None:
    kind = "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG"
    made = opened(squared(drawn(kind, mode=mode), size=32))
    assert made.size == (32, 32)


def test_what_is_see_through_stays_so() -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert opened(squared(buffer.getvalue(), size=32)).getpixel((16, 16))[3] == 0  # type: ignore[index]


def test_of_a_moving_picture_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "lime")]
    for kind in ("GIF", "WEBP", "PNG"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=100)
        made = squared(buffer.getvalue(), size=32)
        assert getattr(Image.open(io.BytesIO(made)), "n_frames", 1) == 1
        red, green, blue, _ = opened(made).getpixel((16, 16))  # type: ignore[misc]
        assert red > 200 > 60 > max(green, blue)


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 900), height=st.integers(1, 900), size=st.integers(1, 300))
@example(width=1, height=20_000, size=256)
@example(width=256, height=256, size=256)
def test_it_is_square_and_never_larger_than_what_was_sent(width: int, height: int, size: int) -> None:
    side = min(width, height, size)
    assert opened(squared(drawn(size=(width, height)), size=size)).size == (side, side)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(FORMATS), seed=st.integers(0, 2**32), faults=st.integers(0, 12), cut=st.floats(0, 1))
def test_a_damaged_file_gives_a_picture_or_nothing_and_no_other_fault(
    kind: str, seed: int, faults: int, cut: float
) -> None:
    content = bytearray(drawn(kind, size=(48, 40)))
    dice = random.Random(seed)
    for _ in range(faults):
        content[dice.randrange(len(content))] = dice.randrange(256)
    if cut < 0.5:
        del content[int(len(content) * cut * 2) :]
    try:
        made = squared(bytes(content), size=32)
    except NotAPicture:
        return
    assert max(opened(made).size) <= 32


@settings(max_examples=60, deadline=None)
@given(
    begin=st.sampled_from([b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\x00\x00\x00WEBPVP8 ", b""]),
    rest=st.binary(max_size=400),
)
def test_nonsense_behind_a_good_beginning_is_no_picture(begin: bytes, rest: bytes) -> None:
    with pytest.raises(NotAPicture):
        squared(begin + rest, size=32)
