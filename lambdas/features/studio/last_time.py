"""What "since you were last here" means, for each person."""

from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import PutError, UpdateError

from lambdas.features.studio.models import StudioVisit
from lambdas.platform.services import Services

ONE_VISIT = timedelta(minutes=30)
"""Whoever comes back within so long is still at the same visit: what was new to them stays new."""

NOTED_EVERY = timedelta(minutes=5)


def last_time(person_id: str, *, now: datetime) -> datetime | None:
    """When the person's visit before this one ended; None at their first. Notes that they are here."""
    try:
        row = StudioVisit.get(person_id, consistent_read=True)
    except StudioVisit.DoesNotExist:
        _begin(person_id, now)
        return None
    away = now - row.seen_at
    if away >= ONE_VISIT:
        _note(row, StudioVisit.since.set(row.seen_at), now=now)
        return row.seen_at
    if away >= NOTED_EVERY:
        _note(row, now=now)
    return row.since


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """When they were last here."""
    try:
        row = StudioVisit.get(person_id, consistent_read=True)
    except StudioVisit.DoesNotExist:
        return {}
    return {"last_visit": row.seen_at.isoformat()}


def forget(person_id: str, services: Services) -> None:
    """Delete it; a second time changes nothing."""
    StudioVisit(person_id).delete()


def _begin(person_id: str, now: datetime) -> None:
    try:
        StudioVisit(person_id, seen_at=now).save(condition=StudioVisit.person_id.does_not_exist())
    except PutError as error:
        _only_if_someone_was_quicker(error)


def _note(row: StudioVisit, *also: Any, now: datetime) -> None:
    """Move the visit on, from what was read: of two tabs opened at once one does, and both see the same as new."""
    seen_at = row.seen_at
    try:
        StudioVisit(row.person_id).update(
            actions=[StudioVisit.seen_at.set(now), *also], condition=StudioVisit.seen_at == seen_at
        )
    except UpdateError as error:
        _only_if_someone_was_quicker(error)


def _only_if_someone_was_quicker(error: PutError | UpdateError) -> None:
    if error.cause_response_code != "ConditionalCheckFailedException":
        raise error
