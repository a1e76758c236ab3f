"""Domain events: what happened, told once by the change itself.

No dual write: the changed item is the outbox. A table's stream brings a `Change` to the worker, a
feature reads from it which `Event`s happened, and every subscriber gets each of them at least
once. So an event's id is the same however often its change is read, and handlers are idempotent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, kw_only=True)
class Change:
    """One committed write to one item.

    `old` and `new` are instances of the table's model, None where the item did not exist before or
    does not after. `at` is when the write was made (UTC), `sequence` its place in the stream.
    """

    table: str
    old: Any | None
    new: Any | None
    at: datetime
    sequence: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """The envelope: `contact.message.received` happened to `subject` at `at` (UTC).

    `id` repeats when the event does. `correlation_id` is the one of the request that made the
    change, empty where no request did. `data` is JSON-ready.
    """

    id: str
    name: str
    at: datetime
    subject: str
    correlation_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class AwsEvent(NamedTuple):
    """Something that AWS says has happened, through EventBridge: late, twice, or after what followed it.

    `id` is the same when it comes again. `kind` is its detail-type ("IVS Stream State Change"), `at` when it
    happened (UTC), `resources` whom it is about, as ARNs, and `detail` what AWS documents for its kind.
    """

    id: str
    kind: str
    at: datetime
    resources: tuple[str, ...]
    detail: Mapping[str, Any]
