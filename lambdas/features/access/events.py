"""What follows a change of what somebody holds."""

from collections.abc import Iterator

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id

CHANGED = "entitlement.changed"


def what_happened(change: Change) -> Iterator[Event]:
    """A record was given, ended, changed or deleted: `given` says whether it stands, at the moment of the change."""
    row = change.new or change.old
    if row is None:
        return
    given = change.new is not None and change.new.holding.holds(change.at)
    yield Event(
        id=derived_id("evt", CHANGED, row.person_id, row.id, change.sequence),
        name=CHANGED,
        at=change.at,
        subject=row.person_id,
        correlation_id=row.correlation_id,
        data={"kind": row.kind, "of": row.of, "source": row.source, "given": given},
    )
