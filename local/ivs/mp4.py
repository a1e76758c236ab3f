"""Fragmented MP4 as HLS and MSE want it (ISO/IEC 14496-12 and -15; RFC 8216, 3.3)."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from local.ivs.aac import SAMPLES_A_FRAME, AudioConfig
from local.ivs.h264 import VideoConfig

VIDEO_TRACK, AUDIO_TRACK = 1, 2
VIDEO_SCALE = 90_000

_KEY, _NOT_KEY = 0x02000000, 0x01010000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_METADATA_SCHEME = b"https://aomedia.org/emsg/ID3"


@dataclass(frozen=True)
class Sample:
    """One sample; times in its track's scale."""

    data: bytes
    duration: int
    key: bool = True
    shown_after: int = 0


@dataclass(frozen=True)
class Run:
    """Samples of one track that follow each other from `at` on."""

    track: int
    at: int
    samples: Sequence[Sample]


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init_segment(*, video: VideoConfig | None, audio: AudioConfig | None) -> bytes:
    """What players need before the first fragment of these codecs."""
    tracks, extends = [], []
    if video:
        size = video.picture.width, video.picture.height
        tracks.append(_track(VIDEO_TRACK, VIDEO_SCALE, size, b"vide", full_box(b"vmhd", 0, 1, bytes(8)), _avc1(video)))
        extends.append(VIDEO_TRACK)
    if audio:
        tracks.append(_track(AUDIO_TRACK, audio.rate, (0, 0), b"soun", full_box(b"smhd", 0, 0, bytes(4)), _mp4a(audio)))
        extends.append(AUDIO_TRACK)
    header = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 3),
    )
    mvex = box(b"mvex", *(full_box(b"trex", 0, 0, struct.pack(">IIIII", track, 1, 0, 0, 0)) for track in extends))
    return box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41") + box(b"moov", header, *tracks, mvex)


def fragment(number: int, runs: Iterable[Run]) -> bytes:
    """A movie fragment of these runs and their data."""
    runs = [run for run in runs if run.samples]
    sizes = [sum(len(sample.data) for sample in run.samples) for run in runs]

    def moof(begin: int) -> bytes:
        trafs = []
        for run, size in zip(runs, sizes, strict=True):
            trafs.append(_traf(run, begin))
            begin += size
        return box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", number)), *trafs)

    length = len(moof(0))
    data = [sample.data for run in runs for sample in run.samples]
    return moof(length + 8) + box(b"mdat", *data)


def event(*, at: int, number: int, payload: bytes) -> bytes:
    """An event message that carries an ID3 tag, at a time in milliseconds (DASH-IF, "Carriage of ID3 timed metadata in CMAF")."""
    fields = struct.pack(">IQII", 1000, at, 0xFFFFFFFF, number)
    return full_box(b"emsg", 1, 0, fields, _METADATA_SCHEME, b"\0", b"\0", payload)


def id3(text: str) -> bytes:
    """An ID3v2.4 tag with one TXXX frame that holds the text."""
    body = b"\x03\x00" + text.encode() + b"\x00"
    frame = b"TXXX" + _synchsafe(len(body)) + b"\x00\x00" + body
    return b"ID3\x04\x00\x00" + _synchsafe(len(frame)) + frame


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _traf(run: Run, begin: int) -> bytes:
    header = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", run.track))
    time = full_box(b"tfdt", 1, 0, struct.pack(">Q", run.at))
    entries = b"".join(
        struct.pack(">IIIi", one.duration, len(one.data), _KEY if one.key else _NOT_KEY, one.shown_after)
        for one in run.samples
    )
    # Data offset; duration, size, flags and composition time of each sample, the last of them signed.
    samples = full_box(b"trun", 1, 0x000F01, struct.pack(">Ii", len(run.samples), begin), entries)
    return box(b"traf", header, time, samples)


def _track(
    number: int, scale: int, size: tuple[int, int], handler: bytes, media_header: bytes, description: bytes
) -> bytes:
    volume = 0x100 if handler == b"soun" else 0
    tkhd = full_box(
        b"tkhd",
        0,
        3,
        struct.pack(">IIIII8xHHHH", 0, 0, number, 0, 0, 0, 0, volume, 0),
        _MATRIX,
        struct.pack(">II", size[0] << 16, size[1] << 16),
    )
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, scale, 0, 0x55C4, 0))
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"\0")
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    empty = (full_box(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc", b"stco"))
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), description),
        *empty,
        full_box(b"stsz", 0, 0, bytes(8)),
    )
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", media_header, dinf, stbl)))


def _avc1(video: VideoConfig) -> bytes:
    return box(
        b"avc1",
        struct.pack(">6xH16xHH", 1, video.picture.width, video.picture.height),
        struct.pack(">IIIH32xHh", 0x480000, 0x480000, 0, 1, 0x18, -1),
        box(b"avcC", video.record),
    )


def _mp4a(audio: AudioConfig) -> bytes:
    specific = _descriptor(5, audio.record)
    # MPEG-4 audio, an audio stream; buffer and rates are not told.
    decoder = _descriptor(4, b"\x40\x15" + bytes(11) + specific)
    descriptor = _descriptor(3, b"\x00\x00\x00" + decoder + _descriptor(6, b"\x02"))
    return box(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, audio.channels, 16, 0, 0, (audio.rate & 0xFFFF) << 16),
        full_box(b"esds", 0, 0, descriptor),
    )


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def audio_seconds(frames: int, rate: int) -> float:
    return frames * SAMPLES_A_FRAME / rate
