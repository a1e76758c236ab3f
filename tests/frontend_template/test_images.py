"""A creator's pictures are made safe, upright and light; what is no picture is refused by name."""

import json
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from frontend_template.cache import Cache
from frontend_template.images import MAX_BYTES, PictureUnusable, read_picture, variants

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def photograph(width: int = 640, height: int = 400, kind: str = "JPEG", **saved: object) -> bytes:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill="#C0307A")
    buffer = BytesIO()
    image.save(buffer, kind, **saved)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def test_every_width_is_made_in_every_format_but_none_wider_than_the_picture(cache: Cache) -> None:
    made = variants(photograph(), "a.jpg", (160, 320, 1200), cache)
    assert sorted(made) == sorted(
        ["size", *(f"{width}.{kind}" for width in (160, 320, 640) for kind in ("avif", "webp", "jpg"))]
    )
    assert json.loads(made["size"]) == {"width": 640, "height": 400}
    for kind, name in (("avif", "AVIF"), ("webp", "WEBP"), ("jpg", "JPEG")):
        picture = opened(made[f"320.{kind}"])
        assert (picture.format, picture.size) == (name, (320, 200))


def test_a_picture_is_turned_upright_and_forgets_where_it_was_taken(cache: Cache) -> None:
    notes = Image.Exif()
    notes[ORIENTATION] = 6  # a camera held sideways
    notes[MAKER] = "A camera"
    notes[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
    made = variants(photograph(640, 400, exif=notes, comment=b"a note"), "a.jpg", (200,), cache)
    assert json.loads(made["size"]) == {"width": 400, "height": 640}
    for name in ("200.avif", "200.webp", "200.jpg"):
        picture = opened(made[name])
        assert picture.size == (200, 320)
        assert not dict(picture.getexif())
        assert "comment" not in picture.info
        assert b"A camera" not in made[name]


def test_a_transparent_picture_stays_transparent(cache: Cache) -> None:
    buffer = BytesIO()
    Image.new("RGBA", (200, 200), (200, 0, 100, 0)).save(buffer, "PNG")
    made = variants(buffer.getvalue(), "logo.png", (96,), cache)
    assert sorted(made) == ["96.avif", "96.png", "96.webp", "size"]
    assert opened(made["96.png"]).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_the_same_picture_is_not_made_twice(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    content = photograph(300, 201)
    first = variants(content, "a.jpg", (120,), cache)
    monkeypatch.setattr(Image, "open", lambda *_args, **_named: pytest.fail("opened again"))
    assert variants(content, "other-name.jpg", (120,), cache) == first


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"GIF89a" + bytes(40), photograph()[:400], b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)
def test_what_is_no_picture_is_refused_by_name(cache: Cache, content: bytes) -> None:
    with pytest.raises(PictureUnusable, match=r"hero\.jpg is no picture") as refused:
        variants(content, "hero.jpg", (96,), cache)
    assert "JPEG" in refused.value.fix


def test_a_decompression_bomb_is_refused_before_it_unpacks(cache: Cache) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (12_000, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        with pytest.raises(PictureUnusable, match=r"bomb\.png"):
            variants(bomb, "bomb.png", (96,), cache)


def test_a_picture_too_high_for_any_page_is_refused_by_name(cache: Cache) -> None:
    with pytest.raises(PictureUnusable, match=r"a\.png is 17000 pixels high and 9 wide"):
        variants(photograph(9, 17_000, "PNG"), "a.png", (480,), cache)


def test_a_picture_with_a_broken_colour_profile_is_taken_as_it_is(cache: Cache) -> None:
    made = variants(photograph(icc_profile=b"no profile" * 20), "a.jpg", (160,), cache)
    assert opened(made["160.jpg"]).size == (160, 100)


def test_a_file_that_is_missing_too_large_or_elsewhere_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "kasper"
    folder.mkdir()
    with pytest.raises(PictureUnusable, match=r"no picture kasper/none\.jpg"):
        read_picture(folder, "none.jpg")
    (tmp_path / "secret.png").write_bytes(b"x")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    for name in ("../secret.png", "link.png"):
        with pytest.raises(PictureUnusable, match="leads out of the creator's folder"):
            read_picture(folder, name)
    with (folder / "large.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureUnusable, match="larger than 40 MB"):
        read_picture(folder, "large.png")
    (folder / "folder.png").mkdir()
    with pytest.raises(PictureUnusable, match="cannot be read"):
        read_picture(folder, "folder.png")
