"""Amazon IVS on this machine: the parts of it, put together."""

import socket
from collections.abc import Callable
from typing import Any

from local.ivs.settings import Settings
from local.loopback import Scope, refuse


class Ivs:
    """One channel: `app` serves its playback and its control plane, `start` its ingest."""

    def __init__(self, settings: Settings, *, address: str, ingest: str) -> None:
        self.settings = settings
        self.ingest = ingest
        self.playback_url = f"{address}{settings.playback_path}"

    async def start(self, rtmp: socket.socket, *, tell: Callable[[str], None]) -> None:
        rtmp.close()

    async def stop(self) -> None:
        return

    async def app(self, scope: Scope, receive: Any, send: Any) -> None:
        await refuse(scope, receive, send, "There is nothing here.")
