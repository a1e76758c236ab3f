"""What live knows of a person: for two days, which shows they were let in to."""

from collections.abc import Iterator
from typing import Any

from lambdas.features.live.ledger import standing
from lambdas.features.live.models import LiveViewer, iso
from lambdas.features.live.state import shows_of
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """When they last began to watch each show of the last days; nothing where there is none."""
    rows = list(_rows(person_id, services))
    shows = shows_of(row.show_id for row in rows)
    watched = [
        {
            "show": shows[row.show_id].title if row.show_id in shows else row.show_id,
            "began": iso(row.issued_at),
            "deleted_at": iso(row.expires_at),
        }
        for row in rows
    ]
    return {"watched": watched} if watched else {}


def forget(person_id: str, services: Services) -> None:
    """Delete what is known of it; a second time changes nothing."""
    for row in _rows(person_id, services):
        row.delete()


def _rows(person_id: str, services: Services) -> Iterator[LiveViewer]:
    """Rows expire after two days, and the ledger knows every show of four."""
    for run in standing(services).runs:
        try:
            yield LiveViewer.get(run.show_id, person_id, consistent_read=True)
        except LiveViewer.DoesNotExist:
            continue
