"""The one decision: who may see what, and why not."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.entitlements import (
    ANY_TIER,
    AUDIENCES,
    MEMBERSHIP,
    NOBODY,
    Decision,
    Holding,
    Reason,
    Rule,
    Viewer,
    decide,
    is_member,
    refusal,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

FAN = Viewer(person_id="per_1")
TEAM = Viewer(person_id="per_2", on_the_team=True)


def member(tier: str = "gold", *, since: datetime = NOW - HOUR, until: datetime | None = None) -> Viewer:
    return Viewer(person_id="per_3", holdings=(Holding(MEMBERSHIP, tier, since, until),))


@pytest.mark.parametrize(
    ("rule", "viewer", "decision"),
    [
        (Rule(), NOBODY, Decision(True)),
        (Rule("signed-in"), NOBODY, Decision(False, "sign_in")),
        (Rule("signed-in"), FAN, Decision(True)),
        (Rule("members"), NOBODY, Decision(False, "sign_in")),
        (Rule("members"), FAN, Decision(False, "members_only")),
        (Rule("members"), TEAM, Decision(True)),
        (Rule("members"), member(), Decision(True)),
        (Rule("members", ("gold",)), member(), Decision(True)),
        (Rule("members", ("gold",)), member(ANY_TIER), Decision(True)),
        (Rule("members", ("gold",)), member("silver"), Decision(False, "other_tier")),
        (Rule("members"), member(until=NOW), Decision(False, "ended")),
        (Rule("members"), member(until=NOW + HOUR), Decision(True, until=NOW + HOUR)),
        (Rule("members"), member(since=NOW + HOUR), Decision(False, "members_only")),
    ],
)
def test_who_may_see_what_and_why_not(rule: Rule, viewer: Viewer, decision: Decision) -> None:
    assert decide(rule, viewer, now=NOW) == decision


def test_of_several_memberships_the_longest_counts() -> None:
    ends = (NOW + HOUR, NOW + 2 * HOUR)
    viewer = Viewer("per_1", holdings=tuple(Holding(MEMBERSHIP, "gold", NOW, end) for end in ends))
    assert decide(Rule("members"), viewer, now=NOW).until == NOW + 2 * HOUR
    endless = viewer._replace(holdings=(*viewer.holdings, Holding(MEMBERSHIP, "gold", NOW, None)))
    assert decide(Rule("members"), endless, now=NOW) == Decision(True)


MOMENTS = st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR)
HOLDINGS = st.builds(
    Holding,
    st.sampled_from([MEMBERSHIP, "purchase"]),
    st.sampled_from(["gold", "silver", ANY_TIER]),
    MOMENTS,
    st.none() | MOMENTS,
)
VIEWERS = st.builds(
    Viewer, st.none() | st.just("per_1"), st.just(False), st.lists(HOLDINGS, max_size=4).map(tuple)
).map(lambda viewer: viewer if viewer.person_id else NOBODY)
RULES = st.builds(
    Rule, st.sampled_from(AUDIENCES), st.lists(st.sampled_from(["gold", "silver"]), max_size=2).map(tuple)
)


@given(RULES, VIEWERS)
def test_what_is_refused_has_a_reason_and_what_is_allowed_has_none(rule: Rule, viewer: Viewer) -> None:
    decision = decide(rule, viewer, now=NOW)
    assert decision.allowed == (decision.reason == "")
    assert decision.until is None or (decision.allowed and decision.until > NOW)


@given(VIEWERS, st.sets(st.sampled_from(["gold", "silver"])).map(tuple))
def test_a_narrower_audience_lets_nobody_in_whom_a_wider_one_keeps_out(viewer: Viewer, tiers: tuple[str, ...]) -> None:
    allowed = [decide(Rule(audience, tiers), viewer, now=NOW).allowed for audience in AUDIENCES]
    assert allowed == sorted(allowed, reverse=True)


@given(RULES, VIEWERS)
def test_an_allowed_one_is_allowed_until_its_end_and_not_after(rule: Rule, viewer: Viewer) -> None:
    until = decide(rule, viewer, now=NOW).until
    if until is not None:
        assert decide(rule, viewer, now=until - timedelta(microseconds=1)).allowed
        assert decide(rule, viewer, now=until).until != until


@given(VIEWERS)
def test_who_is_a_member_may_see_what_is_for_all_members(viewer: Viewer) -> None:
    assert is_member(viewer, now=NOW) == decide(Rule("members"), viewer, now=NOW).allowed


def test_every_reason_has_an_error_of_its_own() -> None:
    codes = {reason: refusal(reason).code for reason in get_args(Reason) if reason}
    assert codes == {
        "sign_in": "not_signed_in",
        "members_only": "members_only",
        "other_tier": "other_tier",
        "ended": "ended",
    }
