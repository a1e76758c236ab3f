"""The `worker` function: what follows a change, and what is done every so often.

A batch of a table's stream is worked through in order. The first record that fails ends the batch:
Lambda is told its sequence number, keeps what came before, halves and repeats the rest, and puts a
record that keeps failing among the dead letters.
"""

from typing import Any

from lambdas.core.events import Event
from lambdas.core.feature import subscribers
from lambdas.core.references import load
from lambdas.features.registry import tables_of
from lambdas.handlers.assembly import logger, services
from lambdas.platform.streams import StreamReader

_services = services()
_log = logger("worker", _services.creator)
_reader = StreamReader(tables_of(_services.features), creator_id=_services.creator.id)
_changes = {table: reference for feature in _services.features for table, reference in feature.changes.items()}
_schedules = {name: schedule for feature in _services.features for name, schedule in feature.schedules.items()}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A stream's batch or a schedule; for a batch, which records have not been dealt with."""
    if event.get("prism") == "schedule":
        _run(event["name"])
        return {}
    for record in event["Records"]:
        sequence = record["dynamodb"]["SequenceNumber"]
        try:
            _work(record)
        except Exception:
            _log.exception("a change failed", extra={"source": record["eventSourceARN"], "sequence": sequence})
            return {"batchItemFailures": [{"itemIdentifier": sequence}]}
    return {"batchItemFailures": []}


def _run(name: str) -> None:
    if name not in _schedules:
        # The feature was switched off after its schedule had fired.
        _log.info("schedule without a feature", extra={"schedule": name})
        return
    load(_schedules[name].run)(_services)
    _log.info("schedule done", extra={"schedule": name})


def _work(record: dict[str, Any]) -> None:
    change = _reader.change(record)
    if change is None or change.table not in _changes:
        return
    for event in load(_changes[change.table])(change):
        with _log.append_context_keys(correlation_id=event.correlation_id):
            _tell(event)


def _tell(event: Event) -> None:
    for reference in subscribers(_services.features, event.name):
        load(reference)(event, _services)
    _log.info("event", extra={"event": event.name, "event_id": event.id, "subject": event.subject})
