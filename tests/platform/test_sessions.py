"""A session holds while its cookie is ours and young enough and its row is there, and not a moment longer."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from lambdas.platform.sessions import ABSOLUTE, BELIEVED_FOR, IDLE, MINTED_FOR, SessionRow, Sessions
from lambdas.platform.tables import bind
from tests.bench.written_units import counted
from tests.platform_under_test import MovingClock

KEYS = ["the key of today, long enough"]
PERSON = "per_01JQ0000000000000000000000"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def table(emulator: object) -> None:
    bind(creator_id="tester")
    SessionRow.create_table(billing_mode="PAY_PER_REQUEST")


@pytest.fixture
def sessions(clock: MovingClock, table: None) -> Sessions:
    return _container(clock)


def _container(clock: MovingClock, *, keys: list[str] | None = None, creator_id: str = "tester") -> Sessions:
    """Another container of the functions: it remembers nothing of what the others saw."""
    return Sessions(creator_id=creator_id, clock=clock, keys=lambda: keys or KEYS)


def test_a_cookie_brings_its_session_back(sessions: Sessions, clock: MovingClock) -> None:
    opened, cookie = sessions.open(PERSON, agent="Firefox, Linux", method="password")
    read = _container(clock).read(cookie)
    assert read == opened
    assert read is not None
    assert (read.person_id, read.method) == (PERSON, "password")


def test_each_sign_in_is_a_session_of_its_own(sessions: Sessions) -> None:
    first, second = (sessions.open(PERSON, agent="", method="password")[0] for _ in range(2))
    assert first.id != second.id


@given(place=st.integers(min_value=0), other=st.characters(codec="ascii", categories=("L", "N")))
def test_a_cookie_changed_anywhere_is_none_of_ours(place: int, other: str) -> None:
    signed = str(URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1", 1_772_366_400]))
    place %= len(signed)
    changed = signed[:place] + other + signed[place + 1 :]
    container = _container(MovingClock())
    if changed != signed:
        named = container._named(changed)
        # Base64 has spare bits at an end: another spelling of the same signature proves the same.
        assert named is None or named == container._named(signed)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "a.b",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwZXJfMSJ9.",
        str(URLSafeSerializer("another key", salt="session/tester").dumps([PERSON, "ses_1", 1_772_366_400])),
        str(URLSafeSerializer(KEYS, salt="session/somebody-else").dumps([PERSON, "ses_1", 1_772_366_400])),
        str(URLSafeSerializer(KEYS, salt="contact-form").dumps([PERSON, "ses_1", 1_772_366_400])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1"])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1", "now"])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1", 1e300])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1", 1_972_366_400])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps([None, None, 1_772_366_400])),
        str(URLSafeSerializer(KEYS, salt="session/tester").dumps({"person": PERSON})),
    ],
)
def test_what_is_no_cookie_of_ours_costs_no_read(forged: str, sessions: Sessions) -> None:
    with counted() as units:
        assert sessions.read(forged, fresh=True) is None
    assert (units.read, units.written) == (0, 0)


def test_an_honest_cookie_of_a_session_that_never_was_is_refused(sessions: Sessions, clock: MovingClock) -> None:
    made_up = URLSafeSerializer(KEYS, salt="session/tester").dumps([PERSON, "ses_1", int(clock().timestamp())])
    assert sessions.read(str(made_up)) is None


def test_the_row_is_read_once_a_minute_and_each_time_where_it_matters(sessions: Sessions, clock: MovingClock) -> None:
    _, cookie = sessions.open(PERSON, agent="", method="password")
    with counted() as units:
        for _ in range(30):
            assert sessions.read(cookie)
            clock.forward(seconds=1)
    assert (units.read, units.written) == (1, 0)
    clock.forward(seconds=BELIEVED_FOR.total_seconds())
    with counted() as units:
        sessions.read(cookie)
    assert units.read == 1
    with counted() as units:
        for _ in range(3):
            sessions.read(cookie, fresh=True)
    assert units.read == 3


@pytest.mark.parametrize("end", [lambda s, o: s.end(PERSON, o.id), lambda s, _: s.end_all(PERSON)])
def test_an_ended_session_ends_at_once_where_it_matters_and_within_a_minute_elsewhere(
    end: Callable[..., object], sessions: Sessions, clock: MovingClock
) -> None:
    opened, cookie = sessions.open(PERSON, agent="", method="password")
    elsewhere = _container(clock)
    assert elsewhere.read(cookie)
    end(sessions, opened)
    assert sessions.read(cookie) is None
    assert elsewhere.read(cookie) is not None, "it has looked less than a minute ago"
    assert elsewhere.read(cookie, fresh=True) is None
    assert elsewhere.read(cookie) is None, "and what it learned it keeps"
    late = _container(clock)
    assert late.read(cookie) is None


def test_ending_all_can_leave_the_one_that_asks(sessions: Sessions) -> None:
    here, cookie = sessions.open(PERSON, agent="", method="password")
    _, other = sessions.open(PERSON, agent="", method="password")
    assert sessions.end_all(PERSON, but=here.id) == 1
    assert sessions.read(cookie, fresh=True)
    assert sessions.read(other, fresh=True) is None


def test_nobody_ends_another_persons_session(sessions: Sessions) -> None:
    opened, cookie = sessions.open(PERSON, agent="", method="password")
    sessions.end("per_somebody_else", opened.id)
    assert sessions.read(cookie, fresh=True)


def test_an_idle_session_ends(sessions: Sessions, clock: MovingClock) -> None:
    _, cookie = sessions.open(PERSON, agent="", method="password")
    clock.forward(seconds=IDLE.total_seconds() - 60)
    assert _container(clock).read(cookie)
    clock.forward(seconds=60)
    with counted() as units:
        assert _container(clock).read(cookie) is None
    assert units.read == 0, "the cookie itself says how old it is"


def test_use_keeps_a_session_alive_but_not_for_ever(sessions: Sessions, clock: MovingClock) -> None:
    begun = clock()
    _, cookie = sessions.open(PERSON, agent="", method="password")
    while clock() - begun < ABSOLUTE - timedelta(days=7):
        clock.forward(days=7)
        session = sessions.read(cookie)
        assert session is not None
        renewed = sessions.renewed(session)
        assert renewed is not None
        cookie = renewed
    clock.forward(days=7)
    assert sessions.read(cookie) is None


def test_an_old_copy_of_a_renewed_cookie_grows_old(sessions: Sessions, clock: MovingClock) -> None:
    _, stolen = sessions.open(PERSON, agent="", method="password")
    cookie = stolen
    for _ in range(3):
        clock.forward(days=6)
        session = sessions.read(cookie)
        assert session is not None
        cookie = sessions.renewed(session) or cookie
    assert sessions.read(cookie)
    assert sessions.read(stolen) is None


def test_a_cookie_is_made_anew_after_ten_minutes_by_one_write(sessions: Sessions, clock: MovingClock) -> None:
    opened, _ = sessions.open(PERSON, agent="", method="password")
    assert sessions.renewed(opened) is None
    clock.forward(seconds=MINTED_FOR.total_seconds())
    with counted() as units:
        renewed = sessions.renewed(opened)
    assert renewed is not None
    assert (units.written, units.read) == (1, 0)
    session = sessions.read(renewed, fresh=True)
    assert session is not None
    assert sessions.renewed(session) is None
    assert sessions.of(PERSON)[0].seen_at == clock()


def test_renewing_does_not_bring_an_ended_session_back(sessions: Sessions, clock: MovingClock) -> None:
    opened, cookie = sessions.open(PERSON, agent="", method="password")
    elsewhere = _container(clock)
    assert elsewhere.read(cookie)
    sessions.end(PERSON, opened.id)
    clock.forward(seconds=MINTED_FOR.total_seconds())
    assert elsewhere.renewed(opened) is None
    assert sessions.of(PERSON) == []


def test_a_rotated_key_is_believed_until_the_next_rotation(sessions: Sessions, clock: MovingClock) -> None:
    _, cookie = sessions.open(PERSON, agent="", method="password")
    rotated = _container(clock, keys=["the key of tomorrow", *KEYS])
    session = rotated.read(cookie)
    assert session is not None
    clock.forward(seconds=MINTED_FOR.total_seconds())
    renewed = rotated.renewed(session)
    assert renewed is not None
    assert _container(clock, keys=["the key of tomorrow"]).read(renewed), "the new key signs"
    assert _container(clock, keys=["the day after", "the key of tomorrow"]).read(cookie) is None


def test_another_creators_cookie_is_worth_nothing(sessions: Sessions, clock: MovingClock) -> None:
    _, cookie = sessions.open(PERSON, agent="", method="password")
    assert _container(clock, creator_id="neighbour").read(cookie) is None


def test_a_container_remembers_a_thousand_sessions_and_no_more(sessions: Sessions) -> None:
    for number in range(3):
        opened, cookie = sessions.open(f"per_{number}", agent="", method="password")
        assert sessions.read(cookie) == opened
    for number in range(1500):
        sessions._believe(opened, sessions.clock())
        sessions._believed[f"per_{number}", "ses"] = sessions._believed[opened.person_id, opened.id]
    sessions._believe(opened, sessions.clock())
    assert len(sessions._believed) == 1000


def test_a_cookie_says_nothing_but_ids_and_a_moment(sessions: Sessions) -> None:
    opened, cookie = sessions.open(PERSON, agent="Firefox, Linux", method="password")
    payload = URLSafeSerializer(KEYS, salt="session/tester").loads(cookie)
    assert json.loads(json.dumps(payload)) == [PERSON, opened.id, int(opened.created_at.timestamp())]
    assert len(cookie) < 250
