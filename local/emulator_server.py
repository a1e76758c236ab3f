"""The emulator's process: AWS on loopback, guarded, its state saved while it changes.

Run by `local.emulator.Emulator`, which tells it by environment what to do and is told {"port": …}, or {"error": …}, and
later {"trouble": …}.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.process import Parent

SAVE_EVERY_SECONDS = 1.0
"""While there are changes. A kill costs this and the time one saving takes: under two seconds together."""

LOOK_ANYWAY_SECONDS = 30.0
"""Expiring items and schedules change state without a request."""

# Receive: who looks for messages all day changes nothing worth keeping. After a crash a message is visible again, as it
# would be after its timeout.
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Lookup", "Head", "Search", "Receive")

log = logging.getLogger("prism.emulator")


def main() -> None:
    parent = Parent()
    try:
        listening = _listen(int(os.environ["PRISM_EMULATOR_PORT"]))
        asyncio.run(_serve(listening, parent))
    except Exception as error:
        log.exception("the emulator could not start")
        parent.say(error=f"{error}")
        sys.exit(1)


async def _serve(listening: socket.socket, parent: Parent) -> None:
    port = listening.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    snapshots, state = _prepare()

    from ministack.app import app as emulator

    from local.cognito import Cognito
    from local.loopback import Guard, guarded, server
    from local.outbox import Outbox
    from local.signatures import Locked
    from local.written import Telling

    if snapshots is not None:
        snapshots.load(state)

    changes = Changes(Telling(DataPlane(Cognito(Outbox(emulator)))))
    origins = frozenset(filter(None, os.environ["PRISM_EMULATOR_ORIGINS"].split(",")))
    locked = Locked(app=changes, secret=os.environ["AWS_SECRET_ACCESS_KEY"], origins=origins, is_open=is_open)
    serving_app = guarded(locked, Guard(port=port, origins=origins))
    uvicorn_server = server(serving_app, grace=2, keep_alive=75, date=False)
    loop = asyncio.get_running_loop()
    parent.listen(gone=partial(loop.call_soon_threadsafe, _stop, uvicorn_server))
    saving = asyncio.create_task(_keep_saving(snapshots, changes, parent)) if snapshots is not None else None
    serving = asyncio.create_task(uvicorn_server.serve(sockets=[listening]))
    while not uvicorn_server.started and not serving.done():
        await asyncio.sleep(0.005)
    if uvicorn_server.started:
        parent.say(port=port)
    await serving
    if snapshots is not None and saving is not None:
        changes.ended.set()
        changes.any.set()
        await saving
        snapshots.write(snapshots.capture(objects_changed=True))


def is_open(headers: Mapping[str, str], path: str) -> bool:
    """Whether AWS takes the request unsigned: one to a deployed HTTP API, or one of Cognito's that an access token signs."""
    return is_data_plane(headers.get("host", ""), path) or is_by_token(headers)


def is_data_plane(host: str, path: str) -> bool:
    """Whether the request is for a deployed HTTP API, which takes it unsigned; managing its connections is not."""
    from ministack import app

    return app._EXECUTE_API_RE.match(host) is not None and "@connections" not in path


def is_by_token(headers: Mapping[str, str]) -> bool:
    """Whether the request is one of those that Cognito judges by the access token in it."""
    from local.cognito import action_of
    from local.passkeys import BY_TOKEN

    return action_of(headers.get("x-amz-target", "")) in BY_TOKEN


class DataPlane:
    """The emulator's ASGI app, of which an unsigned request reaches the deployed HTTP APIs, Cognito's calls by token, and nothing else.

    The emulator's own router looks at some paths before it looks at the host, its `/_ministack/reset` among them.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        from local.signatures import OPEN

        if not scope.get(OPEN):
            await self.app(scope, receive, send)
            return
        from ministack import app

        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            between = "; " if key == "cookie" else ", "
            headers[key] = f"{headers[key]}{between}{text}" if key in headers else text
        if not is_data_plane(headers["host"], scope["path"]):
            await self._by_token(scope, headers, receive, send)
            return
        raw_query = scope["query_string"].decode("latin-1")
        response = await app._handle_execute_api_request(
            headers["host"],
            scope["path"],
            scope["method"],
            headers,
            await app._read_request_body(receive, scope["method"], headers),
            parse_qs(raw_query, keep_blank_values=True),
            raw_path=scope["raw_path"].decode("latin-1"),
            raw_query_string=raw_query,
        )
        answer = app._with_data_plane_headers(response, str(uuid.uuid4()), wildcard_cors=False)
        await app._send_if_handled(app._with_date_header(send), answer, receive)

    async def _by_token(self, scope: Mapping[str, Any], headers: dict[str, str], receive: Any, send: Any) -> None:
        from ministack import app

        from local import cognito

        cognito.install()
        body = await app._read_request_body(receive, scope["method"], headers)
        answer = cognito.by_token(cognito.action_of(headers["x-amz-target"]), body)
        await app._send_if_handled(app._with_date_header(send), answer, receive)


class Changes:
    """The emulator's ASGI app, noticing which requests may have changed something."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.any = asyncio.Event()
        self.ended = asyncio.Event()
        self.objects = False

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        operation = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
        try:
            await self.app(scope, receive, send)
        finally:
            if not operation.startswith(_READS):
                # Only protocols without a target header reach S3.
                self.objects = self.objects or not operation
                self.any.set()


async def _keep_saving(snapshots: Any, changes: Changes, parent: Parent) -> None:
    troubled = False
    while not changes.ended.is_set():
        await _either(changes.any, LOOK_ANYWAY_SECONDS)
        objects = changes.objects
        changes.any.clear()
        changes.objects = False
        try:
            capture = snapshots.capture(objects_changed=objects)
            await asyncio.to_thread(snapshots.write, capture)
            if troubled:
                parent.say(trouble="the state of the local AWS is saved again")
                troubled = False
        except (OSError, RuntimeError) as error:
            log.error("the state could not be saved, trying again: %s", error)
            if isinstance(error, OSError) and not troubled:
                troubled = True
                parent.say(trouble=f"the state of the local AWS cannot be saved: {error.strerror or error}")
            changes.objects = True
            changes.any.set()
        await _either(changes.ended, SAVE_EVERY_SECONDS)


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _prepare() -> tuple[Any, dict[str, Any]]:
    """What keeps the state, and the state; must come before the emulator is imported."""
    folder = os.environ.get("PRISM_EMULATOR_STATE")
    if not folder:
        return None, {}
    from local.snapshots import Snapshots

    snapshots = Snapshots(folder=Path(folder))
    state = snapshots.prepare()
    os.environ["S3_PERSIST"] = "1"
    os.environ["S3_DATA_DIR"] = str(snapshots.work)
    return snapshots, state


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's delay (40 ms a request) off only where it reads TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(512)
    return listening


def _stop(server: Any) -> None:
    server.should_exit = True


if __name__ == "__main__":
    main()
