"""Searching the log, and giving it out as a file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lambdas.core.errors import Invalid
from lambdas.platform.audit import KEPT, AuditEntry, backwards

if TYPE_CHECKING:
    from lambdas.platform.services import Services

SHOWN = 50
READ_AT_MOST = 2000
"""So many entries does one search look at: then it says how far back it got, and goes on when it is asked to."""

READ_FOR_A_FILE = 20_000
"""So many entries does one file look through: more would take longer than a function has."""

GIVEN_AT_MOST = 5000
GIVEN_BYTES = 4_000_000
"""What fits into one answer of a function."""

Format = Literal["csv", "json"]

Day = Annotated[date | None, BeforeValidator(lambda given: given or None)]
"""A form's date, which may be empty."""


class TooManyEntries(Invalid):
    code = "too_many_entries"
    title = "That is more than one file can hold"


class Search(BaseModel):
    """What is looked for; empty for whatever it may be. Days are the creator's, both included."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True)

    person: Annotated[str, Field(max_length=40)] = ""
    action: Annotated[str, Field(max_length=80)] = ""
    subject: Annotated[str, Field(max_length=120)] = ""
    since: Day = None
    until: Day = None
    q: Annotated[str, Field(max_length=80, description="Words in names, actions, addresses, before and after")] = ""
    older: Annotated[str, Field(max_length=40, description="On from this entry")] = ""

    def fits(self, entry: AuditEntry) -> bool:
        return (
            self.person in ("", entry.actor)
            and self.action in ("", entry.action)
            and self.subject in ("", entry.subject)
            and all(word in _words_of(entry) for word in self.q.casefold().split())
        )


class Export(Search):
    format: Format


@dataclass(frozen=True, kw_only=True)
class Found:
    """`older` is where to go on, empty where there is no more. `back_to`: looking stopped there, and there may be more."""

    entries: tuple[AuditEntry, ...]
    older: str = ""
    back_to: datetime | None = None


def search(wanted: Search, services: "Services") -> Found:
    """The newest entries that fit, at most 50, of the newest 2,000 there are."""
    found: list[AuditEntry] = []
    last: AuditEntry | None = None
    for looked_at, entry in enumerate(_there(wanted, services)):
        if looked_at == READ_AT_MOST:
            assert last is not None
            return Found(entries=tuple(found), older=last.id, back_to=last.at)
        if wanted.fits(entry):
            if len(found) == SHOWN:
                return Found(entries=tuple(found), older=found[-1].id)
            found.append(entry)
        last = entry
    return Found(entries=tuple(found))


def export(wanted: Export, services: "Services") -> tuple[str, int]:
    """A file of all that fits, and how many entries it has; TooManyEntries where it would be cut off, or too many are looked through."""
    fitting = (entry for entry in _looked_through(_there(wanted, services)) if wanted.fits(entry))
    entries = islice(fitting, GIVEN_AT_MOST + 1)
    text, count = (_as_csv if wanted.format == "csv" else _as_json)(entries)
    return text, count


def _looked_through(entries: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
    for number, entry in enumerate(entries):
        if number == READ_FOR_A_FILE:
            raise TooManyEntries(fix="Choose fewer days.")
        yield entry


def _there(wanted: Search, services: "Services") -> Iterator[AuditEntry]:
    now, zone = services.clock(), ZoneInfo(services.creator.timezone)
    oldest, newest = now - KEPT, now + timedelta(minutes=1)

    def begin(day: date) -> datetime:
        # Nothing is older than what is kept, or to come: a year that was mistyped asks no thousand empty months.
        nearest = min(max(day, oldest.date() - timedelta(days=1)), newest.date() + timedelta(days=2))
        return min(max(datetime.combine(nearest, time(), zone), oldest), newest)

    since = begin(wanted.since) if wanted.since else oldest
    until = begin(_next(wanted.until)) if wanted.until else newest
    return backwards(since=since, until=until, older_than=wanted.older)


def _next(day: date) -> date:
    return min(day, date.max - timedelta(days=1)) + timedelta(days=1)


def _words_of(entry: AuditEntry) -> str:
    said = (entry.actor_name, entry.action, entry.subject, entry.before, entry.after, entry.address, entry.agent)
    return " ".join(said).casefold()


COLUMNS = (
    "at",
    "action",
    "actor_name",
    "actor",
    "role",
    "subject",
    "before",
    "after",
    "address",
    "agent",
    "id",
    "correlation_id",
)


def _as_csv(entries: Iterable[AuditEntry]) -> tuple[str, int]:
    # With the mark of its encoding: spreadsheets take it for something else without.
    file = io.StringIO("\ufeff")
    file.seek(0, io.SEEK_END)
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for count, entry in enumerate(entries, 1):
        writer.writerow([harmless(str(value)) for value in _plain(entry).values()])
        _must_fit(count, file.tell())
    return file.getvalue(), count


def _as_json(entries: Iterable[AuditEntry]) -> tuple[str, int]:
    rows: list[str] = []
    size = 0
    for entry in entries:
        value = _plain(entry) | {"before": json.loads(entry.before), "after": json.loads(entry.after)}
        rows.append(json.dumps(value, ensure_ascii=False))
        size += len(rows[-1])
        _must_fit(len(rows), size)
    return '{"entries": [\n' + ",\n".join(rows) + "\n]}\n", len(rows)


def _must_fit(count: int, size: int) -> None:
    if count > GIVEN_AT_MOST or size > GIVEN_BYTES:
        raise TooManyEntries(fix="Choose fewer days, a person or an action.")


def _plain(entry: AuditEntry) -> dict[str, str]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": entry.at.isoformat()}


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: what somebody typed would be computed on the reader's machine."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value before and after, as text; empty where there was or is none."""

    path: str
    before: str
    after: str


def subject_of(entry: AuditEntry) -> str:
    """What an entry is about, in its own words: an address, a name; its id where it says none."""
    for told in (json.loads(entry.after), json.loads(entry.before)):
        for name in ("email", "name", "title"):
            if isinstance(told.get(name), str) and told[name]:
                return str(told[name])
    return entry.subject


def differences(entry: AuditEntry) -> tuple[Difference, ...]:
    """What an entry says of before and after, value by value, in the order of their names."""
    before, after = (dict(_leaves(json.loads(text), "")) for text in (entry.before, entry.after))
    return tuple(
        Difference(path=path, before=before.get(path, ""), after=after.get(path, ""))
        for path in sorted({*before, *after})
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
        yield path, "\n".join(_text(one) for one in value)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _leaves(inner, f"{path}.{number}")
    elif path:
        yield path, _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value in (None, {}) else json.dumps(value, ensure_ascii=False)
