"""The log: what is put into it is found again, newest first, whatever the month, and without a scan."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.ids import new_id
from lambdas.platform import audit
from lambdas.platform.audit import AuditEntry, backwards, find
from lambdas.platform.tables import bind, definition

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def log(emulator: object) -> None:
    bind(creator_id="tester")
    AuditEntry.create_table(billing_mode="PAY_PER_REQUEST")


def _put(at: datetime, action: str = "contact.message.read") -> AuditEntry:
    entry = AuditEntry(
        f"{at:%Y-%m}",
        new_id("aud", at=at),
        at=at,
        actor="per_1",
        actor_name="Ada",
        role="owner",
        action=action,
        subject="msg_1",
        expires_at=at + audit.KEPT,
    )
    entry.save()
    return entry


def test_it_is_append_only_and_runs_out_after_two_years() -> None:
    assert definition(AuditEntry).append_only
    assert definition(AuditEntry).ttl == "expires_at"
    assert audit.KEPT.days == 730


def test_everything_is_found_newest_first_across_months_and_years(log: None) -> None:
    put = [_put(NOW - timedelta(days=days)) for days in (0, 1, 20, 80, 400)]
    found = backwards(since=NOW - audit.KEPT, until=NOW + timedelta(minutes=1))
    assert [entry.id for entry in found] == [entry.id for entry in put]


def test_it_goes_on_from_any_entry_without_a_gap_or_a_repeat(log: None) -> None:
    put = [_put(NOW - timedelta(days=days)).id for days in range(0, 100, 7)]
    span = {"since": NOW - audit.KEPT, "until": NOW + timedelta(minutes=1)}
    for place, id in enumerate(put):
        assert [entry.id for entry in backwards(**span, older_than=id)] == put[place + 1 :]


def test_a_span_has_its_first_moment_and_not_its_last(log: None) -> None:
    first, second, third = (_put(NOW + timedelta(hours=hours)) for hours in range(3))
    assert [entry.id for entry in backwards(since=first.at, until=third.at)] == [second.id, first.id]


@pytest.mark.parametrize("older", ["nonsense", "aud_", "aud_" + "Z" * 26, "per_01J9ZK3V7Q8W2E4R6T8Y0A1B2C", "' or 1"])
def test_what_is_no_entry_leads_nowhere(log: None, older: str) -> None:
    _put(NOW)
    assert list(backwards(since=NOW - audit.KEPT, until=NOW + timedelta(days=1), older_than=older)) == []
    assert find(older) is None


def test_a_far_future_entry_that_is_named_hides_nothing(log: None) -> None:
    entry = _put(NOW)
    span = {"since": NOW - audit.KEPT, "until": NOW + timedelta(days=1)}
    assert [one.id for one in backwards(**span, older_than="aud_7" + "Z" * 25)] == [entry.id]
    assert find("aud_7" + "Z" * 25) is None


def test_a_span_the_wrong_way_round_is_empty(log: None) -> None:
    _put(NOW)
    assert list(backwards(since=NOW + timedelta(days=2), until=NOW - timedelta(days=2))) == []


def test_one_entry_is_found_by_its_id(log: None) -> None:
    entry = _put(NOW)
    found = find(entry.id)
    assert found is not None
    assert found.actor_name == "Ada"
    assert find(new_id("aud", at=NOW)) is None


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year >= 1970))
def test_an_entrys_month_is_told_by_its_id(at: datetime) -> None:
    assert audit._month_of(new_id("aud", at=at)) == f"{at:%Y-%m}"


@given(st.integers(2000, 2100), st.integers(1, 12))
def test_months_go_back_one_by_one(year: int, month: int) -> None:
    before = audit._month_before(f"{year}-{month:02d}")
    assert before == f"{datetime(year, month, 1, tzinfo=UTC) - timedelta(days=1):%Y-%m}"
