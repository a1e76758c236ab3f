"""What is known of what a person holds."""

from typing import Any

from lambdas.platform.entitlements import Entitlement, records_of
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """Everything they hold and held; nothing where there is none."""
    records = [
        {
            "kind": record.kind,
            "of": record.of,
            "source": record.source,
            "since": record.since.isoformat(),
            "until": until.isoformat() if (until := record.holding.until) is not None else None,
            "note": record.note or "",
        }
        for record in records_of(person_id)
    ]
    return {"held": records} if records else {}


def forget(person_id: str, services: Services) -> None:
    """Delete all of it; a second time changes nothing."""
    with Entitlement.batch_write() as batch:
        for record in records_of(person_id):
            batch.delete(record)
