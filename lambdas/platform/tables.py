"""DynamoDB tables, each defined once: as a pynamodb model.

CDK, the local cloud and the tests make tables from `definition(model)`; the code reads and writes
them through the model. Endpoint, region and credentials come from the environment as for every AWS
client (`AWS_ENDPOINT_URL` on a laptop).
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from pynamodb.attributes import TTLAttribute
from pynamodb.connection import Connection, TableConnection
from pynamodb.models import Model

from lambdas.core.errors import Conflict
from lambdas.platform import aws

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

KeyType = Literal["S", "N", "B"]
T = TypeVar("T")

_TRIES = 6


@dataclass(kw_only=True)
class _Bound:
    """Whose tables this process reads and writes, and through what."""

    creator_id: str = ""
    connection: Connection | None = None


_LOCK = threading.Lock()
_bound = _Bound()


class Table(Model):
    """Base of every table's model.

    `Meta.short_name` names the table within a creator's platform ("contact-messages"). Declare
    `stream_view_type = "NEW_AND_OLD_IMAGES"` in Meta where changes become events, and a
    `TTLAttribute` where items expire; `append_only = True` where no function may change or delete;
    `read_by_all = True` where every function that renders pages reads it, whosever feature it is.
    """

    short_name: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        meta: Any = cls.Meta
        cls.short_name = meta.short_name
        _point(cls)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """One client for all models: pynamodb would make one a model, without a lock, at first use."""
        with _LOCK:
            own = super()._get_connection()
            if _bound.connection is not None and own.connection is not _bound.connection:
                _bound.connection.add_meta_table(own.get_meta_table())
                own.connection = _bound.connection
            return own


class Key(NamedTuple):
    name: str
    type: KeyType


class Index(NamedTuple):
    """A global secondary index; `projection` is ALL, KEYS_ONLY or INCLUDE, with the attributes included."""

    name: str
    hash: Key
    range: Key | None
    projection: str
    included: tuple[str, ...] = ()


class Definition(NamedTuple):
    """All that makes a table, read off its model."""

    short_name: str
    hash: Key
    range: Key | None
    indexes: tuple[Index, ...]
    ttl: str | None
    streamed: bool
    append_only: bool = False
    read_by_all: bool = False


def table_name(creator_id: str, short_name: str) -> str:
    """The name in AWS: prism-kasper-contact-messages."""
    return f"prism-{creator_id}-{short_name}"


def definition(model: type[Table]) -> Definition:
    schema: dict[str, Any] = dict(model._get_schema())
    types: dict[str, KeyType] = {a["AttributeName"]: a["AttributeType"] for a in schema["attribute_definitions"]}

    def keys(key_schema: Iterable[dict[str, str]]) -> tuple[Key, Key | None]:
        by_role = {k["KeyType"]: Key(name=k["AttributeName"], type=types[k["AttributeName"]]) for k in key_schema}
        return by_role["HASH"], by_role.get("RANGE")

    indexes = []
    for index in schema["global_secondary_indexes"]:
        index_hash, index_range = keys(index["key_schema"])
        projection = index["projection"]
        indexes.append(
            Index(
                name=index["index_name"],
                hash=index_hash,
                range=index_range,
                projection=projection["ProjectionType"],
                included=tuple(projection.get("NonKeyAttributes") or ()),
            )
        )
    table_hash, table_range = keys(schema["key_schema"])
    ttl = next((a for a in model.get_attributes().values() if isinstance(a, TTLAttribute)), None)
    return Definition(
        short_name=model.short_name,
        hash=table_hash,
        range=table_range,
        indexes=tuple(sorted(indexes, key=lambda i: i.name)),
        ttl=ttl.attr_name if ttl is not None else None,
        streamed=getattr(model.Meta, "stream_view_type", None) == "NEW_AND_OLD_IMAGES",
        append_only=getattr(model.Meta, "append_only", False),
        read_by_all=getattr(model.Meta, "read_by_all", False),
    )


class NotWritten(Exception):
    """A condition of a transaction did not hold, and nothing of it was written.

    `places` are those of its parts that refused, from 0, in the order in which they were added.
    """

    def __init__(self, places: tuple[int, ...]) -> None:
        super().__init__(f"conditions that did not hold: {places}")
        self.places = places


class Met(Conflict):
    """A transaction met another one that writes the same: nothing of it was written, and doing it again helps."""


def repeated(write: Callable[[], T]) -> T:
    """What `write` gives; it is done again, up to six times in all, where its transaction met another one. Met after that."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except Met:
            continue
    return write()


@contextmanager
def transaction(model: type[Table]) -> Iterator["TransactWrite"]:
    """All of what is written inside, or nothing: `with transaction(Person) as write: write.save(…); write.update(…)`.

    `model` is any of the models written. NotWritten where a condition fails, Met where another transaction writes
    the same at this moment (see `repeated`). At most 100 items.
    """
    from pynamodb.exceptions import TransactWriteError

    write = _in_order()(connection=model._get_connection().connection)
    try:
        with write:
            yield write
    except TransactWriteError as error:
        reasons = [reason.code if reason else None for reason in error.cancellation_reasons]
        refused = [place for place, code in enumerate(reasons) if code == "ConditionalCheckFailed"]
        if not refused:
            if "TransactionConflict" in reasons:
                raise Met(fix="Try again in a moment.") from None
            raise
        raise NotWritten(tuple(sorted(write.added[place] for place in refused))) from None


@cache
def _in_order() -> Any:
    """pynamodb's transaction, which sends its parts sorted by kind, and knows by `added` when each was added."""
    from pynamodb.transactions import TransactWrite

    class InOrder(TransactWrite):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._kinds: list[int] = []

        @property
        def added(self) -> list[int]:
            """By the place in which DynamoDB was sent a part: the place in which it was added."""
            return sorted(range(len(self._kinds)), key=self._kinds.__getitem__)

        def condition_check(self, *given: Any, **options: Any) -> None:
            self._kinds.append(0)
            super().condition_check(*given, **options)

        def delete(self, *given: Any, **options: Any) -> None:
            self._kinds.append(1)
            super().delete(*given, **options)

        def save(self, *given: Any, **options: Any) -> None:
            self._kinds.append(2)
            super().save(*given, **options)

        def update(self, *given: Any, **options: Any) -> None:
            self._kinds.append(3)
            super().update(*given, **options)

    return InOrder


def bind(*, creator_id: str) -> None:
    """Point every model at one creator's tables, those that are imported later too, and make their client.

    Once, before threads start: the client is made here and not in the first request.
    """
    _bound.creator_id, _bound.connection = creator_id, None
    for model in Table.__subclasses__():
        _point(model)
    connection = Connection()
    connection._local.session = aws.session()
    connection.client  # noqa: B018
    _bound.connection = connection


def _point(model: type[Table]) -> None:
    meta: Any = model.Meta
    meta.table_name = table_name(_bound.creator_id, model.short_name) if _bound.creator_id else model.short_name
    model._connection = None
