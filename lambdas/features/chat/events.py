"""What follows a change: the room is told of it, and an emote's picture is made. All of it may come twice, and late."""

from collections.abc import Iterator
from typing import Any

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.chat import emotes, room_settings, telling
from lambdas.features.chat.hours import opening
from lambdas.features.chat.models import Act
from lambdas.platform.services import Services

SETTINGS_CHANGED = "chat.settings.changed"
PIN_CHANGED = "chat.pin.changed"
MODERATED = "chat.moderated"
EMOTE_UPLOADED = "chat.emote.uploaded"
EMOTE_CHANGED = "chat.emote.changed"
EMOTE_GONE = "chat.emote.gone"


def of_the_room(change: Change) -> Iterator[Event]:
    """The room's settings are others, or another message is pinned."""
    old, new = change.old, change.new
    if new is None:
        return
    if new.version != (old.version if old is not None else 0):
        yield _event(SETTINGS_CHANGED, change, "room", new.correlation_id)
    if new.pinned != (old.pinned if old is not None else None):
        yield _event(PIN_CHANGED, change, "room", new.correlation_id)


def of_acts(change: Change) -> Iterator[Event]:
    """Something was done to a message or a person."""
    if change.old is None and change.new is not None:
        act = change.new
        yield _event(MODERATED, change, act.id, act.correlation_id, day=act.day)


def of_emotes(change: Change) -> Iterator[Event]:
    """An emote was sent, is ready, or is gone."""
    old, new = change.old, change.new
    if new is not None and new.upload and new.upload != (old.upload if old is not None else None):
        yield _event(EMOTE_UPLOADED, change, new.name, new.correlation_id, key=new.upload)
    before, after = (row.picture if row is not None else None for row in (old, new))
    row: Any = new if new is not None else old
    if before != after:
        yield _event(EMOTE_CHANGED, change, row.name, row.correlation_id)
    if before and before != after:
        yield _event(EMOTE_GONE, change, row.name, row.correlation_id, picture=before)


def tell_settings(event: Event, services: Services) -> None:
    """As they are by now: who is told late is told what holds."""
    telling.tell_settings(services, room_settings.read())


def tell_pin(event: Event, services: Services) -> None:
    """What is pinned by now."""
    telling.tell_pin(services, room_settings.read().pinned)


def tell_act(event: Event, services: Services) -> None:
    """Where the request that did it has not done so itself."""
    telling.tell(services, Act(event.data["day"], event.subject))


def prepare_emote(event: Event, services: Services) -> None:
    emotes.prepare(event.subject, event.data["key"], services)


def tell_emotes(event: Event, services: Services) -> None:
    emotes.forget_kept()
    services.room.send_event("prism:room", {"emotes": "1"})


def drop_emote(event: Event, services: Services) -> None:
    emotes.drop(event.data["picture"], services)


def tell_whom_it_is_for(event: Event, services: Services) -> None:
    """The show is for others than before, or the next one is: whoever is there asks at once whether they still are in the right place.

    Who has let themselves be counted is disconnected by `live`; guests have names that nobody knows, and sessions that are short.
    """
    if event.data["other_rule"] and opening(services.clock()) is not None:
        services.room.send_event("prism:room", {"audience": "1"})


def renew_token(event: Event, services: Services) -> None:
    """Whoever holds something else than before, or has left the team, asks for a new token: what one is stands in it.

    Only while the chat is open; afterwards nobody has one.
    """
    if opening(services.clock()) is not None:
        services.room.disconnect(event.subject, reason="access")


def _event(name: str, change: Change, subject: str, correlation_id: str, **data: Any) -> Event:
    return Event(
        id=derived_id("evt", name, subject, change.sequence),
        name=name,
        at=change.at,
        subject=subject,
        correlation_id=correlation_id,
        data=data,
    )
