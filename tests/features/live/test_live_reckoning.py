"""Which streams make which show, reckoned from facts alone."""

import itertools
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.ids import derived_id
from lambdas.features.live.books import KEPT, Books, books_of
from lambdas.features.live.reckoning import HELD, OPEN_ENDED, Planned, Streamed, air, runs

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GRACE = timedelta(minutes=2)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def stream(id: str, start: float | None, end: float | None = None) -> Streamed:
    return Streamed(id, None if start is None else at(start), None if end is None else at(end))


def shows(
    *streams: Streamed, planned: tuple[Planned, ...] = (), cuts: tuple[datetime, ...] = ()
) -> list[tuple[str, ...]]:
    return [run.streams for run in runs(streams, planned, cuts, grace=GRACE)]


def test_a_stream_back_within_the_grace_continues_its_show() -> None:
    assert shows(stream("a", 0, 10), stream("b", 12)) == [("a", "b")]
    assert shows(stream("a", 0, 10), stream("b", 12.1)) == [("a",), ("b",)]


def test_a_start_ends_what_was_on_before_it() -> None:
    (run,) = runs((stream("a", 0), stream("b", 30, 40)), (), (), grace=GRACE)
    assert (run.streams, run.over_at) == (("a", "b"), at(40))


def test_a_scheduled_show_begins_from_an_hour_before_its_time_until_it_would_be_over() -> None:
    plan = Planned("shw_x", at(120), 30, since=at(-600))
    for begins, due in ((59, False), (60, True), (149, True), (150, False)):
        (run,) = runs((stream("a", begins),), (plan,), (), grace=GRACE)
        assert (run.show_id == "shw_x") is due is run.planned, begins
    assert Planned("shw_x", at(0), 0, since=at(-1)).ends_at == at(0) + OPEN_ENDED


def test_what_is_planned_while_a_stream_is_on_does_not_take_it_over() -> None:
    plan = Planned("shw_late", at(20), 30, since=at(15))
    (run,) = runs((stream("a", 10),), (plan,), (), grace=GRACE)
    assert run.show_id == derived_id("shw", "a")


def test_of_two_that_are_due_the_nearer_begins_and_each_only_once() -> None:
    plans = (Planned("shw_one", at(0), 60, since=at(-600)), Planned("shw_two", at(30), 60, since=at(-600)))
    found = runs((stream("a", 25, 30), stream("b", 40, 50), stream("c", 60)), plans, (), grace=GRACE)
    assert [run.show_id for run in found] == ["shw_two", "shw_one", derived_id("shw", "c")]


def test_a_show_ended_by_hand_stays_over_also_for_a_program_that_tries_again() -> None:
    cut = at(10)
    trying = cut + HELD / 2
    again = Streamed("b", trying, None)
    found = runs((stream("a", 0, 10.1), again), (), (cut,), grace=GRACE)
    assert [(run.streams, run.over_at, run.cut) for run in found] == [(("a", "b"), cut, True)]
    assert air(found, now=at(11), grace=GRACE).run is None
    later = runs((stream("a", 0, 10.1), Streamed("b", cut + HELD * 2, None)), (), (cut,), grace=GRACE)
    assert [run.streams for run in later] == [("a",), ("b",)]
    assert air(later, now=at(13), grace=GRACE).stream_id == "b"


def test_a_show_is_lost_until_the_grace_is_over() -> None:
    found = runs((stream("a", 0, 10),), (), (), grace=GRACE)
    assert air(found, now=at(11.9), grace=GRACE).lost_at == at(10)
    assert air(found, now=at(12), grace=GRACE).run is None


def test_an_end_that_was_missed_gives_way_to_the_true_one() -> None:
    missed = Streamed("a", at(0), None, missed_at=at(20))
    assert missed.told(ended=at(18)).over_at == at(18)
    assert missed._replace(missed_at=None).over_at is None


_FACTS = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from(["started", "ended"]), st.integers(0, 300).map(lambda n: at(n / 2))
    ),
    max_size=10,
)


def _after(facts: list[tuple[str, str, datetime]]) -> Books:
    books = Books(planned=(Planned("shw_x", at(30), 60, since=at(-60)),))
    for id, word, moment in facts:
        books = books.with_stream(books.stream(id).told(**{word: moment}))
    return books


@given(facts=_FACTS, order=st.randoms(use_true_random=False))
def test_facts_in_any_order_and_told_again_are_the_same_shows(
    facts: list[tuple[str, str, datetime]], order: random.Random
) -> None:
    shuffled = facts + [one for one in facts if order.random() < 0.5]
    order.shuffle(shuffled)
    assert _after(shuffled) == _after(facts)
    assert _after(shuffled).runs(grace=GRACE) == _after(facts).runs(grace=GRACE)


@given(facts=_FACTS)
def test_every_stream_that_began_is_in_exactly_one_show(facts: list[tuple[str, str, datetime]]) -> None:
    books = _after(facts)
    found = books.runs(grace=GRACE)
    placed = [id for run in found for id in run.streams]
    assert sorted(placed) == sorted(one.id for one in books.streams if one.started_at)
    assert len({run.show_id for run in found}) == len(found)
    assert all(one.started_at <= other.started_at for one, other in itertools.pairwise(found))


@given(facts=_FACTS)
def test_books_are_read_as_they_were_written(facts: list[tuple[str, str, datetime]]) -> None:
    books = _after(facts)._replace(cuts=(at(3),), viewers=7, last_show="shw_x")
    assert books_of(books.as_json()) == books


@given(facts=_FACTS, later=st.integers(0, 20_000))
def test_what_is_forgotten_changes_nothing_of_what_is_kept(facts: list[tuple[str, str, datetime]], later: int) -> None:
    books, now = _after(facts), at(later)
    kept = books.pruned(now=now, grace=GRACE).runs(grace=GRACE)
    assert set(kept) <= set(books.runs(grace=GRACE))
    assert all(run.over_at is not None and now - run.over_at > KEPT for run in set(books.runs(grace=GRACE)) - set(kept))
