"""What follows a change, and what is done every so often.

A batch of a table's stream is worked through in order. The first record that fails ends the batch:
Lambda is told its sequence number, keeps what came before, halves and repeats the rest, and puts a
record that keeps failing among the dead letters. The pages that a batch touches are published once, at its end.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.core.events import AwsEvent, Event
from lambdas.core.feature import publishers, subscribers
from lambdas.core.references import load
from lambdas.features.registry import tables_of
from lambdas.platform.logs import trace_of
from lambdas.platform.publishing import NotPublished, Published
from lambdas.platform.services import Services
from lambdas.platform.streams import StreamReader


class ScheduleFailed(Exception):
    """A schedule's work failed: Lambda tries again. It says which; what happened is in our log, without what it was about."""


class AwsEventFailed(Exception):
    """What AWS told of could not be dealt with: Lambda tries again. It says which kind; what happened is in our log."""


class PublishingFailed(Exception):
    """The whole site could not be published: Lambda tries again. What happened is in our log."""


class Worker:
    """Deals with streams' batches and schedules of one creator's active features, and publishes their pages."""

    def __init__(self, *, services: Services, logger: Logger) -> None:
        self._services = services
        self._log = logger
        features = services.features
        self._reader = StreamReader(tables_of(features), creator_id=services.creator.id)
        self._changes = {table: reference for feature in features for table, reference in feature.changes.items()}
        self._aws_events = {kind: reference for feature in features for kind, reference in feature.aws_events.items()}
        self._schedules = {name: schedule for feature in features for name, schedule in feature.schedules.items()}

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A stream's batch, a schedule, an event of AWS's own, or {"prism": "publish"}: the whole site anew.

        Of a batch: the first record that has not been dealt with, if any. ScheduleFailed, AwsEventFailed, PublishingFailed.
        """
        if event.get("source", "").startswith("aws."):
            self._hear(event)
            return {}
        match event.get("prism"):
            case "schedule":
                self._run(event["name"])
                return {}
            case "publish":
                self._publish_all()
                return {}
        touched: dict[str, tuple[str, ...]] = {}
        failed = ""
        for record in event["Records"]:
            sequence = record["dynamodb"]["SequenceNumber"]
            try:
                touched[sequence] = self._follow(record)
            except Exception as error:
                self._log.error(
                    "a change failed",
                    extra={"source": record["eventSourceARN"], "sequence": sequence, **trace_of(error)},
                )
                failed = sequence
                break
        # Also what came before a record that failed: its pages are not looked at again.
        unpublished = self._publish({sequence: pages for sequence, pages in touched.items() if pages})
        failed = unpublished or failed
        return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}

    def _publish(self, touched: Mapping[str, tuple[str, ...]]) -> str:
        """Publish the pages that records touched; the first record whose pages may not be there, if any."""
        if not touched:
            return ""
        try:
            done = self._services.publisher.publish({page for pages in touched.values() for page in pages})
        except Exception as error:
            self._log_unpublished(error)
            return next(iter(touched))
        self._log_published(done)
        return ""

    def publish_all(self) -> Published:
        """The whole site as it is now; first what features publish beside pages, for pages ask for it. Errors as the publisher's and theirs."""
        for feature in self._services.features:
            if feature.published:
                load(feature.published)(self._services)
        return self._services.publisher.publish_all()

    def _publish_all(self) -> None:
        try:
            done = self.publish_all()
        except Exception as error:
            self._log_unpublished(error)
            raise PublishingFailed from None
        self._log_published(done)

    def _log_published(self, done: Published) -> None:
        self._log.info("published", extra={"written": len(done.written), "removed": len(done.removed)})
        if done.unforgotten is not None:
            self._log.warning("the edge was not told", extra=trace_of(done.unforgotten))

    def _log_unpublished(self, error: Exception) -> None:
        causes = error.causes if isinstance(error, NotPublished) else {}
        first = next(iter(causes.values()), error)
        self._log.error("pages were not published", extra={"pages": sorted(causes), **trace_of(first)})

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

    def _hear(self, event: Mapping[str, Any]) -> None:
        told = AwsEvent(
            id=event["id"],
            kind=event["detail-type"],
            at=datetime.fromisoformat(event["time"]),
            resources=tuple(event.get("resources", ())),
            detail=event["detail"],
        )
        if told.kind not in self._aws_events:
            # The feature was switched off after this had happened.
            self._log.info("an event without a feature", extra={"kind": told.kind})
            return
        try:
            load(self._aws_events[told.kind])(told, self._services)
        except Exception as error:
            self._log.error("an event failed", extra={"kind": told.kind, "event_id": told.id, **trace_of(error)})
            raise AwsEventFailed(told.kind) from None
        self._log.info("event of AWS", extra={"kind": told.kind, "event_id": told.id})

    def _follow(self, record: Mapping[str, Any]) -> tuple[str, ...]:
        """Tell everyone of a change; the pages that it touches."""
        change = self._reader.change(record)
        if change is None or change.table not in self._changes:
            return ()
        pages: list[str] = []
        for event in load(self._changes[change.table])(change):
            with self._log.append_context_keys(correlation_id=event.correlation_id):
                self._tell(event)
                pages += self._touched(event)
        return tuple(pages)

    def _touched(self, event: Event) -> Iterable[str]:
        for reference in publishers(self._services.features, event.name):
            yield from load(reference)(event, self._services)

    def _tell(self, event: Event) -> None:
        for reference in subscribers(self._services.features, event.name):
            load(reference)(event, self._services)
        self._log.info("event", extra={"event": event.name, "event_id": event.id, "subject": event.subject})
