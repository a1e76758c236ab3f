"""What an AAC stream says about itself: its AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""

from dataclasses import dataclass

SAMPLES_A_FRAME = 1024

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)


class BadAudio(ValueError):
    """It is no AAC as its configuration claims."""


@dataclass(frozen=True)
class AudioConfig:
    record: bytes
    rate: int
    """Samples a second."""
    channels: int
    codec: str
    """As RFC 6381 has it: mp4a.40.2."""

    @classmethod
    def of(cls, record: bytes) -> "AudioConfig":
        """BadAudio where it cannot be decoded."""
        if not 2 <= len(record) <= 64:
            raise BadAudio("there is no configuration of AAC")
        bits = int.from_bytes(record[:8].ljust(8, b"\x00"), "big")
        kind, at = bits >> 59, 5
        if kind == 31:
            kind, at = 32 + (bits >> 53 & 0x3F), 11
        index, at = bits >> (60 - at) & 0xF, at + 4
        if index == 15:
            rate, at = bits >> (40 - at) & 0xFFFFFF, at + 24
        elif index < len(_RATES):
            rate = _RATES[index]
        else:
            raise BadAudio("its sample rate is none that AAC has")
        channels = bits >> (60 - at) & 0xF
        if not 7350 <= rate <= 96000 or kind not in {1, 2, 3, 4, 5, 29}:
            raise BadAudio("its profile or its sample rate is none that players can play")
        # Zero channels leave it to the stream itself, which in live encoders means stereo.
        known = _CHANNELS[channels] if channels < len(_CHANNELS) else 0
        return cls(record=record, rate=rate, channels=known or 2, codec=f"mp4a.40.{kind}")
