"""Counting what DynamoDB charges for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lambdas.platform.limits import Hits


@dataclass
class Units:
    """Capacity units spent, tables and indexes together."""

    written: float = 0.0
    read: float = 0.0


_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


@contextmanager
def counted() -> Iterator[Units]:
    """What the bound tables' client spends in the block, by DynamoDB's own account of it.

    A write refused by its condition is charged for as well and its answer does not say so: it counts
    as one unit, which it is for items under one kB.
    """
    units = Units()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        writes = model.name in _WRITES
        if parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
            units.written += 1
        spent = parsed.get("ConsumedCapacity") or ()
        for one in spent if isinstance(spent, list) else (spent,):
            if not one:
                continue
            if writes:
                units.written += one["CapacityUnits"]
            else:
                units.read += one["CapacityUnits"]

    events = Hits._get_connection().connection.client.meta.events
    events.register("before-parameter-build.dynamodb", ask)
    events.register("after-call.dynamodb", note)
    try:
        yield units
    finally:
        events.unregister("before-parameter-build.dynamodb", ask)
        events.unregister("after-call.dynamodb", note)
