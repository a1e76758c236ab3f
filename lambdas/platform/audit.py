"""What was done: who did what to what, from where, before and after. Written with the change, never changed.

The functions may add to this table and read it, and nothing else (`append_only`: their rights say so).
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.core.ids import new_id
from lambdas.platform.tables import Table

if TYPE_CHECKING:
    from lambdas.platform.services import Services
    from lambdas.platform.visit import Visit

KEPT = timedelta(days=730)

PLATFORM = "platform"
"""Who did it, where nobody did: what follows from a schedule or an event."""

_ID = re.compile(r"aud_[0-7][0-9A-HJKMNP-TV-Z]{25}")


class AuditEntry(Table):
    """One thing that someone did, in the month it was done ("2026-03"), in the order of time.

    `before` and `after` are JSON objects; `agent` and `address` where from.
    """

    class Meta:
        short_name = "audit-log"
        append_only = True

    month = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    at = UTCDateTimeAttribute()
    actor = UnicodeAttribute()
    actor_name = UnicodeAttribute()
    role = UnicodeAttribute()
    action = UnicodeAttribute()
    subject = UnicodeAttribute()
    before = UnicodeAttribute(default="{}")
    after = UnicodeAttribute(default="{}")
    address = UnicodeAttribute(default="")
    agent = UnicodeAttribute(default="")
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute()


def entry(
    visit: "Visit",
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """What the signed-in person does ("team.role.changed" to "per_…"), to be saved in one transaction with it.

    `before` and `after` hold what changed, JSON-ready, without secrets.
    """
    assert visit.session is not None, "only who is signed in does anything that is audited"
    now = visit.services.clock()
    return AuditEntry(
        f"{now:%Y-%m}",
        new_id("aud", at=now),
        at=now,
        actor=visit.session.person_id,
        actor_name=visit.person.name,
        role=visit.standing.role,
        action=action,
        subject=subject,
        before=_json(before),
        after=_json(after),
        address=visit.address,
        agent=visit.agent,
        correlation_id=visit.correlation_id,
        expires_at=now + KEPT,
    )


def own_entry(
    services: "Services", action: str, subject: str, *, before: Mapping[str, Any] | None = None
) -> AuditEntry:
    """What the platform does by itself, to be saved in one transaction with it."""
    now = services.clock()
    return AuditEntry(
        f"{now:%Y-%m}",
        new_id("aud", at=now),
        at=now,
        actor=PLATFORM,
        actor_name="",
        role="",
        action=action,
        subject=subject,
        before=_json(before),
        expires_at=now + KEPT,
    )


def find(id: str) -> AuditEntry | None:
    """One entry, by its id alone; None where there is none."""
    month = _month_of(id)
    if month is None:
        return None
    return next(iter(AuditEntry.query(month, AuditEntry.id == id)), None)


def backwards(*, since: datetime, until: datetime, older_than: str = "") -> Iterator[AuditEntry]:
    """Every entry from `until` (not itself) back to `since`, newest first, or on from the entry `older_than`.

    A query a month, a page of it at a time: what is not asked for any more is not read. An `older_than` that is no
    entry's id gives nothing.
    """
    high = _first_id(until)
    if older_than:
        if not _ID.fullmatch(older_than):
            return
        high = min(high, older_than)
    low = _first_id(since)
    month = _month_of(high) if low < high else None
    while month is not None and month >= f"{since.astimezone(UTC):%Y-%m}":
        for entry in AuditEntry.query(month, AuditEntry.id.between(low, high), scan_index_forward=False, page_size=200):
            if entry.id != high:
                yield entry
        month = _month_before(month)


def _first_id(moment: datetime) -> str:
    """No entry of this moment or later has a smaller id: a ULID is its millisecond, then chance."""
    return new_id("aud", at=moment)[:14] + "0" * 16


def _month_of(id: str) -> str | None:
    from ulid import ULID

    if not _ID.fullmatch(id):
        return None
    try:
        return f"{ULID.from_str(id.removeprefix('aud_')).datetime.astimezone(UTC):%Y-%m}"
    except (ValueError, OverflowError):
        # It names a year that no calendar has.
        return None


def _month_before(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def _json(value: Mapping[str, Any] | None) -> str:
    return json.dumps(dict(value or {}), ensure_ascii=False, sort_keys=True)
