"""Videos: what came of recordings, where their objects are, and how far people have watched."""

from datetime import datetime

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from lambdas.core.entitlements import AUDIENCES, Rule
from lambdas.platform.tables import Table

RECORDING, PREPARING, DRAFT, PUBLISHED, FAILED, DELETED, GONE = STATES = (
    "recording",
    "preparing",
    "draft",
    "published",
    "failed",
    "deleted",
    "gone",
)
"""Where a video is. A deleted one can be brought back for a day; of one that is gone only its name is left, so that an event
of its recording that comes late makes no second one."""

SHELF = "videos"
"""The partition of all videos: they are read together and consistently, to list and to publish them. A creator has hundreds."""

CHOICES = "choices"


class Chapter(MapAttribute[str, object]):
    """A place in a video, and what it is called."""

    ms = NumberAttribute()
    label = UnicodeAttribute()


class Video(Table):
    """One video.

    `version` grows with whatever a person does and is the condition of the next. `step` grows with whatever the worker does:
    each step is one write, and its stream record begins the next (`moving.py`). `goal` is the state it comes to once it is
    prepared, `was` the one it had before it was deleted, `delete_after` when its objects go.

    Of its objects: `place` is the prefix where they can be played, empty while there is none. A move copies from `origin` to
    `to`, in `phase`, and has come as far as the key `cursor`; `leftovers` are prefixes that are to be removed, once there is
    no move. `source` is the recording as IVS made it. A name below a place is never used twice.

    `wanted_picture` is what the worker is to make the thumbnail of, `picture` where it is without "-640.webp"; `frames` is
    how many pictures of the recording there are to choose from.
    """

    class Meta:
        short_name = "videos"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    shelf = UnicodeAttribute(hash_key=True, default=SHELF)
    id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    goal = UnicodeAttribute(default=DRAFT)
    was = UnicodeAttribute(null=True)
    why_failed = UnicodeAttribute(default="")
    recorded_at = UTCDateTimeAttribute()
    published_at = UTCDateTimeAttribute(null=True)
    title = UnicodeAttribute(default="")
    description = UnicodeAttribute(default="")
    audience = UnicodeAttribute(default="everyone")
    tiers: "ListAttribute[str]" = ListAttribute(null=True)
    show_id = UnicodeAttribute(default="")
    duration_ms = NumberAttribute(default=0)
    chapters: "ListAttribute[Chapter]" = ListAttribute(of=Chapter, null=True)

    source = UnicodeAttribute(default="")
    place = UnicodeAttribute(default="")
    origin = UnicodeAttribute(default="")
    to = UnicodeAttribute(default="")
    phase = UnicodeAttribute(default="")
    cursor = UnicodeAttribute(default="")
    leftovers: "ListAttribute[str]" = ListAttribute(null=True)
    step = NumberAttribute(default=0)
    stepped_at = UTCDateTimeAttribute()

    frames = NumberAttribute(default=0)
    wanted_picture = UnicodeAttribute(null=True)
    picture = UnicodeAttribute(default="")
    picture_fault = BooleanAttribute(default=False)

    version = NumberAttribute(default=1)
    changed_by = UnicodeAttribute(null=True)
    changed_at = UTCDateTimeAttribute(null=True)
    delete_after = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute(null=True)

    @property
    def rule(self) -> Rule:
        """Whom it is for. A word that this release does not know is for members only: rather too few than too many."""
        audience = next((one for one in AUDIENCES if one == self.audience), AUDIENCES[-1])
        return Rule(audience=audience, tiers=tuple(self.tiers or ()))

    @property
    def marks(self) -> tuple[Chapter, ...]:
        """The chapters, in their order."""
        return tuple(self.chapters or ())

    @property
    def master(self) -> str:
        """The address of the playlist that a player begins with, empty while there is none."""
        return f"/{self.place}master.m3u8" if self.place else ""

    @property
    def thumbnails(self) -> dict[int, str]:
        """The addresses of its picture, by width; empty while there is none."""
        return {width: f"/{self.picture}-{width}.webp" for width in WIDTHS} if self.picture else {}

    def is_late(self, now: datetime) -> bool:
        """Whether a recording should have ended long ago: IVS ends the longest one after two days, and nobody streams a whole one."""
        return self.state == RECORDING and (now - self.recorded_at).total_seconds() >= 86_400


WIDTHS = (640, 1280)
"""How wide a video's picture is made, in pixels; 16:9."""


class Choices(Table):
    """What the creator chose for all videos: one row. `recordings` is the state in which recordings appear."""

    class Meta:
        short_name = "video-choices"

    id = UnicodeAttribute(hash_key=True, default=CHOICES)
    recordings = UnicodeAttribute(default=DRAFT)
    version = NumberAttribute(default=0)


class Progress(Table):
    """How far somebody has watched a video, and when that was so."""

    class Meta:
        short_name = "video-progress"

    person_id = UnicodeAttribute(hash_key=True)
    video_id = UnicodeAttribute(range_key=True)
    ms = NumberAttribute()
    at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
