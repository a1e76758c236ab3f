"""Moments as a reader of a language writes them, in one time zone that is always named beside a time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from lambdas.core.creator import Locale


def written_date(when: date, *, locale: Locale, timezone: str) -> str:
    """21 November 2026, 21. November 2026; a moment's day is the one in the time zone."""
    from babel.dates import format_date

    return format_date(_there(when, timezone) if isinstance(when, datetime) else when, "long", locale=_babel(locale))


def written_time(when: datetime, *, locale: Locale, timezone: str) -> str:
    """14:05 CET, 14:05 MEZ."""
    from babel.dates import format_time

    return format_time(_there(when, timezone), "HH:mm z", locale=_babel(locale))


def written_datetime(when: datetime, *, locale: Locale, timezone: str) -> str:
    """The date and the time, joined as the language does."""
    from babel.dates import get_datetime_format

    joined = get_datetime_format("long", locale=_babel(locale))
    day = written_date(when, locale=locale, timezone=timezone)
    # The pattern quotes its own words: {1} 'um' {0}
    return str(joined).replace("'", "").format(written_time(when, locale=locale, timezone=timezone), day)


def _babel(locale: Locale) -> str:
    # English dates for readers everywhere: the day before the month, a clock of 24 hours.
    return "en_GB" if locale == "en" else locale


def _there(when: datetime, timezone: str) -> datetime:
    if when.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be shown")
    return when.astimezone(ZoneInfo(timezone))
