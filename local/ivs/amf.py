"""AMF0, in which RTMP's commands and metadata are written (Adobe, "Action Message Format – AMF 0")."""

import struct
from collections.abc import Iterable, Mapping

Value = float | bool | str | None | dict[str, "Value"] | list["Value"]

MAX_DEPTH = 8
MAX_VALUES = 2048
"""Of one message. OBS's metadata has about twenty."""


class BadAmf(ValueError):
    """What was read is no AMF0, or more of it than anyone means."""


def encode(values: Iterable[Value | int]) -> bytes:
    return b"".join(map(_encoded, values))


def decode(data: bytes) -> list[Value]:
    """Every value in `data`; BadAmf."""
    reader = _Reader(data)
    values: list[Value] = []
    try:
        while reader.at < len(data):
            values.append(reader.value(0))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadAmf("the message ends in the middle of a value") from error
    return values


def _encoded(value: Value | int) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01\x01" if value else b"\x01\x00"
    if isinstance(value, int | float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"\x02" + _name(value) if len(text) < 1 << 16 else b"\x0c" + struct.pack(">I", len(text)) + text
    if isinstance(value, Mapping):
        return b"\x03" + b"".join(_name(key) + _encoded(one) for key, one in value.items()) + b"\x00\x00\x09"
    return b"\x0a" + struct.pack(">I", len(value)) + b"".join(map(_encoded, value))


def _name(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.left = MAX_VALUES

    def value(self, depth: int) -> Value:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise BadAmf("the message holds more than anyone means")
        marker = self.data[self.at]
        self.at += 1
        match marker:
            case 0x00 | 0x0B:
                number: float = self._unpack(">d")
                # A date's time zone follows it, and means nothing.
                self.at += 2 if marker == 0x0B else 0
                return number
            case 0x01:
                return bool(self._unpack(">B"))
            case 0x02:
                return self._text(self._unpack(">H"))
            case 0x0C | 0x0F:
                return self._text(self._unpack(">I"))
            case 0x03:
                return self._members(depth)
            case 0x08:
                self._unpack(">I")  # how many, approximately: the end is marked
                return self._members(depth)
            case 0x10:
                self._text(self._unpack(">H"))
                return self._members(depth)
            case 0x05 | 0x06 | 0x0D:
                return None
            case 0x0A:
                return [self.value(depth + 1) for _ in range(min(self._unpack(">I"), MAX_VALUES + 1))]
        raise BadAmf(f"there is no AMF0 type {marker}")

    def _members(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while True:
            name = self._text(self._unpack(">H"))
            if not name and self.data[self.at] == 0x09:
                self.at += 1
                return members
            members[name] = self.value(depth + 1)

    def _text(self, length: int) -> str:
        if self.at + length > len(self.data):
            raise BadAmf("the message ends in the middle of a text")
        text = self.data[self.at : self.at + length].decode("utf-8")
        self.at += length
        return text

    def _unpack(self, form: str) -> int:
        (number,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        result: int = number
        return result
