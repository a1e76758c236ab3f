"""What follows a saved section: the site as it is now."""

from collections.abc import Iterator

from lambdas.core.events import Change, Event
from lambdas.core.feature import EVERY_PAGE
from lambdas.core.ids import derived_id
from lambdas.platform.services import Services

CHANGED = "settings.section.changed"


def what_happened(change: Change) -> Iterator[Event]:
    """A section has a new version."""
    row = change.new
    if row is not None:
        yield Event(
            id=derived_id("evt", CHANGED, row.section, str(row.version)),
            name=CHANGED,
            at=row.at,
            subject=row.section,
            correlation_id=row.correlation_id,
            data={"version": row.version},
        )


def touched(event: Event, services: Services) -> tuple[str, ...]:
    """Colours, names of places and words stand on every page; those that stay as they were are not written again."""
    del event, services
    return (EVERY_PAGE,)
