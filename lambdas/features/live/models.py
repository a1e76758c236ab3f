"""Shows, their streams, how many watched, and who may be watching now."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, overload

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.core.entitlements import AUDIENCES, Rule
from lambdas.platform.tables import Table

if TYPE_CHECKING:

    class _Moment(UTCDateTimeAttribute):
        """To mypy: a moment that may not be there. pynamodb's own type says that it always is."""

        @overload  # type: ignore[override]
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: Any, owner: Any) -> datetime | None: ...
        def __get__(self, instance: Any, owner: Any) -> Self | datetime | None: ...

        def __set__(self, instance: Any, value: datetime | None) -> None: ...

else:
    _Moment = UTCDateTimeAttribute

SCHEDULED, LIVE, ENDED, CANCELLED = STATES = ("scheduled", "live", "ended", "cancelled")

SHOW, STREAM = "show", "stream"
"""What every show and every stream says of itself, so that all are found without a scan."""


class Shows(GlobalSecondaryIndex["Show"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Every show by its time: when it began, or is to begin."""

    class Meta:
        index_name = "shows"
        projection = KeysOnlyProjection()

    kind = UnicodeAttribute(hash_key=True)
    at = UTCDateTimeAttribute(range_key=True)


class Marker(MapAttribute[str, object]):
    """A moment of a show that somebody wants to find again."""

    at = UTCDateTimeAttribute()
    label = UnicodeAttribute(default="")


class Show(Table):
    """One show: planned, on, over, or called off.

    `description` is Markdown. `tiers` narrows "members". `starts_at` and `minutes` (0: nobody said) are there where it was
    planned; `started_at`, `ended_at`, `streams` and the figures where it was on. `missed` says that nobody streamed it in its
    time. `cover` is the address of its picture without width and ending, `upload` one being prepared and `upload_fault` why the
    last could not be. `video` is the path of its recording's page, once there is one.
    `version` grows with what people do to it and is the condition of the next. Every write goes through the ledger
    (`ledger.py`), whose version is the condition of all.
    """

    class Meta:
        short_name = "live-shows"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(default=SHOW)
    at = UTCDateTimeAttribute()
    state = UnicodeAttribute()
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    category = UnicodeAttribute(default="")
    audience = UnicodeAttribute(default="everyone")
    tiers: "ListAttribute[str]" = ListAttribute(null=True)
    starts_at = _Moment(null=True)
    minutes = NumberAttribute(default=0)
    started_at = _Moment(null=True)
    ended_at = _Moment(null=True)
    missed = UnicodeAttribute(null=True)
    streams: "ListAttribute[str]" = ListAttribute(null=True)
    peak = NumberAttribute(null=True)
    average = NumberAttribute(null=True)
    markers: "ListAttribute[Marker]" = ListAttribute(of=Marker, null=True)
    cover = UnicodeAttribute(null=True)
    upload = UnicodeAttribute(null=True)
    upload_fault = UnicodeAttribute(null=True)
    video = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    changed_by = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")

    by_time = Shows()

    @property
    def rule(self) -> Rule:
        return rule_of(self.audience, self.tiers or ())


def rule_of(audience: str, tiers: "list[str] | tuple[str, ...]") -> Rule:
    """Whom a show is for. A word that this release does not know is for members only: rather too few than too many."""
    known = next((one for one in AUDIENCES if one == audience), AUDIENCES[-1])
    return Rule(audience=known, tiers=tuple(tiers) if known == "members" else ())


class Streams(GlobalSecondaryIndex["Stream"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Every stream whose start is known, by it."""

    class Meta:
        index_name = "streams"
        projection = AllProjection()

    kind = UnicodeAttribute(hash_key=True)
    started_at = UTCDateTimeAttribute(range_key=True)


class Stream(Table):
    """One stream under IVS's id of it: when it was, of which show, how it went.

    `health` has what IVS told of starvation, one text a moment ("2026-03-01T12:00:00+00:00 start"); `failure` its code where
    a stream failed, `limits` the names of those it exceeded.
    """

    class Meta:
        short_name = "live-streams"

    id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(null=True)
    started_at = _Moment(null=True)
    ended_at = _Moment(null=True)
    show_id = UnicodeAttribute(null=True)
    health = UnicodeSetAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    limits = UnicodeSetAttribute(null=True)
    peak = NumberAttribute(null=True)
    average = NumberAttribute(null=True)

    by_start = Streams()


class Sample(Table):
    """How many watched a stream at one minute: one row a minute, however often it is counted."""

    class Meta:
        short_name = "live-samples"

    stream_id = UnicodeAttribute(hash_key=True)
    minute = UTCDateTimeAttribute(range_key=True)
    viewers = NumberAttribute()


class LiveViewer(Table):
    """Somebody who was given a playback token for a show. `until` is when their access ends by itself.

    Written once a start, so that whoever loses access in the middle of a show can be cut off; it is forgotten two days later.
    A person's viewer id is their own id; others have one a token.
    """

    class Meta:
        short_name = "live-viewers"

    show_id = UnicodeAttribute(hash_key=True)
    viewer_id = UnicodeAttribute(range_key=True)
    person_id = UnicodeAttribute(null=True)
    issued_at = UTCDateTimeAttribute()
    until = _Moment(null=True)
    revoked_at = _Moment(null=True)
    expires_at = TTLAttribute()

    @property
    def is_cut_off(self) -> bool:
        """Whether the token given last has been revoked."""
        return self.revoked_at is not None and self.revoked_at >= self.issued_at


class Unfinished(GlobalSecondaryIndex["Recording"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Recordings that are not whole: `unfinished` ("running" or "failed") stands on those only."""

    class Meta:
        index_name = "unfinished"
        projection = AllProjection()

    unfinished = UnicodeAttribute(hash_key=True)
    seen_at = UTCDateTimeAttribute(range_key=True)


class Recording(Table):
    """What IVS records of a stream, or of several where it was merged. `prefix` is where its objects begin.

    `failure` is what went wrong ("start" or "end") and `reason` IVS's words for it. `merged` are the streams in it, where IVS says.
    """

    class Meta:
        short_name = "live-recordings"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    seen_at = UTCDateTimeAttribute()
    unfinished = UnicodeAttribute(null=True)
    prefix = UnicodeAttribute(default="")
    bucket = UnicodeAttribute(default="")
    stream_id = UnicodeAttribute()
    merged: "ListAttribute[str]" = ListAttribute(null=True)
    first_at = UTCDateTimeAttribute()
    started_at = _Moment(null=True)
    ended_at = _Moment(null=True)
    failed_at = _Moment(null=True)
    duration_ms = NumberAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    version = NumberAttribute(default=0)

    not_whole = Unfinished()


CHANNEL = "channel"
"""The row of a creator's one channel."""


class Ledger(Table):
    """What has been streamed of late, what is planned and what comes next: one row, from which the rest follows.

    `version` grows with every change of anything that is shown of live, and is the condition of each: so all of them are in
    one order. The others are JSON (`ledger.Books`).
    """

    class Meta:
        short_name = "live-ledger"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(default=0)
    books = JSONAttribute(null=True)


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
