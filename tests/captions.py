"""CEA-608 captions in an H.264 stream (ANSI/CTA-608-E; ATSC A/53 part 4, 6.2.3)."""

from collections.abc import Iterator

_RESUME_LOADING, _ERASE_HIDDEN, _BOTTOM_ROW = (0x14, 0x20), (0x14, 0x2E), (0x14, 0x70)
_SHOW, _ERASE_SHOWN = (0x14, 0x2F), (0x14, 0x2C)
_NOTHING = (0x00, 0x00)

FRAMES_SHOWN = 40
FRAMES_WITHOUT = 10


def inject(stream: bytes, text: str) -> bytes:
    """The Annex B stream with the text as a pop-on caption that appears again and again; plain letters, 32 at most."""
    pairs = _pairs(text)
    out = bytearray()
    for unit in _units(stream):
        kind = unit[0] & 0x1F
        # The first slice of a picture begins at macroblock 0, whose code is a single one.
        if kind in {1, 5} and unit[1] & 0x80:
            out += b"\0\0\0\1" + _sei(next(pairs))
        out += b"\0\0\0\1" + unit
    return bytes(out)


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    padded = text + " " * (len(text) % 2)
    letters = [(ord(padded[at]), ord(padded[at + 1])) for at in range(0, len(padded), 2)]
    # Control codes are sent twice, as the standard wants them.
    codes = [code for code in (_RESUME_LOADING, _ERASE_HIDDEN, _BOTTOM_ROW) for _ in range(2)]
    caption = [*codes, *letters, _SHOW, _SHOW]
    while True:
        yield from caption
        yield from [_NOTHING] * FRAMES_SHOWN
        yield from [_ERASE_SHOWN] * 2
        yield from [_NOTHING] * FRAMES_WITHOUT


def _sei(pair: tuple[int, int]) -> bytes:
    first, second = (_with_parity(value) for value in pair)
    # User data by T.35 for ATSC; one pair of field 1.
    data = b"\xb5\x00\x31GA94\x03" + bytes([0x41, 0xFF, 0xFC, first, second, 0xFF])
    payload = bytes([4, len(data)]) + data + b"\x80"
    return b"\x06" + payload.replace(b"\0\0", b"\0\0\3")


def _with_parity(value: int) -> int:
    return value | (0x80 if value.bit_count() % 2 == 0 else 0)


def _units(stream: bytes) -> Iterator[bytes]:
    for piece in stream.split(b"\0\0\1"):
        unit = piece.rstrip(b"\0")
        if unit:
            yield unit
