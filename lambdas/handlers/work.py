"""What follows a change, and what is done every so often.

A batch of a table's stream is worked through in order. The first record that fails ends the batch:
Lambda is told its sequence number, keeps what came before, halves and repeats the rest, and puts a
record that keeps failing among the dead letters.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.core.events import Event
from lambdas.core.feature import subscribers
from lambdas.core.references import load
from lambdas.features.registry import tables_of
from lambdas.platform.logs import trace_of
from lambdas.platform.services import Services
from lambdas.platform.streams import StreamReader


class ScheduleFailed(Exception):
    """A schedule's work failed: Lambda tries again. It says which; what happened is in our log, without what it was about."""


class Worker:
    """Deals with streams' batches and schedules of one creator's active features."""

    def __init__(self, *, services: Services, logger: Logger) -> None:
        self._services = services
        self._log = logger
        features = services.features
        self._reader = StreamReader(tables_of(features), creator_id=services.creator.id)
        self._changes = {table: reference for feature in features for table, reference in feature.changes.items()}
        self._schedules = {name: schedule for feature in features for name, schedule in feature.schedules.items()}

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A stream's batch or a schedule. Of a batch: the first record that has not been dealt with, if any. ScheduleFailed."""
        if event.get("prism") == "schedule":
            self._run(event["name"])
            return {}
        for record in event["Records"]:
            sequence = record["dynamodb"]["SequenceNumber"]
            try:
                self._follow(record)
            except Exception as error:
                self._log.error(
                    "a change failed",
                    extra={"source": record["eventSourceARN"], "sequence": sequence, **trace_of(error)},
                )
                return {"batchItemFailures": [{"itemIdentifier": sequence}]}
        return {"batchItemFailures": []}

    def _run(self, name: str) -> None:
        if name not in self._schedules:
            # The feature was switched off after its schedule had fired.
            self._log.info("schedule without a feature", extra={"schedule": name})
            return
        try:
            load(self._schedules[name].run)(self._services)
        except Exception as error:
            self._log.error("a schedule failed", extra={"schedule": name, **trace_of(error)})
            # Lambda logs whatever leaves here, and an error's own words may be what a person typed.
            raise ScheduleFailed(name) from None
        self._log.info("schedule done", extra={"schedule": name})

    def _follow(self, record: Mapping[str, Any]) -> None:
        change = self._reader.change(record)
        if change is None or change.table not in self._changes:
            return
        for event in load(self._changes[change.table])(change):
            with self._log.append_context_keys(correlation_id=event.correlation_id):
                self._tell(event)

    def _tell(self, event: Event) -> None:
        for reference in subscribers(self._services.features, event.name):
            load(reference)(event, self._services)
        self._log.info("event", extra={"event": event.name, "event_id": event.id, "subject": event.subject})
