"""Which tables were written to: told by the emulator as soon as it happens, so that nobody has to keep asking each table's stream.

In AWS it is Lambda's event source mapping that finds out, at nobody's cost.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from local.loopback import answer_json
from local.signatures import ask

PATH = "/_prism/written"


class Written(NamedTuple):
    """The number of the last stream record that there is, and the tables with records after the one that was asked about."""

    last: int
    tables: frozenset[str]


def written_since(after: int, *, seconds: float) -> Written:
    """Ask the emulator of this process's environment; it answers when there is something, or after so long. OSError where it is away."""
    answer = ask(
        os.environ["AWS_ENDPOINT_URL"],
        f"{PATH}?after={after}&seconds={seconds:g}",
        credentials=os.environ,
        seconds=seconds + 10,
    )
    found = json.loads(answer)
    return Written(last=found["last"], tables=frozenset(found["tables"]))


class Telling:
    """The emulator's ASGI app, answering at `PATH` once something is in a stream."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._more = asyncio.Event()
        self._last = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._answer(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if (last := _counter()) != self._last:
                self._last = last
                more, self._more = self._more, asyncio.Event()
                more.set()

    async def _answer(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        after, seconds = int(asked["after"][0]), min(float(asked["seconds"][0]), 60.0)
        more = self._more
        if not (found := since(after)).tables:
            await _until(more, receive, seconds)
            # Also what came without a request, such as an item that has expired.
            found = since(after)
        await answer_json(send, json.dumps({"last": found.last, "tables": sorted(found.tables)}).encode())


def since(after: int) -> Written:
    """What is in the emulator's streams after a record; all there is where the state is one from before that record."""
    from ministack.services import dynamodb

    start = 0 if after > _counter() else after
    # The last ten digits of a record's number are the emulator's own count.
    ends = {
        key[-1]: int(records[-1]["dynamodb"]["SequenceNumber"][-10:])
        for key, records in list(dynamodb._stream_records.all_items())
        if records
    }
    return Written(
        last=max([start, *ends.values()]), tables=frozenset(table for table, end in ends.items() if end > start)
    )


def _counter() -> int:
    # Not imported for it: that takes a while, and who has no tables has no streams.
    return int(getattr(sys.modules.get("ministack.services.dynamodb"), "_stream_seq_counter", 0))


async def _until(event: asyncio.Event, receive: Any, seconds: float) -> None:
    """Return when the event is set, who asked has gone, or after so long."""
    waiting = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(_gone(receive))]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting, return_exceptions=True)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
