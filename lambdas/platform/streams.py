"""A table's stream, read as changes of its model."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambdas.core.events import Change
from lambdas.platform.tables import Table, table_name

# How a stream is worked through, in the cloud and on a laptop: so many records at once, and so many
# tries in all before a record that keeps failing is told of in the dead-letter queue.
BATCH_SIZE = 100
ATTEMPTS = 10


class StreamReader:
    """Turns records of DynamoDB streams (the shape Lambda is given) into changes."""

    def __init__(self, models: Mapping[str, type[Table]], *, creator_id: str) -> None:
        self._models = {table_name(creator_id, short): model for short, model in models.items()}

    def change(self, record: Mapping[str, Any]) -> Change | None:
        """The record's change; None where its table belongs to no active feature (a feature just switched off)."""
        table = record["eventSourceARN"].split("/")[1]
        model = self._models.get(table)
        if model is None:
            return None
        stream = record["dynamodb"]
        return Change(
            table=model.short_name,
            old=_item(model, stream.get("OldImage")),
            new=_item(model, stream.get("NewImage")),
            at=_moment(stream["ApproximateCreationDateTime"]),
            sequence=stream["SequenceNumber"],
        )


def _item(model: type[Table], image: Mapping[str, Any] | None) -> Table | None:
    if not image:
        return None
    return model.from_raw_data({name: dict(value) for name, value in image.items()})


def _moment(value: float | datetime) -> datetime:
    # Lambda gives seconds since 1970, boto3's own stream client a datetime.
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
