"""Schedules run when they are due, also when their time passed while the platform was off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lambdas.platform.sleeping import Sleepers
from local.emulator import Emulator
from local.schedules import Rules, Scheduler
from local.streams import Checkpoints
from tests.local.requests_here import wait_until


class Clock:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def checkpoints(emulator: Emulator) -> Checkpoints:
    made = Checkpoints(dynamodb=boto3.client("dynamodb"), table="prism-mira-local-checkpoints")
    made.ensure()
    return made


def scheduler(checkpoints: Checkpoints, clock: Clock, ran: list[Any]) -> Scheduler:
    return Scheduler(
        every={"contact.deliver-late": timedelta(hours=1)},
        worker=lambda event, context: ran.append(event),
        context=lambda: None,
        checkpoints=checkpoints,
        clock=clock,
    )


def test_each_runs_once_in_its_time(checkpoints: Checkpoints) -> None:
    clock = Clock()
    ran: list[Any] = []
    one = scheduler(checkpoints, clock, ran)
    assert one.run_due() == ("contact.deliver-late",)
    clock.moment += timedelta(minutes=59)
    assert one.run_due() == ()
    clock.moment += timedelta(minutes=1)
    assert one.run_due() == ("contact.deliver-late",)
    assert ran == [{"prism": "schedule", "name": "contact.deliver-late"}] * 2


def test_what_was_missed_while_off_is_run_once_at_start(checkpoints: Checkpoints) -> None:
    clock = Clock()
    ran: list[Any] = []
    scheduler(checkpoints, clock, ran).run_due()
    clock.moment += timedelta(days=3)
    after = scheduler(checkpoints, clock, ran)
    assert after.run_due() == ("contact.deliver-late",)
    assert after.run_due() == ()


def test_a_restart_runs_nothing_before_its_time(checkpoints: Checkpoints) -> None:
    clock = Clock()
    ran: list[Any] = []
    scheduler(checkpoints, clock, ran).run_due()
    assert scheduler(checkpoints, clock, ran).run_due() == ()


def test_a_failure_does_not_stop_the_others_and_comes_again(checkpoints: Checkpoints) -> None:
    clock = Clock()
    ran: list[Any] = []

    def worker(event: Any, context: Any) -> None:
        ran.append(event["name"])
        if event["name"] == "a":
            raise RuntimeError

    both = scheduler(checkpoints, clock, ran)
    both.every = {"a": timedelta(hours=1), "b": timedelta(hours=1)}
    both.worker = worker
    both.run_due()
    clock.moment += timedelta(hours=1)
    both.run_due()
    assert ran == ["a", "b", "a", "b"]


def test_it_looks_by_itself_until_it_is_stopped(checkpoints: Checkpoints) -> None:
    ran: list[Any] = []
    running = scheduler(checkpoints, Clock(), ran)
    running.start()
    wait_until(lambda: len(ran) == 1)
    running.stop()


def test_one_that_sleeps_runs_while_it_is_awake_and_no_longer(checkpoints: Checkpoints) -> None:
    events = boto3.client("events")
    events.put_rule(Name="prism-tester-live-watch", ScheduleExpression="rate(1 minute)", State="DISABLED")
    sleepers = Sleepers(creator_id="tester")
    clock = Clock()
    ran: list[Any] = []
    both = scheduler(checkpoints, clock, ran)
    both.every = {"live.watch": timedelta(minutes=1), "contact.deliver-late": timedelta(minutes=1)}
    both.awake = Rules(creator_id="tester", asleep=frozenset({"live.watch"}), events=events).awake
    assert both.run_due() == ("contact.deliver-late",)
    sleepers.wake("live.watch")
    sleepers.wake("live.watch")
    assert both.run_due() == ("live.watch",)
    clock.moment += timedelta(minutes=1)
    assert set(both.run_due()) == {"live.watch", "contact.deliver-late"}
    sleepers.sleep("live.watch")
    clock.moment += timedelta(minutes=1)
    assert both.run_due() == ("contact.deliver-late",)
