"""AMF0 there and back, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from local.ivs import amf

SIMPLE = some.none() | some.booleans() | some.floats(allow_nan=False) | some.text(max_size=40)
VALUES = some.recursive(
    SIMPLE,
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(some.lists(VALUES, max_size=5))
def test_what_is_written_is_read_again(values: list[amf.Value]) -> None:
    assert amf.decode(amf.encode(values)) == values


@given(some.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        amf.decode(data)
    except amf.BadAmf:
        return


def test_a_long_text_is_written_as_one() -> None:
    assert amf.decode(amf.encode(["x" * 70_000])) == ["x" * 70_000]


def test_an_ecma_array_a_date_and_a_typed_object_are_read() -> None:
    array = b"\x08\x00\x00\x00\x01\x00\x01a\x05\x00\x00\x09"
    date = b"\x0b" + bytes(8) + b"\x00\x00"
    typed = b"\x10\x00\x01T\x00\x01b\x01\x01\x00\x00\x09"
    assert amf.decode(array + date + typed) == [{"a": None}, 0.0, {"b": True}]


@pytest.mark.parametrize(
    "data",
    [
        b"\x03\x00\x01a" * 50 + b"\x05",
        b"\x0a\xff\xff\xff\xff" + b"\x05" * 5000,
        b"\x0a\x00\x00\x00\x01" * 50,
        b"\x05" * 5000,
        b"\x0c\xff\xff\xff\xffx",
        b"\x02\x00\x02\xff\xff",
    ],
)
def test_more_than_anyone_means_is_refused(data: bytes) -> None:
    with pytest.raises(amf.BadAmf):
        amf.decode(data)
