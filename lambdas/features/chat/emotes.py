"""Emotes: small pictures with a name, sent in the studio, made by the worker, drawn by clients where somebody writes `:name:`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import size
from pynamodb.expressions.update import Action

from lambdas.core.errors import NotFound
from lambdas.features.chat.models import ROOM, ChatRoom, Emote
from lambdas.features.chat.refusals import EmoteNameTaken, EmotesFull
from lambdas.platform import audit
from lambdas.platform.pictures import EMOTES, NotAPicture, drop_picture, keep_upload, make_picture
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

if TYPE_CHECKING:
    from lambdas.platform.services import Services

MOST = 60
SIZE = 112
"""Pixels: four times the size of a line of text on a plain screen, so that large screens have what they need."""

NAME = r"^[a-z0-9_]{2,20}$"

_KEPT = timedelta(seconds=5)


class _Kept(NamedTuple):
    table: str
    read_at: datetime
    emotes: tuple[Emote, ...]


_kept: _Kept | None = None


def all_emotes() -> tuple[Emote, ...]:
    """Every emote by name, those that are being prepared too, as they are now."""
    return tuple(Emote.query(ROOM, consistent_read=True))


def ready(now: datetime) -> tuple[Emote, ...]:
    """Those that have a picture, at most five seconds old: every token asks."""
    global _kept
    table = Emote.Meta.table_name  # type: ignore[attr-defined]  # pynamodb and `bind` set it
    if _kept is None or _kept.table != table or not timedelta(0) <= now - _kept.read_at < _KEPT:
        _kept = _Kept(table, now, tuple(emote for emote in all_emotes() if emote.picture))
    return _kept.emotes


def forget_kept() -> None:
    """Have the next one who asks read them anew."""
    global _kept
    _kept = None


def add(visit: Visit, *, name: str, content: bytes, for_members: bool) -> Emote:
    """Keep a new emote's picture until the worker has made one of it, within seconds.

    NotAPicture, TooLarge; EmoteNameTaken, EmotesFull: two who add at once cannot make one too many.
    """
    key = keep_upload(content, visit.services)
    emote = Emote(
        ROOM,
        name,
        for_members=for_members,
        upload=key,
        by=visit.person.id,
        added_at=visit.services.clock(),
        correlation_id=visit.correlation_id,
    )
    free = ChatRoom.emote_names.does_not_exist() | (
        (size(ChatRoom.emote_names) < MOST) & ~ChatRoom.emote_names.contains(name)  # type: ignore[no-untyped-call]
    )
    entry = audit.entry(visit, "chat.emote.added", name, after={"name": name, "for_members": for_members})

    def write() -> None:
        with transaction(Emote) as together:
            together.update(ChatRoom(ROOM), actions=[ChatRoom.emote_names.add({name})], condition=free)
            together.save(emote, condition=Emote.room.does_not_exist())
            together.save(entry)

    try:
        repeated(write)
    except NotWritten:
        if find(name) is not None:
            raise EmoteNameTaken(fix="Choose another name, or delete the other one first.") from None
        raise EmotesFull(f"There are {MOST} emotes.", fix="Delete one first.") from None
    return emote


def delete(visit: Visit, name: str) -> None:
    """Take an emote away, with its picture; NotFound where there is none of this name."""
    emote = find(name)
    if emote is None:
        raise NotFound("There is no emote of this name.")
    before = {"name": name, "for_members": bool(emote.for_members)}

    def write() -> None:
        with transaction(Emote) as together:
            together.update(ChatRoom(ROOM), actions=[ChatRoom.emote_names.delete({name})])
            together.delete(Emote(ROOM, name), condition=Emote.added_at == emote.added_at)
            together.save(audit.entry(visit, "chat.emote.deleted", name, before=before))

    try:
        repeated(write)
    except NotWritten:
        raise NotFound("There is no emote of this name any more.") from None
    forget_kept()


def find(name: str) -> Emote | None:
    try:
        return Emote.get(ROOM, name, consistent_read=True)
    except Emote.DoesNotExist:
        return None


def prepare(name: str, key: str, services: "Services") -> None:
    """Make the picture of what was sent, and show it; one that was deleted in the meantime is not shown, and removed again."""
    try:
        made = make_picture(key, services, size=SIZE, folder=EMOTES)
    except NotAPicture:
        _settle(name, key, [Emote.fault.set("no_picture"), Emote.upload.remove()])
        return
    if not _settle(name, key, [Emote.picture.set(made), Emote.upload.remove()]):
        emote = find(name)
        if emote is None or emote.picture != made:
            drop_picture(made, services)


def drop(picture: str, services: "Services") -> None:
    """Remove the picture of an emote that is gone."""
    drop_picture(picture, services)


def _settle(name: str, key: str, actions: list[Action]) -> bool:
    """Whether this upload was still the emote's: what came of it is noted."""
    try:
        Emote(ROOM, name).update(actions=actions, condition=Emote.upload == key)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True
