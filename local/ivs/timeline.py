"""One clock for a stream: whatever a publisher's timestamps do, what comes out goes forward without a hole.

RTMP's timestamps are milliseconds modulo 2^32. They wrap after 49 days, encoders start them anywhere, and a publisher's
clock may jump: what plays then goes on from where it was.
"""

from dataclasses import dataclass

WRAP = 1 << 32

BACK = 100
"""Milliseconds a track may seem to go back without a jump: rounding, and frames of one time."""

FORWARD = 1_000
"""Milliseconds a track may leap beyond the time that really went by."""

APART = 5_000
"""Milliseconds that the tracks of one publisher may begin apart."""

STEP_MOST = 200


@dataclass
class _Track:
    raw: int
    out: int
    offset: int
    heard: float
    step: int = 30


class Timeline:
    """Places the samples of one publication after what was before it."""

    def __init__(self, *, start: int) -> None:
        """`start`: where the first sample goes, in milliseconds."""
        self._start = start
        self._tracks: dict[int, _Track] = {}

    def place(self, track: int, raw: int, *, now: float) -> int:
        """When the sample is, in milliseconds; never before the last one of its track. `now` is any clock in seconds."""
        known = self._tracks.get(track)
        if known is None:
            known = self._begin(track, raw, now)
            return known.out
        unwrapped = _nearest(raw, known.raw)
        if not self._fits(known, unwrapped + known.offset, now):
            known.offset = self._mended(known, unwrapped, now)
        out = max(unwrapped + known.offset, known.out)
        if 0 < out - known.out <= STEP_MOST:
            known.step = out - known.out
        known.raw, known.out, known.heard = unwrapped, out, now
        return out

    def _begin(self, track: int, raw: int, now: float) -> _Track:
        others = list(self._tracks.values())
        if not others:
            new = _Track(raw=raw, out=self._start, offset=self._start - raw, heard=now)
        else:
            other = max(others, key=lambda each: each.heard)
            unwrapped = _nearest(raw, other.raw)
            offset = other.offset
            if abs(unwrapped + offset - other.out) > APART:
                offset = other.out - unwrapped
            new = _Track(raw=unwrapped, out=max(unwrapped + offset, 0), offset=offset, heard=now)
        self._tracks[track] = new
        return new

    def _fits(self, known: _Track, out: int, now: float) -> bool:
        went_by = max(0.0, now - known.heard) * 1000
        return known.out - BACK <= out <= known.out + went_by + FORWARD

    def _mended(self, known: _Track, unwrapped: int, now: float) -> int:
        """The offset after a jump: the other track's, if that has jumped the same way before, so that both stay together."""
        for other in self._tracks.values():
            if other is not known and self._fits(known, unwrapped + other.offset, now):
                return other.offset
        return known.out + known.step - unwrapped


def _nearest(raw: int, before: int) -> int:
    """The time that `raw` means, modulo 2^32, nearest to the one before it."""
    return before + (raw - before + WRAP // 2) % WRAP - WRAP // 2
