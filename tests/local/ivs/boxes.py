"""MP4's boxes, read again."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        assert size >= 8
        assert at + size <= len(data)
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def child(data: bytes, *path: bytes) -> bytes:
    for kind in path:
        data = next(body for found, body in boxes(data) if found == kind)
    return data


@dataclass(frozen=True)
class TrackRun:
    track: int
    at: int
    durations: list[int]
    sizes: list[int]
    keys: list[bool]

    @property
    def end(self) -> int:
        return self.at + sum(self.durations)


def runs(fragments: bytes) -> Iterator[TrackRun]:
    """Every run of every fragment; their data must be there."""
    parts = list(boxes(fragments))
    for (kind, body), (following, data) in zip(parts, [*parts[1:], (b"", b"")], strict=True):
        if kind != b"moof":
            continue
        assert following == b"mdat"
        sizes = 0
        for found, traf in boxes(body):
            if found == b"traf":
                run = _run(traf)
                sizes += sum(run.sizes)
                yield run
        assert sizes == len(data)


def _run(traf: bytes) -> TrackRun:
    (track,) = struct.unpack_from(">I", child(traf, b"tfhd"), 4)
    (at,) = struct.unpack_from(">Q", child(traf, b"tfdt"), 4)
    trun = child(traf, b"trun")
    (count,) = struct.unpack_from(">I", trun, 4)
    entries = [struct.unpack_from(">IIIi", trun, 12 + 16 * index) for index in range(count)]
    return TrackRun(
        track=track,
        at=at,
        durations=[entry[0] for entry in entries],
        sizes=[entry[1] for entry in entries],
        keys=[not entry[2] & 0x10000 for entry in entries],
    )
