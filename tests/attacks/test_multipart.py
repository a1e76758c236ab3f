"""Forms with files, written by nobody's browser: each is read or refused at once, and raises nothing else."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.errors import Malformed
from lambdas.web.multipart import parts_of

TYPE = "multipart/form-data; boundary=b"
PIECES = [
    *(b"\r\n", b"--b", b"--b--", b"\n", b"\r", b"\x00", b"\xff", b'"', b"\\", b";", b":", b"=", b"hello"),
    *(b'Content-Disposition: form-data; name="a"', b'; filename="x"', b"; filename*=utf-8''%ff%00", b"; name*=x'y'z"),
    *(b'name*0="q"; name*1="r"', b"name*99999999999=1", b"; name*0*=utf-7''%2Bz", b"name*=idna''%ff%ff"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.booleans())
@settings(max_examples=500)
def test_whatever_is_sent_is_read_or_malformed(pieces: list[bytes], framed: bool) -> None:
    raw = b"".join(pieces)
    with suppress(Malformed):
        parts_of(b"--b\r\n" + raw + b"\r\n\r\nvalue\r\n--b--" if framed else raw, TYPE)


def test_a_continued_name_is_no_fault_of_ours() -> None:
    """It made Python's parser compare a number with nothing, and the function answer 500."""
    raw = b"--b\r\nContent-Disposition: form-data; name*=x'y'z; name*0=q; name*1=r\r\n\r\nvalue\r\n--b--"
    with pytest.raises(Malformed):
        parts_of(raw, TYPE)


@pytest.mark.parametrize("junk", [b'; a="\\', b";", b';"', b"; x*1=2", b"; ", b" ", b'; a="b"'])
def test_a_header_of_megabytes_costs_nothing(junk: bytes) -> None:
    """One of 800 kB kept a function busy for two minutes."""
    raw = b"--b\r\nContent-Disposition: form-data" + junk * (3_000_000 // len(junk)) + b"\r\n\r\nx\r\n--b--"
    began = time.monotonic()
    with pytest.raises(Malformed):
        parts_of(raw, TYPE)
    assert time.monotonic() - began < 1


def test_what_stands_in_a_files_name_is_no_parameter() -> None:
    raw = b'--b\r\nContent-Disposition: form-data; name="a"; filename="x; name=evil"\r\n\r\nbytes\r\n--b--'
    fields, files = parts_of(raw, 'multipart/form-data; charset=utf-8; boundary="b"')
    assert (fields, list(files), files["a"].name) == ({}, ["a"], "x; name=evil")
