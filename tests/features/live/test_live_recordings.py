"""Recordings: told of in any order, each one row; what went wrong is said in the studio."""

import itertools
from typing import Any

import pytest

from lambdas.core.events import AwsEvent, Change, Event
from lambdas.features.live.events import note_video
from lambdas.features.live.ledger import settle
from lambdas.features.live.models import Recording, Show
from lambdas.features.live.recordings import ENDED, FAILED, STARTED, not_whole, offsets, what_happened
from lambdas.platform.broadcast import broadcast
from tests.features.live.live_platform import Live
from tests.people import a_person

KIND = "IVS Recording State Change"
PREFIX = "ivs/v1/123456789012/tEsTcHaNnEl1/2026/3/1/12/0/abc"


def recorded(
    live: Live, status: str, minutes: float, *, prefix: str = PREFIX, id: str = "st-1", **detail: Any
) -> AwsEvent:
    return live.event(
        KIND,
        live.at(minutes=minutes),
        recording_status=status,
        recording_s3_bucket_name="media",
        recording_s3_key_prefix=prefix,
        recording_session_id="ses-1",
        stream_id=id,
        **detail,
    )


def ended(live: Live, minutes: float, *, length: float = 10, **detail: Any) -> AwsEvent:
    return recorded(live, "Recording End", minutes, recording_duration_ms=int(length * 60_000), **detail)


def heard(live: Live, *events: AwsEvent) -> list[Event]:
    """What the rows' streams would tell, write by write."""
    told: list[Event] = []
    rows: dict[str, Recording] = {}
    for number, event in enumerate(events):
        live.hear(event)
        for row in Recording.scan():
            old = rows.get(row.id)
            if old is None or old.serialize() != row.serialize():
                at = live.platform.clock()
                told += what_happened(Change(table="live-recordings", old=old, new=row, at=at, sequence=str(number)))
            rows[row.id] = row
    return told


def test_a_whole_recording_is_told_with_all_that_a_video_needs(live: Live) -> None:
    live.start()
    (id,) = (show.id for show in Show.scan())
    settle(live.platform.services, lambda desk: setattr(desk.show(id), "title", "A show"))
    (show,) = Show.scan()
    owner = a_person(live.platform, role="owner")
    live.platform.clock.forward(minutes=4)
    live.platform.call(
        "POST", "/studio/live/markers", json_body={"label": "Song"}, cookies=live.platform.sign_in(owner.id)
    )
    begun, whole = heard(live, recorded(live, "Recording Start", 1), ended(live, 11, length=10))
    assert (begun.name, whole.name) == (STARTED, ENDED)
    assert begun.subject == whole.subject
    assert whole.data == {
        "prefix": PREFIX,
        "bucket": "media",
        "show_id": show.id,
        "stream_id": "st-1",
        "title": "A show",
        "audience": "everyone",
        "tiers": [],
        "started_at": live.at(minutes=1).isoformat(),
        "duration_ms": 600_000,
        "markers": [{"at_ms": 180_000, "label": "Song"}],
        "reason": "",
    }


def test_the_end_before_the_start_is_told_once_and_ends_the_same(live: Live) -> None:
    live.start()
    events = [recorded(live, "Recording Start", 1), ended(live, 11), ended(live, 11)]
    rows = []
    for order in itertools.permutations(events):
        names = [event.name for event in heard(live, *order)]
        assert names.count(ENDED) == 1
        (row,) = Recording.scan()
        kept = row.serialize()
        kept.pop("version")
        rows.append(kept)
        row.delete()
    assert all(row == rows[0] for row in rows)


def test_without_a_start_the_length_says_when_it_began(live: Live) -> None:
    live.start()
    (whole,) = heard(live, ended(live, 30, length=20))
    assert whole.data["started_at"] == live.at(minutes=10).isoformat()


def test_one_of_a_stream_that_nobody_knows_is_kept_and_for_the_fewest(live: Live) -> None:
    (whole,) = heard(live, ended(live, 30, id="st-unknown"))
    assert (whole.data["show_id"], whole.data["audience"]) == ("", "members")


def test_a_recording_says_that_a_stream_began(live: Live) -> None:
    live.platform.clock.forward(minutes=2)
    live.hear(recorded(live, "Recording Start", 1))
    assert broadcast().stream_id == "st-1"


def test_a_recording_that_is_whole_says_that_its_stream_is_over(live: Live) -> None:
    live.platform.clock.forward(minutes=12)
    live.hear(recorded(live, "Recording Start", 1), ended(live, 11))
    assert not broadcast().on_air
    assert broadcast().lost_at == live.at(minutes=11)
    live.hear(live.stream_event("Stream End", "st-1", live.at(minutes=10)))
    assert broadcast().lost_at is None, "the true end is earlier, and the grace since then over"


def test_one_that_was_merged_of_several_streams_is_the_first_ones_show(live: Live) -> None:
    live.start("st-1")
    live.platform.clock.forward(minutes=5)
    live.stop("st-1")
    live.platform.clock.forward(minutes=1)
    live.start("st-2")
    (show,) = Show.scan()
    events = heard(
        live,
        recorded(live, "Recording Start", 0, id="st-1"),
        recorded(live, "Recording Start", 6, id="st-2"),
        ended(live, 16, length=15, id="st-2", recording_session_stream_ids=["st-1", "st-2"]),
    )
    assert [event.name for event in events] == [STARTED, ENDED]
    assert (events[-1].data["show_id"], events[-1].data["stream_id"]) == (show.id, "st-1")
    assert events[-1].data["started_at"] == live.at().isoformat()


@pytest.mark.parametrize(("status", "prefix"), [("Recording Start Failure", ""), ("Recording End Failure", PREFIX)])
def test_one_that_failed_is_told_and_shown(live: Live, status: str, prefix: str) -> None:
    live.start()
    event = recorded(live, status, 1, prefix=prefix, recording_status_reason="ValidationException: no such bucket")
    (failed,) = heard(live, event, event)
    assert (failed.name, failed.data["reason"]) == (FAILED, "ValidationException: no such bucket")
    owner = a_person(live.platform, role="owner")
    page = live.platform.call("GET", "/studio/live/", cookies=live.platform.sign_in(owner.id)).body
    assert "no such bucket" in page
    live.platform.clock.forward(days=8)
    assert not not_whole(now=live.platform.clock(), on_air=None)


def test_a_failure_that_turned_out_well_is_none(live: Live) -> None:
    live.start()
    failure = recorded(live, "Recording End Failure", 11)
    told = heard(live, recorded(live, "Recording Start", 0), failure, ended(live, 12))
    assert [event.name for event in told] == [STARTED, FAILED, ENDED]
    assert not not_whole(now=live.platform.clock(), on_air=None)


def test_one_without_an_end_is_said_after_a_day_and_not_before(live: Live) -> None:
    live.start()
    live.hear(recorded(live, "Recording Start", 0))
    live.platform.clock.forward(hours=23)
    assert not not_whole(now=live.platform.clock(), on_air=None)
    live.platform.clock.forward(hours=2)
    assert not not_whole(now=live.platform.clock(), on_air="st-1"), "it may well be running"
    assert [one.stream_id for one in not_whole(now=live.platform.clock(), on_air=None)] == ["st-1"]


def test_marked_moments_are_counted_from_the_recordings_start(live: Live) -> None:
    from lambdas.features.live.models import Marker

    marks = [Marker(at=live.at(seconds=n), label=str(n)) for n in (90, -1, 30, 601)]  # type: ignore[no-untyped-call]
    show = Show("shw_X", markers=marks)
    found = offsets(show, started_at=live.at(), duration_ms=600_000)
    assert found == [{"at_ms": 30_000, "label": "30"}, {"at_ms": 90_000, "label": "90"}]
    assert offsets(None, started_at=live.at(), duration_ms=1) == []


def test_a_show_knows_where_its_recording_is_watched(live: Live) -> None:
    live.start()
    (show,) = Show.scan()
    for path in ("/videos/vid_x/", ""):
        data = {"show_id": show.id, "path": path}
        event = Event(id="e", name="videos.video.changed", at=live.platform.clock(), subject="vid_x", data=data)
        note_video(event, live.platform.services)
        assert Show.get(show.id).video == (path or None)
    gone = Event(id="e", name="videos.video.changed", at=live.platform.clock(), subject="v", data={"show_id": "shw_NO"})
    note_video(gone, live.platform.services)
