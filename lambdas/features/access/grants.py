"""Giving membership by hand, and ending it: for guests, helpers, winners, and until memberships can be bought."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lambdas.core.entitlements import ANY_TIER, MEMBERSHIP
from lambdas.core.errors import FieldError, Invalid, NotFound
from lambdas.platform import audit
from lambdas.platform.entitlements import BY_HAND, Entitlement, end, given
from lambdas.platform.people import find, people_of
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

SHOWN = 200


class Unknown(Invalid):
    """Nobody has an account with this address."""

    def __init__(self) -> None:
        field = FieldError(path="email", code="unknown_person", message="Nobody has an account with this address.")
        super().__init__(fix="Ask them to sign up first.", fields=(field,))


class Past(Invalid):
    """The last day is over already."""

    def __init__(self) -> None:
        field = FieldError(path="until", code="past", message="This day is over already.")
        super().__init__(fix="Choose today or a later day.", fields=(field,))


@dataclass(frozen=True, kw_only=True)
class Given:
    """Something given by hand: whose (by name, empty where the account is gone), by whom, and whether it still stands."""

    record: Entitlement
    name: str
    email: str
    by: str
    stands: bool


def give(visit: Visit, *, email: str, last_day: date | None, note: str) -> Entitlement:
    """Make the person with this address a member until the end of a day (None: for good). What was given before is replaced.

    Days are those of the creator's time zone. Unknown, Past.
    """
    services = visit.services
    person_id = find(email)
    if person_id is None:
        raise Unknown
    now = services.clock()
    until = _end_of(last_day, services.settings.creator().timezone) if last_day is not None else None
    if until is not None and until <= now:
        raise Past
    record = given(
        person_id,
        kind=MEMBERSHIP,
        of=ANY_TIER,
        source=BY_HAND,
        since=now,
        until=until,
        by=visit.person.id,
        note=note or None,
        correlation_id=visit.correlation_id,
    )
    after = {"until": until.isoformat() if until is not None else None}

    def write_all() -> None:
        with transaction(Entitlement) as write:
            write.save(record)
            write.save(audit.entry(visit, "access.membership.given", person_id, after=after))

    repeated(write_all)
    return record


def take(visit: Visit, person_id: str) -> None:
    """End what somebody was given by hand, now. NotFound where nothing was, or it is over."""

    def write_all() -> None:
        with transaction(Entitlement) as write:
            end(write, person_id, kind=MEMBERSHIP, of=ANY_TIER, source=BY_HAND, at=visit.services.clock())
            write.save(audit.entry(visit, "access.membership.ended", person_id))

    try:
        repeated(write_all)
    except NotWritten:
        raise NotFound("Nothing was given to them by hand, or it has ended already.") from None


def listed(visit: Visit) -> tuple[Given, ...]:
    """What was given by hand, the newest first, at most `SHOWN`; a moment behind the table."""
    keys = Entitlement.by_hand.query(BY_HAND, scan_index_forward=False, limit=SHOWN)
    records = list(Entitlement.batch_get([(row.person_id, row.id) for row in keys]))
    people = people_of({record.person_id for record in records} | {record.by for record in records if record.by})
    now = visit.services.clock()
    return tuple(
        Given(
            record=record,
            name=people[record.person_id].name if record.person_id in people else "",
            email=people[record.person_id].email if record.person_id in people else "",
            by=people[record.by].name if record.by in people else "",
            stands=record.holding.holds(now),
        )
        for record in sorted(records, key=lambda record: record.since, reverse=True)
    )


def _end_of(day: date, timezone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone)).astimezone(ZoneInfo("UTC"))
