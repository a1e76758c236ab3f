"""Entitlement records: what a person holds, and who says so. The port that memberships and purchases write.

A record is one row: whose, of what kind (`lambdas.core.entitlements`), of what (a tier), by which source, since when and
until when. Each source has its own rows ("hand", "membership/mem_…"), so that none can end what another gave:

    write.save(entitlements.given(person_id, kind=MEMBERSHIP, of="gold", source="membership/mem_01…", since=now, until=None))
    entitlements.end(write, person_id, kind=MEMBERSHIP, of="gold", source="membership/mem_01…", at=now)

both in one transaction with what they follow from (a payment, a cancellation, an entry of the audit log). The same
record given again replaces the one before: a repeated event changes nothing. The table's stream tells the rest of the
platform (`entitlement.changed`): whoever loses access in the middle of a show is revoked then.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.core.entitlements import NOBODY, Holding, Viewer
from lambdas.platform.tables import Table

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

    from lambdas.platform.visit import Visit

BY_HAND = "hand"
"""The source of what somebody of the team gave in the studio."""


class ByHand(GlobalSecondaryIndex["Entitlement"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """What was given by hand, in the order in which it was: `hand` stands on those only."""

    class Meta:
        index_name = "by-hand"
        projection = KeysOnlyProjection()

    hand = UnicodeAttribute(hash_key=True)
    since = UTCDateTimeAttribute(range_key=True)


class Entitlement(Table):
    """One thing that one person holds, by one source. `until` is absent where it has no end; one that is over stays, and says so.

    `by` is who of the team gave it, `note` why: both only where it was given by hand.
    """

    class Meta:
        short_name = "entitlements"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    person_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    of = UnicodeAttribute()
    source = UnicodeAttribute()
    since = UTCDateTimeAttribute()
    until = UTCDateTimeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    hand = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")

    by_hand = ByHand()

    @property
    def holding(self) -> Holding:
        return Holding(kind=self.kind, of=self.of, since=self.since, until=self.until)


def record_id(*, kind: str, of: str, source: str) -> str:
    """The range key: one record a kind, thing and source."""
    return f"{kind}#{of}#{source}"


def given(
    person_id: str,
    *,
    kind: str,
    of: str,
    source: str,
    since: datetime,
    until: datetime | None,
    by: str | None = None,
    note: str | None = None,
    correlation_id: str = "",
) -> Entitlement:
    """The record, to be saved in a transaction with what it follows from."""
    return Entitlement(
        person_id,
        record_id(kind=kind, of=of, source=source),
        kind=kind,
        of=of,
        source=source,
        since=since,
        until=until,
        by=by,
        note=note,
        hand=BY_HAND if source == BY_HAND else None,
        correlation_id=correlation_id,
    )


def end(write: "TransactWrite", person_id: str, *, kind: str, of: str, source: str, at: datetime) -> None:
    """Add to a transaction what ends a record at this moment; NotWritten where there is none, or it is over by then."""
    row = Entitlement(person_id, record_id(kind=kind, of=of, source=source))
    lasts = Entitlement.until.does_not_exist() | (Entitlement.until > at)
    write.update(row, actions=[Entitlement.until.set(at)], condition=Entitlement.person_id.exists() & lasts)


def records_of(person_id: str) -> tuple[Entitlement, ...]:
    """All that a person holds and has held, by one consistent query."""
    return tuple(Entitlement.query(person_id, consistent_read=True))


def viewer_of(visit: "Visit") -> Viewer:
    """Who asks, for `decide`: nobody, or the person with what they hold (one query) and whether they are on the team."""
    if visit.session is None:
        return NOBODY
    return viewer(visit.session.person_id, on_the_team=visit.standing.on_the_team)


def viewer(person_id: str, *, on_the_team: bool) -> Viewer:
    """A person, for `decide`."""
    held = tuple(record.holding for record in records_of(person_id))
    return Viewer(person_id=person_id, on_the_team=on_the_team, holdings=held)
