"""The chat's tables: the room's rules, who may not write, what moderators did, and emotes.

Messages are not among them: what was said is kept by the room's log in CloudWatch, and by nobody else.
`chat-room` and `chat-people` are read by the review handler too (`lambdas/handlers/chat_review.py` says what of them).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.platform.tables import Table

ROOM = "room"
"""The id of a creator's one room, and the key under which all of its emotes are."""

BANNED_UNTIL = 9_999_999_999_999
"""`muted_until` of a ban: in the year 2286, in milliseconds."""

RESTRICTED = "yes"


class ChatRoom(Table):
    """The room's settings, what is pinned, and the names of its emotes.

    `version` grows with every change of the settings, and with nothing else. `links` is "everyone", "members" or "team".
    `pinned`: {"id", "content", "name", "sender", "by", "at"}. `emote_names` is what makes two emotes of one name, and one too
    many, impossible: each is added and taken away in one transaction with it.
    """

    class Meta:
        short_name = "chat-room"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    slow_seconds = NumberAttribute(default=0)
    members_only = BooleanAttribute(default=False)
    links = UnicodeAttribute(default="everyone")
    words: "ListAttribute[str]" = ListAttribute(null=True)
    team_badge = BooleanAttribute(default=True)
    member_badge = BooleanAttribute(default=True)
    version = NumberAttribute(default=0)
    changed_by = UnicodeAttribute(null=True)
    changed_at = UTCDateTimeAttribute(null=True)
    pinned = JSONAttribute(null=True)
    emote_names = UnicodeSetAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")


class Restricted(GlobalSecondaryIndex["ChatPerson"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Who may not write, by until when: `restricted` stands on those only, so a message costs this index nothing."""

    class Meta:
        index_name = "restricted"
        projection = KeysOnlyProjection()

    restricted = UnicodeAttribute(hash_key=True)
    muted_until = NumberAttribute(range_key=True)


class ChatPerson(Table):
    """A person in the chat, under the id that is theirs everywhere.

    `last_at` (milliseconds) is the review handler's: each message changes it, so this table has no stream. `muted_until`
    (milliseconds) holds for bans and time-outs; `banned` tells which. `name` is what they were called then, `by` who of the
    team did it. `version` grows with whatever the team does to them.
    """

    class Meta:
        short_name = "chat-people"

    id = UnicodeAttribute(hash_key=True)
    last_at = NumberAttribute(null=True)
    muted_until = NumberAttribute(null=True)
    restricted = UnicodeAttribute(null=True)
    banned = BooleanAttribute(null=True)
    name = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    since = UTCDateTimeAttribute(null=True)
    version = NumberAttribute(default=0)

    by_end = Restricted()

    def is_muted(self, now: datetime) -> bool:
        """Whether they may not write at `now`, by a time-out or a ban."""
        until: float = self.muted_until or 0
        return until >= milliseconds(now)

    @property
    def began_at(self) -> datetime | None:
        """Since when they may not write; None where they may."""
        return stored(self.since)

    @property
    def ends_at(self) -> datetime | None:
        """When a time-out ends; None for a ban, and where there is none."""
        if self.banned or not self.muted_until:
            return None
        return datetime.fromtimestamp(int(self.muted_until) / 1000, UTC)


DELETE, TIMEOUT, BAN, UNBAN, FORGET = ("delete", "timeout", "ban", "unban", "forget")
"""What can be done (`Act.kind`): to a message, to a person; and what the platform does for who deletes their account."""


class Act(Table):
    """One thing that was done to a message or a person, to be told to the room: the outbox of moderation, a partition a day (UTC).

    `message_id` or `person_id` says to what. `purge` says that what the person said before is to go from everyone's sight;
    after a ban it is not shown to newcomers either way. `told_at` is there once the room knows.
    """

    class Meta:
        short_name = "chat-acts"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    day = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    message_id = UnicodeAttribute(null=True)
    person_id = UnicodeAttribute(null=True)
    purge = BooleanAttribute(default=False)
    at = UTCDateTimeAttribute()
    told_at = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute()

    @property
    def told(self) -> bool:
        """Whether the room knows of it."""
        return stored(self.told_at) is not None

    @property
    def covers_until(self) -> datetime:
        """Up to when the person had said what is meant: IVS's clock and ours may differ a little."""
        return self.at + timedelta(seconds=2)

    @property
    def hides(self) -> bool:
        """Whether what the person had said until then is not shown any more."""
        return self.purge or self.kind in {BAN, FORGET}


class Emote(Table):
    """A small picture that people write as `:name:`. `upload` is one being prepared, `fault` why it could not be.

    `picture` is its address once it is there. One that is `for_members` is drawn in messages of members and of the team only.
    """

    class Meta:
        short_name = "chat-emotes"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    room = UnicodeAttribute(hash_key=True, default=ROOM)
    name = UnicodeAttribute(range_key=True)
    for_members = BooleanAttribute(default=False)
    upload = UnicodeAttribute(null=True)
    fault = UnicodeAttribute(null=True)
    picture = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    added_at = UTCDateTimeAttribute()
    correlation_id = UnicodeAttribute(default="")


def stored(moment: Any) -> datetime | None:
    """What an attribute holds that may be absent: pynamodb says of each that it is there."""
    value: datetime | None = moment
    return value


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def day_of(moment: datetime) -> str:
    """The partition of `Act` for what is done at this moment."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
