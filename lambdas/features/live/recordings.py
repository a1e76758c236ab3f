"""What IVS records: told late, twice and reversed; each recording is one row, and the row's stream tells everybody else.

    live.recording.started | ended | failed
        subject   the recording's id
        data      prefix (below which its objects are, without a slash at the end), bucket, show_id, stream_id, title, audience, tiers,
                  started_at, duration_ms, markers [{"at_ms", "label"}], reason

`show_id` is empty where IVS never told of the stream. The rest of a show is as it stands when the event is told.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pynamodb.exceptions import PutError

from lambdas.core.entitlements import AUDIENCES, Rule
from lambdas.core.events import AwsEvent, Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.live.models import Recording, Show, Stream, iso
from lambdas.features.live.told import note
from lambdas.platform.services import Services
from lambdas.platform.tables import Met, repeated

STARTED, ENDED, FAILED = "live.recording.started", "live.recording.ended", "live.recording.failed"

RUNNING = "running"
BROKEN = "failed"

LONGEST = timedelta(hours=24)
"""A recording that began longer ago, and of which nothing more was told, is said to be missing its end."""

SHOWN = timedelta(days=7)
"""So long the studio says what went wrong."""


def told(event: AwsEvent, services: Services) -> None:
    """One fact of a recording: its start, its end, or that it failed."""
    if services.channel.arn not in event.resources:
        return
    repeated(lambda: _write_down(event))
    id = str(event.detail.get("stream_id", ""))
    match event.detail.get("recording_status"):
        case "Recording Start" if id:
            # Where there is something to record, a stream has begun, whoever told of that.
            note(services, id, started=event.at)
        case "Recording End":
            # And where there is nothing left to record, all that it was recorded of is over.
            for one in event.detail.get("recording_session_stream_ids") or [id]:
                if one:
                    note(services, str(one), gone=event.at)


def _write_down(event: AwsEvent) -> None:
    """Add a fact to the recording's row; Met where somebody else added one at the same time."""
    id = _id(event.detail)
    try:
        row = Recording.get(id, consistent_read=True)
    except Recording.DoesNotExist:
        row = Recording(id, seen_at=event.at, stream_id=str(event.detail.get("stream_id", "")), first_at=event.at)
    before = row.serialize()
    learn(row, event)
    if row.version and row.serialize() == before:
        return
    condition = (Recording.version == row.version) if row.version else Recording.id.does_not_exist()
    row.version = int(row.version) + 1
    try:
        row.save(condition=condition)
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise Met from None


def learn(row: Recording, event: AwsEvent) -> None:
    """Put a fact where it belongs: the earliest start and failure count, and the latest end, in whatever order they come."""
    detail, at = event.detail, event.at
    if at <= row.first_at:
        # A recording that was merged of several streams is the first one's.
        row.first_at, row.stream_id = at, str(detail.get("stream_id", ""))
    row.prefix = row.prefix or str(detail.get("recording_s3_key_prefix") or "").strip("/")
    row.bucket = row.bucket or str(detail.get("recording_s3_bucket_name") or "")
    match detail.get("recording_status"):
        case "Recording Start":
            row.started_at = at if row.started_at is None else min(at, row.started_at)
        case "Recording End" if row.ended_at is None or row.ended_at < at:
            row.ended_at = at
            row.duration_ms = int(detail.get("recording_duration_ms") or 0)
            row.merged = [str(id) for id in detail.get("recording_session_stream_ids") or ()] or None
        case ("Recording Start Failure" | "Recording End Failure") as status if (
            row.failed_at is None or at < row.failed_at
        ):
            row.failed_at = at
            row.failure = "start" if status == "Recording Start Failure" else "end"
            row.reason = str(detail.get("recording_status_reason") or "")[:300]
    row.unfinished = None if row.ended_at is not None else BROKEN if row.failure else RUNNING
    known = (moment for moment in (row.failed_at, row.started_at, row.ended_at) if moment is not None)
    row.seen_at = next(known, row.first_at)


def what_happened(change: Change) -> Iterator[Event]:
    """A recording has begun, is whole, or is broken: each once, whichever was told first."""
    old, new = change.old, change.new
    if not isinstance(new, Recording):
        return
    was, now = _told_of(old), _told_of(new)
    if now.started and not now.ended and not was.started:
        yield _event(STARTED, new, change)
    if now.ended and was.ended != now.ended:
        yield _event(ENDED, new, change)
    if now.failed and not now.ended and not was.failed:
        yield _event(FAILED, new, change)


class _Told(NamedTuple):
    started: str | None = None
    ended: str | None = None
    failed: str | None = None


def _told_of(row: Recording | None) -> _Told:
    return _Told() if row is None else _Told(iso(row.started_at), iso(row.ended_at), row.failure)


def not_whole(*, now: datetime, on_air: str | None) -> tuple[Recording, ...]:
    """What the studio says went wrong of late: what failed, and what has no end although its stream is long over."""
    since = now - SHOWN
    failed = list(Recording.not_whole.query(BROKEN, Recording.seen_at >= since, limit=20))
    running = Recording.not_whole.query(RUNNING, Recording.seen_at.between(since, now - LONGEST), limit=20)
    return tuple(failed + [one for one in running if one.stream_id != on_air])


def offsets(show: Show | None, *, started_at: datetime, duration_ms: int) -> list[dict[str, Any]]:
    """The show's marked moments that lie in a recording, in milliseconds from its start, in order."""
    found = []
    for marker in show.markers or () if show else ():
        at = int((marker.at - started_at).total_seconds() * 1000)
        if 0 <= at <= duration_ms:
            found.append({"at_ms": at, "label": marker.label})
    return sorted(found, key=lambda one: one["at_ms"])


def _event(name: str, row: Recording, change: Change) -> Event:
    length = int(row.duration_ms or 0)
    over_at = change.at if row.ended_at is None else row.ended_at
    started_at = over_at - timedelta(milliseconds=length) if row.started_at is None else row.started_at
    shows = _shows_of(row)
    show = shows[0] if shows else None
    rule = narrowest(one.rule for one in shows)
    return Event(
        id=derived_id("evt", name, row.id, iso(row.ended_at) or ""),
        name=name,
        at=over_at,
        subject=row.id,
        data={
            "prefix": row.prefix,
            "bucket": row.bucket,
            "show_id": show.id if show else "",
            "stream_id": row.stream_id,
            "title": show.title if show else "",
            "audience": rule.audience,
            "tiers": list(rule.tiers),
            "started_at": started_at.isoformat(),
            "duration_ms": length,
            "markers": offsets(show, started_at=started_at, duration_ms=length),
            "reason": row.reason or "",
        },
    )


def narrowest(rules: Iterable[Rule]) -> Rule:
    """For whom something is that belongs to all of these: only for whom each of them lets in. Members where there are none.

    Of shows for tiers that have nothing in common it is the first one's.
    """
    found = tuple(rules)
    audience = max((one.audience for one in found), key=AUDIENCES.index, default=AUDIENCES[-1])
    tiers = [one.tiers for one in found if one.audience == audience and one.tiers]
    common = tuple(tier for tier in (tiers[0] if tiers else ()) if all(tier in one for one in tiers))
    return Rule(audience, common or (tiers[0] if tiers else ()))


def _shows_of(row: Recording) -> tuple[Show, ...]:
    """The shows of its streams, as far as they are known, in their order: IVS merges streams that follow soon upon each other, also
    where a show was ended by hand between them."""
    found: dict[str, Show] = {}
    for id in dict.fromkeys([*(row.merged or ()), row.stream_id]):
        try:
            show_id = Stream.get(id, consistent_read=True).show_id
            if show_id and show_id not in found:
                found[show_id] = Show.get(show_id, consistent_read=True)
        except (Stream.DoesNotExist, Show.DoesNotExist):
            continue
    return tuple(found.values())


def _id(detail: Any) -> str:
    """By where it lies; one that never began lies nowhere, and is known by its stream."""
    prefix = str(detail.get("recording_s3_key_prefix") or "").strip("/")
    if prefix:
        return derived_id("rec", prefix)
    return derived_id("rec", "nowhere", str(detail.get("recording_session_id") or detail.get("stream_id", "")))
