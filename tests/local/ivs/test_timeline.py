"""Time goes forward, whatever a publisher's clock does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from local.ivs.timeline import WRAP, Timeline

VIDEO, AUDIO = 1, 2
START = 1000


def placed(raws: list[int], *, step: float = 0.033) -> list[int]:
    timeline = Timeline(start=START)
    return [timeline.place(VIDEO, raw % WRAP, now=number * step) for number, raw in enumerate(raws)]


@given(some.lists(some.tuples(some.sampled_from([VIDEO, AUDIO]), some.integers(0, WRAP - 1)), max_size=60))
def test_no_track_ever_goes_back(samples: list[tuple[int, int]]) -> None:
    timeline = Timeline(start=START)
    last: dict[int, int] = {}
    for number, (track, raw) in enumerate(samples):
        at = timeline.place(track, raw, now=number * 0.03)
        assert at >= last.get(track, 0)
        last[track] = at


@pytest.mark.parametrize("begin", [0, 7, (1 << 24) - 500, (1 << 31) - 500, WRAP - 500])
def test_steady_time_stays_steady_wherever_it_begins(begin: int) -> None:
    out = placed([begin + 40 * number for number in range(100)], step=0.04)
    assert out == [START + 40 * number for number in range(100)]


@pytest.mark.parametrize("jump", [-3_600_000, -5_000, -200, 5_000, 86_400_000, 1 << 31])
def test_a_clock_that_jumps_is_smoothed(jump: int) -> None:
    raws = [1_000_000 + 33 * number + (jump if number >= 50 else 0) for number in range(100)]
    out = placed([raw % WRAP for raw in raws])
    steps = [after - before for before, after in pairwise(out)]
    assert set(steps) == {33}


def test_a_pause_that_really_happened_is_kept() -> None:
    timeline = Timeline(start=START)
    assert timeline.place(VIDEO, 0, now=0.0) == START
    assert timeline.place(VIDEO, 8_000, now=8.0) == START + 8_000


def test_what_comes_late_but_in_time_is_not_moved() -> None:
    timeline = Timeline(start=START)
    timeline.place(VIDEO, 0, now=0.0)
    assert timeline.place(VIDEO, 33, now=9.0) == START + 33


def test_sound_and_picture_stay_together_over_a_jump() -> None:
    timeline = Timeline(start=START)
    off = []
    for number in range(300):
        jump = -700_000 if number >= 150 else 0
        picture = timeline.place(VIDEO, 1_000_000 + 33 * number + jump, now=number * 0.033)
        sound = timeline.place(AUDIO, 1_000_010 + 33 * number + jump, now=number * 0.033)
        off.append(sound - picture)
    assert set(off) == {10}


def test_tracks_of_different_origin_begin_together() -> None:
    timeline = Timeline(start=START)
    picture = timeline.place(VIDEO, 50_000_000, now=0.0)
    assert abs(timeline.place(AUDIO, 0, now=0.0) - picture) < 100


def test_small_steps_back_do_not_shift_what_follows() -> None:
    out = placed([0, 33, 66, 60, 99, 132])
    assert out == [START, START + 33, START + 66, START + 66, START + 99, START + 132]
