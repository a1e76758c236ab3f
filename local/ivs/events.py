"""IVS's events as EventBridge delivers them, on their way into the platform's queue.

They are written down before anything else and taken off when the queue has them: an emulator that is away loses none, and
one may come twice, as from AWS.
"""

import asyncio
import json
import logging
import os
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.ivs.settings import Settings
from local.ivs.state import Notes

STATE = "IVS Stream State Change"
HEALTH = "IVS Stream Health Change"
RECORDING = "IVS Recording State Change"

_FILE = "events.jsonl"

log = logging.getLogger("prism.ivs.events")


class Events:
    """Makes events and brings them to the queue, in their order."""

    def __init__(
        self,
        settings: Settings,
        *,
        send: Callable[[str], None] | None,
        notes: Notes | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`send` puts one message into the queue, and may take its time; any error of it is tried again."""
        self._settings, self._send, self._now = settings, send, now
        self._notes = notes or Notes()
        self._file: Path | None = settings.media_folder / _FILE if settings.media_folder else None
        self._waiting: deque[str] = deque(self._written())
        self._some = asyncio.Event()
        self._stopping = False
        if self._waiting:
            self._some.set()

    def stream(self, name: str, stream_id: str, **more: str) -> None:
        self._put(
            STATE, {"event_name": name, "channel_name": self._settings.channel_name, "stream_id": stream_id, **more}
        )

    def health(self, name: str, stream_id: str) -> None:
        self._put(HEALTH, {"event_name": name, "channel_name": self._settings.channel_name, "stream_id": stream_id})

    def recording(self, status: str, stream_id: str, **more: Any) -> None:
        detail = {"channel_name": self._settings.channel_name, "stream_id": stream_id, "recording_status": status}
        self._put(RECORDING, {**detail, **more})

    async def keep_sending(self) -> None:
        """Until it is cancelled, or until all is sent after `stop`."""
        while not (self._stopping and not self._waiting):
            await self._some.wait()
            while self._waiting:
                if self._send is not None and not await self._sent(self._waiting[0]):
                    if self._stopping:
                        return
                    await asyncio.sleep(self._settings.timing.retry)
                    continue
                self._waiting.popleft()
                self._notes.keep(self._write)
            self._some.clear()
            if self._stopping:
                return

    def stop(self) -> None:
        self._stopping = True
        self._some.set()

    async def _sent(self, message: str) -> bool:
        assert self._send is not None
        try:
            await asyncio.to_thread(self._send, message)
        except Exception as error:
            log.warning("an event waits for the local AWS: %s", type(error).__name__)
            return False
        return True

    def _put(self, kind: str, detail: dict[str, Any]) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": "aws.ivs",
            "account": self._settings.account,
            "time": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._settings.region,
            "resources": [self._settings.channel],
            "detail": detail,
        }
        self._waiting.append(json.dumps(event))
        self._notes.keep(self._write)
        self._some.set()

    def _written(self) -> list[str]:
        if self._file is None or not self._file.exists():
            return []
        return self._file.read_text(encoding="utf-8").splitlines()

    def _write(self) -> None:
        """All that waits: seldom more than one or two."""
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self._waiting)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)
