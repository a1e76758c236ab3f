"""The bodies of FLV's audio and video tags, as RTMP carries them (Adobe, "Video File Format 10.1", annex E.4)."""

from dataclasses import dataclass

from local.ivs.aac import AudioConfig, BadAudio
from local.ivs.h264 import BadVideo, VideoConfig
from local.ivs.rtmp import Refused

H264, HEVC = 7, 12
AAC = 10
_FORMAT_ENHANCED_AUDIO = 9

_CODES = {b"hvc1": "HEVC", b"av01": "AV1", b"vp09": "VP9", b"vp08": "VP8", b"vvc1": "VVC", b"avc1": "enhanced RTMP"}
_VIDEO_IDS = {2: "Sorenson H.263", 3: "screen video", 4: "VP6", 5: "VP6", 6: "screen video", HEVC: "HEVC", 13: "AV1"}
_AUDIO_IDS = {2: "MP3", 11: "Speex", 14: "MP3", 13: "Opus", _FORMAT_ENHANCED_AUDIO: "enhanced RTMP"}

UNSUPPORTED = "NetStream.Publish.Rejected"


@dataclass(frozen=True)
class Frame:
    """One coded picture, or one block of sound."""

    data: bytes
    key: bool
    shown_after: int = 0
    """Milliseconds from its decoding to its showing."""


def video(body: bytes) -> VideoConfig | Frame | None:
    """What the tag brings, None where it is nothing to us; Refused for other codecs than H.264."""
    if body[0] & 0x80:
        raise unsupported("video", _CODES.get(body[1:5], "unknown to this server"))
    kind, codec = body[0] >> 4, body[0] & 0x0F
    if codec != H264:
        raise unsupported("video", _VIDEO_IDS.get(codec, "unknown to this server"))
    # A video info frame (5) is a message between player and server.
    if len(body) < 6 or kind == 5:
        return None
    if body[1] == 0:
        try:
            return VideoConfig.of(body[5:])
        except BadVideo as error:
            raise Refused(UNSUPPORTED, f"The video cannot be read: {error}.") from error
    if body[1] != 1:
        return None
    shown_after = int.from_bytes(body[2:5], "big", signed=True)
    return Frame(data=body[5:], key=kind == 1, shown_after=shown_after)


def audio(body: bytes) -> AudioConfig | Frame | None:
    """What the tag brings, None where it is nothing to us; Refused for other codecs than AAC."""
    codec = body[0] >> 4
    if codec != AAC:
        raise unsupported("audio", _AUDIO_IDS.get(codec, "unknown to this server"))
    if len(body) < 3:
        return None
    if body[1] == 0:
        try:
            return AudioConfig.of(body[2:])
        except BadAudio as error:
            raise Refused(UNSUPPORTED, f"The audio cannot be read: {error}.") from error
    return Frame(data=body[2:], key=True)


def unsupported(what: str, codec: str) -> Refused:
    return Refused(UNSUPPORTED, f"Only H.264 video and AAC audio can be sent; this {what} is {codec}.")
