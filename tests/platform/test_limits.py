from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.core.errors import TooManyRequests
from lambdas.platform.limits import Hits, Limit, RateLimiter, address_subject
from lambdas.platform.tables import bind
from tests.platform_under_test import MovingClock


@pytest.fixture
def clock(emulator: object) -> MovingClock:
    bind(creator_id="tester")
    Hits.create_table(billing_mode="PAY_PER_REQUEST")
    return MovingClock()


def _limiter(clock: MovingClock) -> RateLimiter:
    return RateLimiter(clock=clock, key=lambda: "secret")


def _passes(limiter: RateLimiter, limit: Limit, who: str = "203.0.113.7") -> bool:
    try:
        limiter.hit(limit, who)
    except TooManyRequests:
        return False
    return True


def test_a_hundred_at_once_share_one_window(clock: MovingClock) -> None:
    """Each thread is an instance of a function: only the table knows of the others."""
    limit = Limit(name="race", times=10, per=timedelta(minutes=1))
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: _passes(_limiter(clock), limit), range(100)))
    assert sum(outcomes) == 10


def test_a_hundred_at_once_share_the_window_after_one_that_was_full(clock: MovingClock) -> None:
    limit = Limit(name="again", times=10, per=timedelta(minutes=1))
    for _ in range(10):
        _limiter(clock).hit(limit, "203.0.113.7")
    clock.forward(minutes=2)
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: _passes(_limiter(clock), limit), range(100)))
    assert sum(outcomes) == 10


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.integers(min_value=1, max_value=40), max_size=25))
def test_no_window_ever_holds_more_than_the_limit(clock: MovingClock, gaps: list[int]) -> None:
    who = str(uuid4())  # nobody's past is another example's
    limit = Limit(name="window", times=3, per=timedelta(seconds=60))
    limiter = _limiter(clock)
    passed: list[datetime] = []
    for gap in gaps:
        clock.forward(seconds=gap)
        expected = len([at for at in passed if at > clock() - limit.per]) < limit.times
        assert _passes(limiter, limit, who) is expected
        if expected:
            passed.append(clock())


def test_the_refusal_says_when_to_come_back_and_that_is_true(clock: MovingClock) -> None:
    limit, limiter = Limit(name="wait", times=2, per=timedelta(seconds=60)), _limiter(clock)
    limiter.hit(limit, "a")
    clock.forward(seconds=10)
    limiter.hit(limit, "a")
    with pytest.raises(TooManyRequests) as refused:
        limiter.hit(limit, "a")
    assert refused.value.retry_after == 50
    clock.forward(seconds=refused.value.retry_after)
    limiter.hit(limit, "a")


def test_limits_and_people_count_apart(clock: MovingClock) -> None:
    one, other = (Limit(name=name, times=1, per=timedelta(seconds=60)) for name in ("one", "other"))
    limiter = _limiter(clock)
    assert _passes(limiter, one, "a")
    assert _passes(limiter, one, "b")
    assert _passes(limiter, other, "a")
    assert not _passes(limiter, one, "a")


def test_no_address_is_stored(clock: MovingClock) -> None:
    _limiter(clock).hit(Limit(name="x", times=1, per=timedelta(seconds=1)), "203.0.113.7")
    assert all("203.0.113.7" not in item.subject for item in Hits.scan())


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_one_viewer_is_an_ipv4_address_or_an_ipv6_household(address: str, subject: str) -> None:
    assert address_subject(address) == subject


@pytest.mark.parametrize("nonsense", ["", "unknown", "203.0.113.7, 1.2.3.4", "203.0.113.7:80"])
def test_nonsense_is_no_address(nonsense: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        address_subject(nonsense)


def test_an_expired_window_has_all_its_places_for_those_who_race_for_them(clock: MovingClock) -> None:
    """Who finds that another instance has just cleared the window is not refused for it."""
    limit = Limit(name="cleared", times=10, per=timedelta(seconds=60))
    for _ in range(5):
        assert all(_passes(_limiter(clock), limit) for _ in range(10))
        clock.forward(minutes=2)
        with ThreadPoolExecutor(10) as pool:
            assert all(pool.map(lambda _: _passes(_limiter(clock), limit), range(10)))
        clock.forward(minutes=2)


def test_who_reads_after_another_has_cleared_the_window_gets_a_place(
    clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = Limit(name="between", times=2, per=timedelta(seconds=60))
    limiter = _limiter(clock)
    assert all(_passes(limiter, limit) for _ in range(2))
    clock.forward(minutes=2)
    refresh, others = Hits.refresh, iter([True])

    def after_another(item: Hits, **options: bool) -> None:
        if next(others, False):
            limiter.hit(limit, "203.0.113.7")  # the other instance: it clears the window and takes one place
        refresh(item, **options)

    monkeypatch.setattr(Hits, "refresh", after_another)
    assert _passes(limiter, limit)


def test_a_hit_given_back_makes_room_for_one_and_no_more(clock: MovingClock) -> None:
    limit, limiter = Limit(name="back", times=2, per=timedelta(seconds=60)), _limiter(clock)
    limiter.hit(limit, "a")
    own = limiter.hit(limit, "a")
    for _ in range(2):
        limiter.give_back(own)
    assert _passes(limiter, limit, "a")
    assert not _passes(limiter, limit, "a")


def test_a_hit_given_back_late_leaves_nothing_behind(clock: MovingClock) -> None:
    limit, limiter = Limit(name="late", times=1, per=timedelta(seconds=60)), _limiter(clock)
    own = limiter.hit(limit, "a")
    Hits(own.subject).delete()
    limiter.give_back(own)
    assert Hits.count() == 0


def test_the_only_hit_given_back_leaves_every_place(clock: MovingClock) -> None:
    limit, limiter = Limit(name="only", times=2, per=timedelta(seconds=60)), _limiter(clock)
    limiter.give_back(limiter.hit(limit, "a"))
    assert [_passes(limiter, limit, "a") for _ in range(3)] == [True, True, False]


def test_many_at_once_that_give_back_leave_the_limit_as_it_was(clock: MovingClock) -> None:
    limit = Limit(name="race-back", times=5, per=timedelta(minutes=1))

    def hit_and_give_back(_: int) -> bool:
        limiter = _limiter(clock)
        try:
            limiter.give_back(limiter.hit(limit, "a"))
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(hit_and_give_back, range(40)))
    assert [_passes(_limiter(clock), limit, "a") for _ in range(6)] == [True] * 5 + [False]
