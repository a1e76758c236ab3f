"""Shows for people's calendars: iCalendar (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from lambdas.features.live.models import CANCELLED, Show

_USUAL = timedelta(hours=1)
"""Of a show of which nobody said how long it takes."""


def calendar(shows: Iterable[Show], *, name: str, domain: str, url: str) -> str:
    """The file: lines end with CRLF, none is longer than 75 octets (3.1)."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(domain)}//PRISM//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *(line for show in shows for line in _event(show, domain=domain, url=url)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(show: Show, *, domain: str, url: str) -> Iterator[str]:
    starts_at = show.starts_at
    if starts_at is None:
        return
    ends_at = starts_at + (timedelta(minutes=int(show.minutes)) if show.minutes else _USUAL)
    yield "BEGIN:VEVENT"
    yield f"UID:{show.id}@{domain}"
    # When this was last changed is not kept; a later version has a higher number, which is what calendars go by (3.8.7.4).
    yield f"DTSTAMP:{_moment(starts_at)}"
    yield f"SEQUENCE:{int(show.version)}"
    yield f"DTSTART:{_moment(starts_at)}"
    yield f"DTEND:{_moment(ends_at)}"
    yield f"SUMMARY:{_text(show.title)}"
    if show.description:
        yield f"DESCRIPTION:{_text(show.description)}"
    if show.category:
        yield f"CATEGORIES:{_text(show.category)}"
    yield f"URL:{url}"
    yield f"STATUS:{'CANCELLED' if show.state == CANCELLED else 'CONFIRMED'}"
    yield "END:VEVENT"


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """TEXT (3.3.11): backslash, semicolon and comma escaped, line breaks as \\n."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, each but the first after a space, none of them cutting a character in two."""
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > 75:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + width
    yield piece
