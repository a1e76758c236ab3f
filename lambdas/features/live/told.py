"""What IVS tells of a stream: late, twice and in any order. Each is a fact for the ledger, of which the earliest counts.

Kinds and fields: Amazon IVS low-latency user guide, "Using Amazon EventBridge with IVS".
"""

from datetime import datetime

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import size

from lambdas.core.events import AwsEvent
from lambdas.features.live.books import KEPT
from lambdas.features.live.ledger import Desk, settle
from lambdas.features.live.models import Stream
from lambdas.features.live.waking import stay_awake_while_on
from lambdas.platform.services import Services

_BEGUN = frozenset({"Stream Start", "Stream Takeover"})
_OVER = frozenset({"Stream End", "Stream Failure"})

_MOST_MARKS = 2000
"""A connection that starves all day says so often enough by then."""


def of_a_stream(event: AwsEvent, services: Services) -> None:
    """A stream began or ended. Sessions and a takeover that failed change nothing: the stream that is there goes on."""
    name, id = event.detail["event_name"], event.detail.get("stream_id")
    if not id or not _is_ours(event, services):
        return
    if name in _BEGUN:
        note(services, id, started=event.at)
    elif name in _OVER:
        note(services, id, ended=event.at)
        if name == "Stream Failure":
            Stream(id).update(actions=[Stream.failure.set(str(event.detail.get("code") or "failed"))])


def note(
    services: Services,
    id: str,
    *,
    started: datetime | None = None,
    ended: datetime | None = None,
    gone: datetime | None = None,
) -> None:
    """Write down a fact of a stream, and what follows. One told later than any stream can be on changes no show any more."""

    def work(desk: Desk) -> None:
        known = desk.books.stream(id)
        happened = started or ended or gone
        if known not in desk.books.streams and happened is not None and desk.now - happened > KEPT:
            return
        desk.books = desk.books.with_stream(known.told(started=started, ended=ended, gone=gone))

    stay_awake_while_on(settle(services, work), services)


def of_health(event: AwsEvent, services: Services) -> None:
    """A stream starved, or had enough again: one text a moment in a set, so that twice is once and order means nothing."""
    word = {"Starvation Start": "start", "Starvation End": "end"}.get(event.detail["event_name"])
    id = event.detail.get("stream_id")
    if not word or not id or not _is_ours(event, services):
        return
    room = Stream.health.does_not_exist() | (size("health") < _MOST_MARKS)  # type: ignore[no-untyped-call]
    try:
        Stream(id).update(actions=[Stream.health.add({f"{event.at.isoformat()} {word}"})], condition=room)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def of_a_limit(event: AwsEvent, services: Services) -> None:
    """A limit of the account was exceeded (too many viewers, too high a bit rate): the stream says so in the studio."""
    id = event.detail.get("stream_id")
    if not id or (event.resources and not _is_ours(event, services)):
        return
    Stream(id).update(actions=[Stream.limits.add({str(event.detail["limit_name"])[:100]})])


def _is_ours(event: AwsEvent, services: Services) -> bool:
    """An account may have channels that are nobody's of us."""
    return services.channel.arn in event.resources
