"""What streams say about themselves, by the word of real encoders."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from local.ivs import flv
from local.ivs.aac import AudioConfig, BadAudio
from local.ivs.flv import Frame
from local.ivs.h264 import BadVideo, VideoConfig, has_captions, picture_of, units
from local.ivs.rtmp import Refused
from tests import captions
from tests.publisher import ffmpeg


def sps(folder: Path, *options: str) -> bytes:
    """The sequence parameter set of one picture, encoded so."""
    out = folder / "one.h264"
    source = ["-f", "lavfi", "-i", "color=black:size=64x64:rate=30:duration=0.04"]
    ffmpeg(*source, *options, "-c:v", "libx264", "-preset", "ultrafast", "-frames:v", "1", str(out))
    return next(unit for unit in out.read_bytes().split(b"\0\0\1") if unit[0] & 0x1F == 7).rstrip(b"\0")


@pytest.mark.parametrize(
    ("options", "size", "rate"),
    [
        (["-vf", "scale=1920:1080", "-pix_fmt", "yuv420p"], (1920, 1080), 30.0),
        (["-vf", "scale=854:480,fps=60", "-pix_fmt", "yuv420p"], (854, 480), 60.0),
        (["-vf", "scale=322:182,fps=30000/1001", "-pix_fmt", "yuv444p"], (322, 182), 30000 / 1001),
        (["-vf", "scale=1080:1920,fps=25", "-pix_fmt", "yuv422p", "-profile:v", "high422"], (1080, 1920), 25.0),
        (["-vf", "scale=720:576", "-pix_fmt", "yuv420p", "-flags", "+ildct", "-x264-params", "interlaced=1"], (720, 576), 30.0),
        (["-vf", "scale=640:360", "-pix_fmt", "yuv420p", "-profile:v", "baseline"], (640, 360), 30.0),
        (["-vf", "scale=640:360", "-pix_fmt", "yuv420p", "-x264-params", "cqm=jvt"], (640, 360), 30.0),
    ],
    ids=["1080p", "480p60", "444", "portrait", "interlaced", "baseline", "matrices"],
)  # fmt: skip
def test_size_and_rate_are_read_from_the_parameter_set(
    tmp_path: Path, options: list[str], size: tuple[int, int], rate: float
) -> None:
    unit = sps(tmp_path, *options)
    picture = picture_of(unit)
    assert (picture.width, picture.height) == size
    assert picture.rate == pytest.approx(rate, abs=0.01)
    assert picture.codec == f"avc1.{unit[1:4].hex()}"


@given(some.binary(min_size=4, max_size=60))
def test_any_parameter_set_is_read_or_refused(data: bytes) -> None:
    try:
        picture_of(b"\x67" + data)
    except BadVideo:
        return


@given(some.binary(max_size=80))
def test_any_configuration_is_read_or_refused(data: bytes) -> None:
    for read, bad in ((VideoConfig.of, BadVideo), (AudioConfig.of, BadAudio)):
        try:
            read(data)
        except bad:
            continue


@given(some.binary(max_size=80), some.sampled_from([1, 2, 4]))
def test_any_sample_is_cut_into_units_or_refused(data: bytes, size: int) -> None:
    try:
        assert all(0 <= begin < end <= len(data) for _, begin, end in units(data, size))
    except BadVideo:
        return


@given(some.binary(min_size=1, max_size=80))
def test_any_tag_is_taken_left_or_refused(body: bytes) -> None:
    for read in (flv.video, flv.audio):
        with suppress(Refused):
            assert read(body) is None or read(body)


def test_captions_are_found_where_they_are() -> None:
    picture = b"\x65\x88\x84"
    plain = b"\0\0\0\1\x09\xf0" + b"\0\0\0\1" + picture
    assert not has_captions(lengthened(plain), 4)
    assert has_captions(lengthened(captions.inject(plain, "HELLO")), 4)


def lengthened(stream: bytes) -> bytes:
    pieces = [unit for unit in stream.split(b"\0\0\0\1") if unit]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in pieces)


@pytest.mark.parametrize(
    ("record", "rate", "channels", "codec"),
    [
        ("1190", 48000, 2, "mp4a.40.2"),
        ("1208", 44100, 1, "mp4a.40.2"),
        ("2b920800", 22050, 2, "mp4a.40.5"),
        ("1780bb8010", 96000, 2, "mp4a.40.2"),
    ],
)
def test_rate_and_channels_are_read_from_the_audio_configuration(
    record: str, rate: int, channels: int, codec: str
) -> None:
    data = bytes.fromhex(record)
    if record == "1780bb8010":  # the rate written out: 96000 Hz
        data = ((2 << 59 | 15 << 55 | 96000 << 31 | 2 << 27) >> 24).to_bytes(5, "big")
    config = AudioConfig.of(data)
    assert (config.rate, config.channels, config.codec) == (rate, channels, codec)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"\x90hvc1" + bytes(20), "HEVC"),
        (b"\x90av01" + bytes(20), "AV1"),
        (b"\x1c\x00\x00\x00\x00", "HEVC"),
        (b"\x12" + bytes(8), "H.263"),
    ],
)
def test_other_video_is_refused_by_name(body: bytes, word: str) -> None:
    with pytest.raises(Refused, match=word):
        flv.video(body)


@pytest.mark.parametrize(("body", "word"), [(b"\x2f" + bytes(8), "MP3"), (b"\x95Opus", "enhanced RTMP")])
def test_other_audio_is_refused_by_name(body: bytes, word: str) -> None:
    with pytest.raises(Refused, match=word):
        flv.audio(body)


def test_a_picture_may_be_shown_before_it_is_decoded() -> None:
    assert flv.video(b"\x27\x01\xff\xff\xdf" + b"data") == Frame(b"data", key=False, shown_after=-33)
