"""The features' schedules, run on the laptop: what is due, now and at start."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.core.clock import Clock, now
from local.streams import Checkpoints, Worker

log = logging.getLogger("prism.schedules")

LOOK_SECONDS = 1.0


@dataclass(kw_only=True)
class Scheduler:
    """Gives the worker each schedule's event when its time has come.

    When one last ran is kept in the emulator; one that has never run, or whose time passed while the
    platform was off, is due at start. A failure is logged and its time comes again after `every`, as
    it would be with EventBridge after its retries.
    """

    every: Mapping[str, timedelta]
    worker: Worker
    context: Callable[[], Any]
    checkpoints: Checkpoints
    clock: Clock = now
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
        due = tuple(name for name, every in self.every.items() if self._next(name, every) <= self.clock())
        for name in due:
            started = self.clock()
            try:
                self.worker({"prism": "schedule", "name": name}, self.context())
            except Exception:
                log.exception("the schedule %s failed", name)
            self.checkpoints.write(f"schedule/{name}", started.isoformat())
        return due

    def _next(self, name: str, every: timedelta) -> datetime:
        last = self.checkpoints.read(f"schedule/{name}")
        return datetime.fromisoformat(last) + every if last else self.clock()

    def _keep_looking(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_due()
            except (BotoCoreError, ClientError) as error:
                log.warning("the schedules cannot be read, trying again: %s", error)
            self._stop.wait(LOOK_SECONDS)
