"""What IVS tells, late, twice and in any order, and what becomes of it."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lambdas.core.events import AwsEvent
from lambdas.features.live.figures import spans
from lambdas.features.live.ledger import settle, standing
from lambdas.features.live.models import ENDED, LIVE, SCHEDULED, Ledger, Recording, Show, Stream
from lambdas.platform.broadcast import broadcast
from lambdas.platform.ivs import Health
from tests.features.live.live_platform import Live, everything


def only_show() -> Show:
    (show,) = Show.scan()
    return show


def test_a_stream_makes_a_show_that_is_on_until_its_grace_is_over(live: Live) -> None:
    live.start(viewers=3)
    show = only_show()
    assert (show.state, show.started_at) == (LIVE, live.platform.clock())
    row = broadcast()
    assert (row.stream_id, row.show_id, row.live_since) == ("st-1", show.id, show.started_at)
    assert live.sleepers.awake
    live.platform.clock.forward(minutes=10)
    live.stop()
    lost = broadcast()
    assert not lost.on_air
    assert (lost.show_id, lost.lost_at) == (show.id, live.platform.clock())
    live.watch(seconds=60)
    assert (only_show().state, live.sleepers.awake) == (LIVE, True)
    live.watch(seconds=60)
    assert (only_show().state, only_show().ended_at) == (ENDED, lost.lost_at)
    assert broadcast().show_id is None
    assert not live.sleepers.awake


def test_back_within_the_grace_it_is_the_same_show(live: Live) -> None:
    live.start("st-1")
    live.platform.clock.forward(minutes=5)
    live.stop("st-1")
    live.platform.clock.forward(seconds=100)
    live.start("st-2")
    assert only_show().streams == ["st-1", "st-2"]
    assert broadcast().stream_id == "st-2"
    assert {stream.show_id for stream in Stream.scan()} == {only_show().id}


def test_an_end_of_another_stream_takes_nothing_off_the_air(live: Live) -> None:
    live.start("st-2")
    live.hear(live.stream_event("Stream End", "st-1", live.platform.clock()))
    assert broadcast().stream_id == "st-2"


def test_what_happens_on_a_channel_that_is_not_ours_is_nothing_to_us(live: Live) -> None:
    event = live.stream_event("Stream Start", "st-9", live.platform.clock())
    live.hear(event._replace(resources=("arn:aws:ivs:eu-central-1:123456789012:channel/another",)))
    assert not list(Show.scan())


def _a_days_events(live: Live) -> list[AwsEvent]:
    at = live.at
    prefix = "ivs/v1/123456789012/tEsTcHaNnEl1/2026/3/1/12/0/abc"
    recording = {
        "recording_s3_key_prefix": prefix,
        "recording_s3_bucket_name": "b",
        "stream_id": "st-1",
        "recording_session_id": "ses",
    }
    kind = "IVS Recording State Change"
    return [
        live.stream_event("Session Created", "st-1", at(seconds=0)),
        live.stream_event("Stream Start", "st-1", at(seconds=1)),
        live.event(kind, at(seconds=3), recording_status="Recording Start", recording_duration_ms=0, **recording),
        live.event("IVS Stream Health Change", at(minutes=2), event_name="Starvation Start", stream_id="st-1"),
        live.event("IVS Stream Health Change", at(minutes=3), event_name="Starvation End", stream_id="st-1"),
        live.stream_event("Stream Takeover Failure", "st-1", at(minutes=4), code="x"),
        live.stream_event("Stream End", "st-1", at(minutes=10)),
        live.stream_event("Stream Start", "st-2", at(minutes=11)),
        live.stream_event("Stream Takeover", "st-2", at(minutes=12)),
        live.stream_event("Stream Failure", "st-2", at(minutes=20), code="StreamDroppedError"),
        live.event(
            kind, at(minutes=21), recording_status="Recording End", recording_duration_ms=1_200_000, **recording
        ),
        live.stream_event("Stream Start", "st-3", at(minutes=40)),
        live.stream_event("Stream End", "st-3", at(minutes=45)),
        live.stream_event("Session Ended", "st-3", at(minutes=45)),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_and_however_often_it_is_told_all_ends_the_same(live: Live, seed: int) -> None:
    events = _a_days_events(live)
    live.platform.clock.forward(minutes=60)
    live.hear(*events)
    told_once = everything()
    assert [show.state for show in Show.scan()] == [ENDED, ENDED]
    for model in (Show, Stream, Recording, Ledger):
        with model.batch_write() as batch:
            for row in model.scan():
                batch.delete(row)
    order = random.Random(seed)
    shuffled = events + order.choices(events, k=8)
    order.shuffle(shuffled)
    live.hear(*shuffled)
    assert everything() == told_once


def test_told_twice_nothing_is_written_twice(live: Live) -> None:
    event = live.stream_event("Stream Start", "st-1", live.platform.clock())
    live.hear(event)
    before = standing(live.platform.services).version
    live.hear(event, event)
    assert standing(live.platform.services).version == before


@pytest.mark.parametrize("turn", range(4))
def test_start_and_end_at_the_same_moment_are_both_heard(live: Live, turn: int) -> None:
    end = live.at(seconds=30)
    events = [
        live.stream_event("Stream Start", "st-1", live.at()),
        live.stream_event("Stream End", "st-1", end),
        live.stream_event("Stream Start", "st-1", live.at()),
        live.stream_event("Stream End", "st-1", end),
    ]
    live.platform.clock.forward(seconds=40)
    with ThreadPoolExecutor(max_workers=4) as several:
        list(several.map(live.hear, events if turn % 2 else reversed(events)))
    assert (only_show().started_at, broadcast().lost_at) == (live.at(), end)
    assert not broadcast().on_air


def test_two_starts_at_once_are_one_show(live: Live) -> None:
    events = [
        live.stream_event("Stream Start", id, live.at(seconds=n)) for n, id in enumerate(("st-1", "st-2", "st-3"))
    ]
    live.platform.clock.forward(seconds=5)
    with ThreadPoolExecutor(max_workers=3) as several:
        list(several.map(live.hear, events))
    assert only_show().streams == ["st-1", "st-2", "st-3"]
    assert broadcast().stream_id == "st-3"


def test_a_missed_end_is_found_by_looking_twice(live: Live) -> None:
    live.start()
    live.channel.stream = None
    live.watch(minutes=1)
    assert broadcast().stream_id == "st-1", "IVS may be a moment behind"
    live.watch(minutes=1)
    assert broadcast().stream_id is None
    missed = live.platform.clock()
    live.watch(minutes=2)
    assert only_show().ended_at == missed
    # The end that was told after all is the true one.
    live.hear(live.stream_event("Stream End", "st-1", live.at(seconds=50)))
    assert only_show().ended_at == live.at(seconds=50)


def test_a_stream_that_was_only_overlooked_is_on_again(live: Live) -> None:
    live.start()
    seen, live.channel.stream = live.channel.stream, None
    live.watch(minutes=1)
    live.watch(minutes=1)
    assert broadcast().stream_id is None
    live.channel.stream = seen
    live.watch(minutes=1)
    assert (broadcast().stream_id, only_show().state) == ("st-1", LIVE)


def test_one_look_that_sees_nothing_is_forgotten_by_the_next_that_does(live: Live) -> None:
    live.start()
    seen = live.channel.stream
    for _ in range(3):
        live.channel.stream = None
        live.watch(minutes=1)
        live.channel.stream = seen
        live.watch(minutes=1)
    assert broadcast().stream_id == "st-1"


def test_a_missed_start_is_found_by_the_hour(live: Live) -> None:
    live.channel.stream = Health(stream_id="st-1", started_at=live.at(), starving=False, viewers=0)
    live.platform.clock.forward(minutes=30)
    with live.platform.in_the_role_of("worker"):
        live.worker.handle({"prism": "schedule", "name": "live.sweep"})
    assert (broadcast().stream_id, only_show().started_at) == ("st-1", live.at())
    assert live.sleepers.awake


def test_falling_asleep_while_something_begins_it_is_awake(live: Live) -> None:
    class Beginning(type(live.sleepers)):  # type: ignore[misc]
        def sleep(self, schedule: str) -> None:
            live.start("st-7")
            super().sleep(schedule)

    vars(live.platform.services)["sleepers"] = sleepers = Beginning()
    live.watch(minutes=1)
    assert broadcast().stream_id == "st-7"
    assert sleepers.awake


def test_peak_mean_and_curve_come_from_what_was_counted_each_minute(live: Live) -> None:
    live.start(viewers=1)
    for viewers in (4, 10, 4):
        live.channel.stream = live.channel.stream and live.channel.stream._replace(viewers=viewers)
        live.watch(minutes=1)
    live.watch(seconds=1)  # the same minute again
    live.channel.stream = live.channel.stream and live.channel.stream._replace(viewers=None)
    live.watch(minutes=1)
    show, (stream,) = only_show(), Stream.scan()
    assert (show.peak, show.average) == (stream.peak, stream.average) == (10, 6)


def test_starvation_is_said_with_its_time(live: Live) -> None:
    live.start()
    for name, minute in (
        ("Starvation End", 3),
        ("Starvation Start", 2),
        ("Starvation Start", 2),
        ("Starvation Start", 5),
    ):
        at = live.at(minutes=minute)
        live.hear(live.event("IVS Stream Health Change", at, event_name=name, stream_id="st-1"))
    (stream,) = Stream.scan()
    found = spans(stream.health, over_at=live.at(minutes=8))
    assert found == ((live.at(minutes=2), live.at(minutes=3)), (live.at(minutes=5), live.at(minutes=8)))


def test_a_limit_is_said_with_the_stream(live: Live) -> None:
    live.start()
    event = live.event("IVS Limit Breach", live.at(), limit_name="Ingest bitrate", limit_value=1, stream_id="st-1")
    live.hear(
        event, event, live.event("IVS Limit Breach", live.at(), limit_name="Concurrent streams")._replace(resources=())
    )
    (stream,) = Stream.scan()
    assert stream.limits == {"Ingest bitrate"}


def test_what_is_told_a_week_late_changes_no_show(live: Live) -> None:
    live.platform.clock.forward(days=7)
    live.hear(live.stream_event("Stream Start", "st-old", live.at()))
    assert not list(Show.scan())
    settle(live.platform.services)
    assert broadcast().on_air is False


def test_whole_shows_leave_the_ledger_after_some_days_and_stay_in_their_tables(live: Live) -> None:
    live.start()
    live.platform.clock.forward(minutes=5)
    live.stop()
    live.watch(minutes=3)
    ended = only_show()
    live.platform.clock.forward(days=5)
    settle(live.platform.services)
    how = standing(live.platform.services)
    assert how.books.streams == ()
    assert how.books.last_show == ended.id
    assert only_show().to_simple_dict() == ended.to_simple_dict()
    assert only_show().ended_at == live.at() + timedelta(minutes=5)


def test_a_scheduled_show_is_what_a_stream_in_its_time_becomes(live: Live) -> None:
    from lambdas.features.live.reckoning import Planned

    def plan(desk) -> None:  # type: ignore[no-untyped-def]
        starts = live.at(minutes=50)
        desk.add(Show("shw_PLANNED", at=starts, state=SCHEDULED, title="Planned", starts_at=starts, audience="members"))
        desk.books = desk.books.with_plan(Planned("shw_PLANNED", starts, 0, since=live.at(minutes=-5)))

    settle(live.platform.services, plan)
    assert broadcast().audience == "members", "while nothing is on, the row says whom the next one is for"
    live.start()
    assert (only_show().id, only_show().state, broadcast().title) == ("shw_PLANNED", LIVE, "Planned")
