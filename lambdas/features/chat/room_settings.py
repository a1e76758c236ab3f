"""The room's settings and what is pinned in it: read, changed with an entry of the audit log, never lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict, PreconditionFailed
from lambdas.features.chat.models import ROOM, ChatRoom
from lambdas.platform import audit
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

SlowSeconds = Literal[0, 3, 10, 30, 60, 120]
SLOW_SECONDS: tuple[SlowSeconds, ...] = get_args(SlowSeconds)
Links = Literal["everyone", "members", "team"]
LINKS: tuple[Links, ...] = get_args(Links)

_TRIES = 6


class RoomSettings(NamedTuple):
    """What a creator sets. `words` are as they were typed: `lambdas.core.chat_review.words` says how they are found."""

    slow_seconds: int = 0
    members_only: bool = False
    links: str = "everyone"
    words: tuple[str, ...] = ()
    team_badge: bool = True
    member_badge: bool = True


def read() -> ChatRoom:
    """The row as it is, or as it is before anybody has set anything."""
    try:
        return ChatRoom.get(ROOM, consistent_read=True)
    except ChatRoom.DoesNotExist:
        return ChatRoom(ROOM)


def settings_of(row: ChatRoom) -> RoomSettings:
    return RoomSettings(
        slow_seconds=int(row.slow_seconds),
        members_only=bool(row.members_only),
        links=row.links,
        words=tuple(row.words or ()),
        team_badge=bool(row.team_badge),
        member_badge=bool(row.member_badge),
    )


def save(wanted: RoomSettings, visit: Visit, *, seen: int) -> ChatRoom:
    """Make these the room's settings; the row as it stands then.

    PreconditionFailed where somebody else has saved since version `seen`. What is there already is not saved again.
    """

    def write() -> ChatRoom:
        row = read()
        if settings_of(row) == wanted and int(row.version) in {seen, seen + 1}:
            return row
        if row.version != seen or not _write(row, wanted, visit):
            raise PreconditionFailed(fix="Look at what stands now, then save again.")
        return read()

    return repeated(write)


def change(visit: Visit, changes: Mapping[str, Any]) -> ChatRoom:
    """Change some of the settings, whatever the others are by then; the row as it stands then."""

    def write() -> ChatRoom | None:
        row = read()
        wanted = settings_of(row)._replace(**changes)
        return row if wanted == settings_of(row) else (read() if _write(row, wanted, visit) else None)

    for _ in range(_TRIES):
        done = repeated(write)
        if done is not None:
            return done
    raise Conflict(fix="Try again in a moment.")


def pin(visit: Visit, message: Mapping[str, str]) -> ChatRoom:
    """Show a message ({"id", "content", "name", "sender"}) above all others, until another is pinned or it is taken down."""
    now = visit.services.clock()
    pinned = {**message, "by": visit.person.id, "at": now.isoformat()}
    noted = {"message": message["id"], "sender": message["sender"], "name": message["name"]}

    def write() -> None:
        with transaction(ChatRoom) as together:
            together.update(ChatRoom(ROOM), actions=[ChatRoom.pinned.set(pinned), *_by(visit)])
            together.save(audit.entry(visit, "chat.message.pinned", message["id"], after=noted))

    repeated(write)
    return read()


def unpin(visit: Visit) -> None:
    """Take down what is pinned; nothing happens where nothing is, or somebody has pinned another message meanwhile."""

    def write() -> None:
        row = read()
        if not row.pinned:
            return
        try:
            with transaction(ChatRoom) as together:
                unpinning(together, row, visit)
                together.save(audit.entry(visit, "chat.message.unpinned", row.pinned["id"]))
        except NotWritten:
            return

    repeated(write)


def unpinning(together: Any, row: ChatRoom, visit: Visit) -> None:
    """Add to a transaction what takes down the message that is pinned in `row`; NotWritten where it is another one by then."""
    together.update(
        ChatRoom(ROOM), actions=[ChatRoom.pinned.remove(), *_by(visit)], condition=ChatRoom.pinned == row.pinned
    )


def is_pinned(row: ChatRoom, since: datetime) -> bool:
    """Whether what is pinned belongs to a chat that began then: a pin does not outlive its show."""
    return bool(row.pinned) and datetime.fromisoformat(row.pinned["at"]) >= since


def _by(visit: Visit) -> Sequence[Action]:
    return (ChatRoom.correlation_id.set(visit.correlation_id),)


def _write(row: ChatRoom, wanted: RoomSettings, visit: Visit) -> bool:
    """Whether the settings could be written over those of `row`; not where somebody else was quicker."""
    old, before = settings_of(row), int(row.version)
    actions = [
        ChatRoom.slow_seconds.set(wanted.slow_seconds),
        ChatRoom.members_only.set(wanted.members_only),
        ChatRoom.links.set(wanted.links),
        ChatRoom.words.set(list(wanted.words)),
        ChatRoom.team_badge.set(wanted.team_badge),
        ChatRoom.member_badge.set(wanted.member_badge),
        ChatRoom.version.set(before + 1),
        ChatRoom.changed_by.set(visit.person.id),
        ChatRoom.changed_at.set(visit.services.clock()),
        *_by(visit),
    ]
    unchanged: Condition = (ChatRoom.version == before) if before else ChatRoom.version.does_not_exist()
    entry = audit.entry(visit, "chat.settings.changed", ROOM, before=_noted(old, wanted), after=_noted(wanted, old))
    try:
        with transaction(ChatRoom) as together:
            together.update(ChatRoom(ROOM), actions=actions, condition=unchanged)
            together.save(entry)
    except NotWritten:
        return False
    return True


def _noted(settings: RoomSettings, other: RoomSettings) -> dict[str, Any]:
    """What of the settings is not as in the other ones; of the words, those that are not in the other list."""
    differing = {name: value for name, value in settings._asdict().items() if value != getattr(other, name)}
    if "words" in differing:
        differing["words"] = sorted(set(settings.words) - set(other.words))
    return differing
