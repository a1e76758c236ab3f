"""RTMP's chunks: cut and put together, whatever arrives when."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as some

from local.ivs import chunks
from local.ivs.chunks import BadChunk, Inbound, Message
from local.ivs.chunks import chunks as cut

KINDS = some.sampled_from([chunks.AUDIO, chunks.VIDEO, chunks.COMMAND_AMF0, chunks.DATA_AMF0])
MESSAGES = some.builds(
    Message,
    KINDS,
    some.integers(0, (1 << 32) - 1) | some.integers(0xFFFFF0, 0x100000F),
    some.integers(0, 5),
    some.binary(max_size=600),
)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    out, at = [], 0
    for size in [*sizes, len(data)]:
        out.append(data[at : at + size])
        at += size
    return out


@given(
    some.lists(some.tuples(MESSAGES, some.integers(2, 63)), max_size=8),
    some.integers(1, 700),
    some.lists(some.integers(1, 50), max_size=40),
)
def test_messages_arrive_whole_however_they_are_cut_and_read(
    sent: list[tuple[Message, int]], size: int, reads: list[int]
) -> None:
    resize = cut(Message(chunks.SET_CHUNK_SIZE, 0, 0, struct.pack(">I", size)), number=2, size=128)
    data = resize + b"".join(cut(message, number=number, size=size) for message, number in sent)
    inbound = Inbound()
    got = [message for piece in pieces(data, reads) for message in inbound.feed(piece)]
    assert got == [message for message, _ in sent]


@given(some.binary(max_size=3000), some.lists(some.integers(1, 400), max_size=10))
def test_any_bytes_are_read_or_refused_and_little_is_kept_of_them(data: bytes, reads: list[int]) -> None:
    inbound = Inbound()
    try:
        for piece in pieces(data, reads):
            inbound.feed(piece)
    except BadChunk:
        return
    assert len(inbound._buffer) + sum(len(each.parts) for each in inbound._streams.values()) <= len(data)


def test_a_time_beyond_24_bits_is_read_with_and_without_its_repetition() -> None:
    message = Message(chunks.VIDEO, 0x1234567, 1, b"v" * 300)
    whole = cut(message, number=6, size=128)
    again = struct.pack(">I", message.timestamp)
    head, *rest = whole.split(b"\xc6" + again)
    assert len(rest) == 2
    assert Inbound().feed(whole) == [message]
    assert Inbound().feed(head + b"".join(b"\xc6" + part for part in rest)) == [message]


def test_shorter_headers_mean_the_difference_to_the_message_before() -> None:
    first = cut(Message(chunks.AUDIO, 1000, 1, b"one"), number=4, size=128)
    second = b"\x44" + (23).to_bytes(3, "big") + (3).to_bytes(3, "big") + bytes([chunks.AUDIO]) + b"two"
    third = b"\x84" + (21).to_bytes(3, "big") + b"thr"
    fourth = b"\xc4" + b"fou"
    got = Inbound().feed(first + second + third + fourth)
    assert [(message.timestamp, message.payload) for message in got] == [
        (1000, b"one"),
        (1023, b"two"),
        (1044, b"thr"),
        (1065, b"fou"),
    ]


def test_a_difference_runs_over_the_end_of_32_bits() -> None:
    first = cut(Message(chunks.AUDIO, (1 << 32) - 10, 1, b"one"), number=4, size=128)
    got = Inbound().feed(first + b"\x84" + (21).to_bytes(3, "big") + b"two")
    assert [message.timestamp for message in got] == [(1 << 32) - 10, 11]


def test_an_aborted_message_never_arrives() -> None:
    begun = cut(Message(chunks.VIDEO, 0, 1, b"x" * 200), number=6, size=128)[: 12 + 128]
    abort = cut(Message(chunks.ABORT, 0, 0, struct.pack(">I", 6)), number=2, size=128)
    other = Message(chunks.VIDEO, 5, 1, b"y")
    assert Inbound().feed(begun + abort + cut(other, number=6, size=128)) == [other]


def header(length: int, number: int = 6) -> bytes:
    return bytes([number]) + bytes(3) + length.to_bytes(3, "big") + bytes([chunks.VIDEO]) + bytes(4)


def test_a_message_longer_than_anyone_means_is_refused_before_it_comes() -> None:
    with pytest.raises(BadChunk):
        Inbound().feed(header(chunks.COMMAND_BYTES + 1))


@pytest.mark.parametrize("size", [0, 1 << 24, 0x7FFFFFFF, 0x80000000])
def test_absurd_chunk_sizes_are_refused(size: int) -> None:
    with pytest.raises(BadChunk):
        Inbound().feed(cut(Message(chunks.SET_CHUNK_SIZE, 0, 0, struct.pack(">I", size)), number=2, size=128))


def test_many_messages_begun_at_once_are_refused() -> None:
    half = bytes(128) + b"".join(bytes([0xC0 | 6]) + bytes(128) for _ in range(250))
    begun = [
        header(chunks.COMMAND_BYTES, number) + half.replace(b"\xc6", bytes([0xC0 | number])) for number in range(2, 12)
    ]
    with pytest.raises(BadChunk):
        Inbound().feed(b"".join(begun))


def test_many_chunk_streams_are_refused() -> None:
    streams = [b"\x00" + bytes([number]) + header(1)[1:] + b"x" for number in range(100)]
    with pytest.raises(BadChunk):
        Inbound().feed(b"".join(streams))


def test_a_chunk_that_goes_on_with_nothing_is_refused() -> None:
    with pytest.raises(BadChunk):
        Inbound().feed(b"\xc6" + bytes(20))
