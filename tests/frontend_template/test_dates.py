"""Moments are shown in the creator's zone, which is named, as each language writes them."""

from datetime import UTC, date, datetime

import pytest

from frontend_template.dates import written_date, written_datetime, written_time

LATE = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)


def test_a_moment_is_in_the_creators_zone() -> None:
    assert written_date(LATE, locale="en", timezone="Europe/Berlin") == "1 August 2026"
    assert written_date(LATE, locale="de", timezone="Europe/Berlin") == "1. August 2026"
    assert written_date(LATE, locale="en", timezone="America/New_York") == "31 July 2026"
    assert written_time(LATE, locale="de", timezone="Europe/Berlin") == "00:30 MESZ"


def test_a_date_and_time_are_joined_as_the_language_does() -> None:
    assert written_datetime(LATE, locale="de", timezone="Europe/Berlin") == "1. August 2026, 00:30 MESZ"
    assert written_datetime(LATE, locale="en", timezone="Europe/Berlin").startswith("1 August 2026")
    assert "00:30 CEST" in written_datetime(LATE, locale="en", timezone="Europe/Berlin")


def test_a_day_is_the_same_everywhere() -> None:
    assert written_date(date(2026, 8, 1), locale="en", timezone="Asia/Tokyo") == "1 August 2026"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        written_time(LATE.replace(tzinfo=None), locale="en", timezone="Europe/Berlin")
