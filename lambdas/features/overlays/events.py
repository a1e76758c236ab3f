"""What the sources on stream are told, through the chat room: they are in it, and need no other connection.

Room events hold 1 kB of texts (IVS Chat, SendEvent). They may come twice: a settings or goal event says what is now, an
alert has an id by which a source knows that it has shown it.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from lambdas.core.entitlements import MEMBERSHIP
from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.overlays.address import reader_of
from lambdas.features.overlays.content import goal, settings
from lambdas.features.overlays.models import ADDRESS, GOAL, SETTINGS
from lambdas.platform.entitlements import BY_HAND, records_of
from lambdas.platform.services import Services

SETTINGS_CHANGED, GOAL_CHANGED = "overlays.settings.changed", "overlays.goal.changed"
ADDRESS_GONE = "overlays.address.gone"

# What sources hear in the room.
ROOM_SETTINGS, ROOM_GOAL, ROOM_ALERT = "prism:overlays", "prism:goal", "prism:alert"

FRESH = timedelta(minutes=10)
"""A membership that began longer ago than this is no news on stream."""


def what_happened(change: Change) -> Iterator[Event]:
    """Settings and goals change; an address that is replaced is gone."""
    row = change.new or change.old
    if row is None:
        return
    id = derived_id("evt", "overlays", row.id, change.sequence)
    if row.id in (SETTINGS, GOAL) and change.new is not None:
        name = SETTINGS_CHANGED if row.id == SETTINGS else GOAL_CHANGED
        yield Event(id=id, name=name, at=change.at, subject=row.id, correlation_id=row.correlation_id)
    old = change.old
    if row.id == ADDRESS and old is not None and (change.new is None or change.new.digest != old.digest):
        yield Event(
            id=id,
            name=ADDRESS_GONE,
            at=change.at,
            subject=reader_of(old.digest),
            correlation_id=row.correlation_id,
        )


def tell(event: Event, services: Services) -> None:
    """Tell the sources how things are now, whichever change it was about."""
    if event.name == SETTINGS_CHANGED:
        services.room.send_event(ROOM_SETTINGS, told(*settings()))
    else:
        services.room.send_event(ROOM_GOAL, told(*goal()))


def cut_off(event: Event, services: Services) -> None:
    """End the connections of the sources of an address that is gone; a new token they do not get."""
    services.room.disconnect(event.subject, reason="address")


def greet(event: Event, services: Services) -> None:
    """An alert for somebody who has just become a member, by themselves: what the team gives is not announced.

    It names nobody. A source knows the name of who has spoken in its room, where everybody could read it, and no other.
    """
    data = event.data
    if data.get("kind") != MEMBERSHIP or not data.get("given") or data.get("source") == BY_HAND:
        return
    if services.clock() - event.at > FRESH:
        return  # told late: nobody is surprised in the middle of the next show
    for record in records_of(event.subject):
        same = (record.kind, record.of, record.source) == (MEMBERSHIP, data.get("of"), data.get("source"))
        # A record that is renewed began long ago.
        if same and abs(event.at - record.since) <= FRESH:
            alert(
                services,
                "member",
                id=derived_id("alr", event.subject, record.id, record.since.isoformat()),
                person=event.subject,
            )


def alert(services: Services, kind: str, *, id: str, **more: str) -> None:
    """Show an alert on stream, once however often it is told under this id."""
    services.room.send_event(ROOM_ALERT, {"id": id, "kind": kind, **more})


def told(content: BaseModel, version: int) -> dict[str, str]:
    """As a room event or a token's answer has it: texts only."""
    values: Mapping[str, Any] = content.model_dump(mode="json")
    return {name: _text(value) for name, value in {**values, "version": version}.items()}


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
