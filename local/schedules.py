"""The features' schedules, run on the laptop: what is due and awake, now and at start."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.core.clock import Clock, now
from lambdas.platform.sleeping import rule_name
from local.streams import Checkpoints, Worker

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

log = logging.getLogger("prism.schedules")

LOOK_SECONDS = 1.0


@dataclass(kw_only=True)
class Scheduler:
    """Gives the worker each schedule's event when its time has come.

    When one last ran is kept in the emulator; one that has never run, or whose time passed while the
    platform was off, is due at start. A failure is logged and its time comes again after `every`, as
    it would be with EventBridge after its retries. `awake` says of a schedule whether it is to run at all.
    """

    every: Mapping[str, timedelta]
    worker: Worker
    context: Callable[[], Any]
    checkpoints: Checkpoints
    clock: Clock = now
    awake: Callable[[str], bool] = lambda name: True
    _last: dict[str, datetime] = field(default_factory=dict, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep_looking, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the one at work and return."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=30)

    def run_due(self) -> tuple[str, ...]:
        """Run what is due, in the calling thread; the names of those run."""
        times = self.every.items()
        due = tuple(name for name, every in times if self.awake(name) and self._next(name, every) <= self.clock())
        for name in due:
            started = self.clock()
            try:
                self.worker({"prism": "schedule", "name": name}, self.context())
            except Exception:
                log.exception("the schedule %s failed", name)
            self.checkpoints.write(f"schedule/{name}", started.isoformat())
            self._last[name] = started
        return due

    def _next(self, name: str, every: timedelta) -> datetime:
        if name not in self._last:
            if not (last := self.checkpoints.read(f"schedule/{name}")):
                return self.clock()
            self._last[name] = datetime.fromisoformat(last)
        return self._last[name] + every

    def _keep_looking(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_due()
            except (BotoCoreError, ClientError) as error:
                log.warning("the schedules cannot be read, trying again: %s", error)
            self._stop.wait(LOOK_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Whether a schedule is awake: asked of the local AWS for those declared `asleep`, which their rules say; all others are."""

    creator_id: str
    asleep: frozenset[str]
    events: "EventBridgeClient"

    def awake(self, schedule: str) -> bool:
        if schedule not in self.asleep:
            return True
        return self.events.describe_rule(Name=rule_name(self.creator_id, schedule))["State"] != "DISABLED"
