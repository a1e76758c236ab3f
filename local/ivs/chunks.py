"""RTMP's chunk streams: messages cut into chunks and put together again (Adobe, "RTMP specification 1.0", section 5).

Nothing here reads or writes a socket. What is read comes from anyone who can reach the port, so all that it may make us
keep is bounded.
"""

import struct
from dataclasses import dataclass, field, replace

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO = 8, 9
DATA_AMF3, DATA_AMF0, COMMAND_AMF3, COMMAND_AMF0 = 15, 18, 17, 20

FIRST_CHUNK_SIZE = 128
MAX_CHUNK_SIZE = 0xFFFFFF
MAX_STREAMS = 64
COMMAND_BYTES = 64 * 1024
"""The longest message before somebody may publish."""

MEDIA_BYTES = 8 * 1024 * 1024
"""The longest one of a publisher: a key frame at 8 Mbit/s has well under one."""

_EXTENDED = 0xFFFFFF
_HEADER_BYTES = (11, 7, 3, 0)


class BadChunk(ValueError):
    """What was read is no RTMP, or asks for more than anyone means."""


@dataclass(frozen=True)
class Message:
    kind: int
    timestamp: int
    """Milliseconds modulo 2^32."""
    stream: int
    payload: bytes


@dataclass
class _Stream:
    """What the next chunk of a stream leaves out, and its message so far."""

    timestamp: int = 0
    delta: int = 0
    extended: bool = False
    written: int = 0
    """The time as it was written last: absolute or a difference, extended or not."""

    length: int = 0
    kind: int = 0
    stream: int = 0
    parts: bytearray = field(default_factory=bytearray)
    begun: bool = False


class Inbound:
    """Bytes in, messages out. `limit` is the length of the longest message that is taken."""

    def __init__(self) -> None:
        self.limit = COMMAND_BYTES
        self.chunk_size = FIRST_CHUNK_SIZE
        self._buffer = bytearray()
        self._streams: dict[int, _Stream] = {}

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with these bytes; BadChunk, after which nothing can be read any more."""
        self._buffer += data
        messages: list[Message] = []
        at = 0
        while (step := self._chunk(at)) is not None:
            at, message = step
            if message is None:
                continue
            # A new size takes hold from the very next chunk, which may be here already.
            if message.kind == SET_CHUNK_SIZE:
                self._resize(message.payload)
            elif message.kind == ABORT:
                self._abort(message.payload)
            else:
                messages.append(message)
        del self._buffer[:at]
        return messages

    def _chunk(self, at: int) -> tuple[int, Message | None] | None:
        """Where the chunk at `at` ends, and the message that it completes; None where it is not all here yet."""
        buffer = self._buffer
        if len(buffer) <= at:
            return None
        form, number = buffer[at] >> 6, buffer[at] & 0x3F
        wide = {0: 1, 1: 2}.get(number, 0)
        at += 1
        if len(buffer) < at + wide:
            return None
        if wide:
            number = 64 + int.from_bytes(buffer[at : at + wide], "little")
            at += wide
        known = self._streams.get(number)
        if known is None:
            if form == 3 or len(self._streams) >= MAX_STREAMS:
                raise BadChunk("a chunk belongs to no message" if form == 3 else "there are too many chunk streams")
            known = _Stream()
        header = self._header(known, form, at)
        if header is None:
            return None
        at, new = header
        if not new.begun and new.length > self.limit:
            raise BadChunk("a message is longer than any that is meant")
        size = min(self.chunk_size, new.length - len(known.parts))
        if len(buffer) < at + size:
            return None
        self._streams[number] = new
        new.parts += memoryview(buffer)[at : at + size]
        new.begun = True
        at += size
        if len(new.parts) < new.length:
            # Parts of several messages may wait at once, but not more than two of the longest together.
            if sum(len(each.parts) for each in self._streams.values()) > 2 * self.limit:
                raise BadChunk("too many messages are begun at once")
            return at, None
        message = Message(new.kind, new.timestamp, new.stream, bytes(new.parts))
        new.parts, new.begun = bytearray(), False
        return at, message

    def _header(self, old: _Stream, form: int, at: int) -> tuple[int, _Stream] | None:
        """The stream as this chunk's header leaves it, and where the payload begins; nothing is changed yet."""
        buffer, size = self._buffer, _HEADER_BYTES[form]
        if len(buffer) < at + size:
            return None
        if old.begun and form != 3:
            raise BadChunk("a message begins in the middle of another")
        new = replace(old)
        if size >= 3:
            new.written = int.from_bytes(buffer[at : at + 3], "big")
            new.extended = new.written == _EXTENDED
        if size >= 7:
            new.length = int.from_bytes(buffer[at + 3 : at + 6], "big")
            new.kind = buffer[at + 6]
        if size >= 11:
            new.stream = int.from_bytes(buffer[at + 7 : at + 11], "little")
        at += size
        if new.extended:
            if len(buffer) < at + 4:
                return None
            extended = int.from_bytes(buffer[at : at + 4], "big")
            # Some encoders leave it out where the message goes on; others, as the specification has it, do not.
            if form != 3 or extended == old.written:
                new.written = extended
                at += 4
        if form == 0:
            new.timestamp = new.delta = new.written
        elif form != 3:
            new.delta = new.written
        if form != 0 and not old.begun:
            new.timestamp = (new.timestamp + new.delta) % (1 << 32)
        return at, new

    def _resize(self, payload: bytes) -> None:
        size = int.from_bytes(payload[:4], "big")
        if len(payload) != 4 or not 1 <= size <= MAX_CHUNK_SIZE:
            raise BadChunk("a chunk cannot have that size")
        self.chunk_size = size

    def _abort(self, payload: bytes) -> None:
        stream = self._streams.get(int.from_bytes(payload[:4], "big"))
        if stream:
            stream.parts, stream.begun = bytearray(), False


def chunks(message: Message, *, number: int, size: int) -> bytes:
    """The message as chunks of the chunk stream `number` (2 to 63), at most `size` bytes of it in each."""
    extended = message.timestamp >= _EXTENDED
    tail = struct.pack(">I", message.timestamp) if extended else b""
    first = (
        bytes([number])
        + min(message.timestamp, _EXTENDED).to_bytes(3, "big")
        + len(message.payload).to_bytes(3, "big")
        + bytes([message.kind])
        + message.stream.to_bytes(4, "little")
        + tail
    )
    following = bytes([0xC0 | number]) + tail
    payload = message.payload
    cuts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    return first + following.join(cuts)
