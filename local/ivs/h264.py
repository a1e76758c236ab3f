"""What an H.264 stream says about itself: its sequence parameter set, and whether captions travel in it (ITU-T H.264, 7.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

IDR, SEI, SPS = 5, 6, 7

_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

_CAPTIONS = b"\xb5\x00\x31GA94\x03"
"""An SEI message's user data by ITU-T T.35: United States, ATSC, closed captions (A/53, CEA-608 and CEA-708)."""


class BadVideo(ValueError):
    """It is no H.264 as its configuration or its units claim."""


@dataclass(frozen=True)
class Picture:
    """How it is shown and coded. `rate` is frames a second, None where the stream does not say."""

    width: int
    height: int
    rate: float | None
    codec: str
    """As RFC 6381 has it: avc1.64001f."""


@dataclass(frozen=True)
class VideoConfig:
    """An AVCDecoderConfigurationRecord (ISO/IEC 14496-15) and what it says."""

    record: bytes
    length_size: int
    picture: Picture

    @classmethod
    def of(cls, record: bytes) -> "VideoConfig":
        """BadVideo where it cannot be decoded."""
        if len(record) < 8 or record[0] != 1:
            raise BadVideo("there is no configuration of H.264")
        length = int.from_bytes(record[6:8], "big")
        sps = record[8 : 8 + length]
        if record[5] & 0x1F < 1 or len(sps) < 4 or len(sps) < length or sps[0] & 0x1F != SPS:
            raise BadVideo("its configuration has no sequence parameter set")
        return cls(record=record, length_size=(record[4] & 3) + 1, picture=picture_of(sps))


def units(data: bytes, length_size: int) -> Iterator[tuple[int, int, int]]:
    """Kind, beginning and end of each NAL unit of a sample; BadVideo where their lengths do not add up."""
    at = 0
    while at < len(data):
        begin = at + length_size
        end = begin + int.from_bytes(data[at:begin], "big")
        if begin >= len(data) or end > len(data):
            raise BadVideo("a unit is longer than its sample")
        if end > begin:
            yield data[begin] & 0x1F, begin, end
        at = end


def has_captions(data: bytes, length_size: int) -> bool:
    return any(kind == SEI and _CAPTIONS in data[begin:end] for kind, begin, end in units(data, length_size))


def picture_of(sps: bytes) -> Picture:
    """What a sequence parameter set says; BadVideo."""
    bits = _Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    try:
        return _picture(bits, sps)
    except IndexError as error:
        raise BadVideo("its sequence parameter set ends too early") from error


def _picture(bits: "_Bits", sps: bytes) -> Picture:
    profile = bits.number(8)
    bits.number(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.number(1)
        bits.golomb()
        bits.golomb()
        bits.number(1)
        if bits.number(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.number(1):
                    _skip_scaling(bits, 16 if index < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.number(1)
        bits.golomb()
        bits.golomb()
        for _ in range(_few(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.number(1)
    width, height = 16 * (bits.golomb() + 1), 16 * (bits.golomb() + 1)
    frames_only = bits.number(1)
    height *= 2 - frames_only
    if not frames_only:
        bits.number(1)
    bits.number(1)
    if bits.number(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        across = 2 if chroma in {1, 2} else 1
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= across * (left + right)
        height -= down * (top + bottom)
    if not (0 < width <= 8192 and 0 < height <= 8192):
        raise BadVideo("its picture has an impossible size")
    rate = _rate(bits) if bits.number(1) else None
    return Picture(width, height, rate, f"avc1.{sps[1:4].hex()}")


def _rate(bits: "_Bits") -> float | None:
    """The frame rate of the video usability information, in whose first half nothing else matters here."""
    if bits.number(1) and bits.number(8) == 255:
        bits.number(32)
    if bits.number(1):
        bits.number(1)
    if bits.number(1):
        bits.number(4)
        if bits.number(1):
            bits.number(24)
    if bits.number(1):
        bits.golomb()
        bits.golomb()
    if not bits.number(1):
        return None
    unit, scale = bits.number(32), bits.number(32)
    rate = scale / (2 * unit) if unit else 0.0
    return rate if 1 <= rate <= 300 else None


def _skip_scaling(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = following or last


def _few(number: int, most: int) -> int:
    if number > most:
        raise BadVideo("its sequence parameter set counts too far")
    return number


class _Bits:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.data[self.at >> 3] >> (7 - (self.at & 7)) & 1
            self.at += 1
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb code."""
        zeros = 0
        while not self.number(1):
            zeros += 1
            if zeros > 32:
                raise BadVideo("its sequence parameter set has an endless number")
        return (1 << zeros) - 1 + self.number(zeros)
