"""Recordings that would be shown to more people than what is in them was for."""

import pytest

from lambdas.core.entitlements import Rule
from lambdas.core.events import Change
from lambdas.features.live.models import Recording, Show, Stream
from lambdas.features.live.recordings import ENDED, narrowest, what_happened
from tests.platform_under_test import PlatformUnderTest

EVERYONE, SIGNED_IN, MEMBERS = Rule(), Rule("signed-in"), Rule("members")
GOLD, GOLD_AND_SILVER, BRONZE = (
    Rule("members", ("gold",)),
    Rule("members", ("silver", "gold")),
    Rule("members", ("bronze",)),
)


def test_a_recording_merged_of_an_open_show_and_one_for_members_is_for_members(platform: PlatformUnderTest) -> None:
    """IVS merges a stream that begins within a minute of the last one's end, whatever was ended by hand between them."""
    now = platform.clock()
    Show("shw_1", title="Open", at=now, state="ended").save()
    Show("shw_2", title="Closed", at=now, state="ended", audience="members", tiers=["gold"]).save()
    Stream("st-1", show_id="shw_1").save()
    Stream("st-2", show_id="shw_2").save()
    row = Recording(
        "rec_1",
        prefix="ivs/v1/x",
        seen_at=now,
        first_at=now,
        stream_id="st-1",
        started_at=now,
        ended_at=now,
        duration_ms=1000,
        merged=["st-1", "st-2"],
        version=1,
    )
    (told,) = what_happened(Change(table="live-recordings", old=None, new=row, at=now, sequence="1"))
    assert told.name == ENDED
    assert (told.data["title"], told.data["audience"], told.data["tiers"]) == ("Open", "members", ["gold"])


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), MEMBERS),
        ((EVERYONE,), EVERYONE),
        ((EVERYONE, SIGNED_IN), SIGNED_IN),
        ((MEMBERS, EVERYONE), MEMBERS),
        ((MEMBERS, GOLD), GOLD),
        ((GOLD_AND_SILVER, GOLD, EVERYONE), GOLD),
        ((GOLD, BRONZE), GOLD),
    ],
)
def test_the_narrowest_lets_in_nobody_whom_one_of_them_keeps_out(rules: tuple[Rule, ...], expected: Rule) -> None:
    assert narrowest(rules) == expected
