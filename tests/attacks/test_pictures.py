"""A picture that takes a minute to look at would stop all letters about people's security meanwhile."""

import io
import time

import pytest
from PIL import Image

from lambdas.platform.pictures import MAX_SCANS, NotAPicture, squared


def painted_again_and_again(times: int, *, side: int) -> bytes:
    """A progressive JPEG of few bytes whose last scan is repeated: each costs a decoder a walk over all pixels."""
    buffer = io.BytesIO()
    Image.new("L", (side, side), 128).save(buffer, "JPEG", progressive=True)
    whole = buffer.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * times + b"\xff\xd9"


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded() -> None:
    bomb = painted_again_and_again(1000, side=4000)
    assert len(bomb) < 500_000
    began = time.monotonic()
    with pytest.raises(NotAPicture):
        squared(bomb, size=256)
    assert time.monotonic() - began < 2


def test_one_of_as_many_as_programs_make_is_a_picture() -> None:
    assert squared(painted_again_and_again(MAX_SCANS // 2, side=64), size=32).startswith(b"RIFF")
