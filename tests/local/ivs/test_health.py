"""Starvation: media that comes more slowly than it plays."""

from local.ivs.health import Pace


def run(speeds: list[float], *, tick: float = 0.25) -> list[bool]:
    """Whether it starves after each quarter of a second in which media comes at this speed."""
    pace, now, reached, told = Pace(behind=2.0), 0.0, 0.0, []
    pace.media(reached, now=now)
    for speed in speeds:
        now, reached = now + tick, reached + speed * tick
        if speed:
            pace.media(reached, now=now)
        told.append(pace.is_starving(now))
    return told


def test_real_time_does_not_starve() -> None:
    assert not any(run([1.0] * 400))


def test_a_burst_at_the_beginning_is_no_measure_for_ever() -> None:
    assert not any(run([3.0, 3.0] + [1.0] * 100))


def test_nothing_for_two_seconds_is_starvation_and_ends_when_it_has_caught_up() -> None:
    told = run([1.0] * 8 + [0.0] * 12 + [8.0] * 2 + [1.0] * 8)
    assert not any(told[:16])
    assert told[17]
    assert not told[-1]


def test_half_the_speed_is_starvation_until_the_speed_is_right_again() -> None:
    told = run([1.0] * 8 + [0.5] * 40 + [1.0] * 20)
    assert not told[15]
    assert all(told[30:48])
    assert not told[-1]


def test_before_anything_came_nothing_is_told() -> None:
    pace = Pace(behind=2.0)
    assert not pace.begun
    assert not pace.is_starving(100.0)
