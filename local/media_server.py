"""The media process: RTMP ingest, HLS playback, the IVS control plane, and IVS Chat, all on loopback.

Run by `local.media.Media`, which tells it by environment what to do and is told {"port": …, "rtmp": …, "channel": …,
"playback": …, "ingest": …}, or {"error": …}, and later {"trouble": …}. It serves until its parent hangs up.
"""

import asyncio
import importlib
import importlib.util
import logging
import os
import socket
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn

from local.ivs.service import Ivs
from local.ivs.settings import CHAT_PATH, INGEST_APP, Settings
from local.loopback import LOOPBACK, ASGIApp, Guard, Scope, guarded, server
from local.process import Parent

PORTS_TRIED = 50
"""From the wanted ingest port upwards: other creators' processes on this machine have theirs."""

SOCKET_MESSAGE_BYTES = 64 * 1024

log = logging.getLogger("prism.media")


def main() -> None:
    parent = Parent()
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    try:
        asyncio.run(_serve(Settings.of(os.environ), parent))
    except Exception as error:
        log.exception("the media process could not start")
        parent.say(error=f"{error}")
        sys.exit(1)


async def _serve(settings: Settings, parent: Parent) -> None:
    http = listen(settings.port, tries=1)
    rtmp = listen(settings.rtmp_port, tries=PORTS_TRIED)
    port, rtmp_port = http.getsockname()[1], rtmp.getsockname()[1]
    ivs = Ivs(settings, address=f"http://{LOOPBACK}:{port}", ingest=f"rtmp://{LOOPBACK}:{rtmp_port}/{INGEST_APP}/")
    app = guarded(Rooms(ivs=ivs.app, chat=_chat(settings)), Guard(port=port, origins=settings.origins))
    web = server(app, grace=2, keep_alive=30)
    web.config.ws_max_size = SOCKET_MESSAGE_BYTES
    loop = asyncio.get_running_loop()
    parent.listen(gone=partial(loop.call_soon_threadsafe, _stop, ivs, web))
    await ivs.start(rtmp, tell=lambda trouble: parent.say(trouble=trouble))
    serving = asyncio.create_task(web.serve(sockets=[http]))
    while not web.started and not serving.done():
        await asyncio.sleep(0.005)
    if web.started:
        parent.say(port=port, rtmp=rtmp_port, channel=settings.channel, playback=ivs.playback_url, ingest=ivs.ingest)
    await serving
    await ivs.stop()


def _stop(ivs: Ivs, web: uvicorn.Server) -> None:
    # The show first: requests that wait for its next part are answered then, and the web server need not wait for them.
    ivs.close()
    web.should_exit = True


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Chat below its path, IVS everywhere else."""

    ivs: ASGIApp
    chat: ASGIApp | None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            if self.chat:
                await self.chat(scope, receive, send)
            return
        app = self.chat if self.chat and scope["path"].startswith(f"{CHAT_PATH}/") else self.ivs
        await app(scope, receive, send)


def _chat(settings: Settings) -> ASGIApp | None:
    """The chat room's ASGI app, where this checkout has one; it serves everything below CHAT_PATH, and its lifespan."""
    try:
        found = importlib.util.find_spec("local.ivschat.app")
    except ModuleNotFoundError:
        return None
    if found is None:
        return None
    app: ASGIApp = importlib.import_module("local.ivschat.app").chat_app(settings)
    return app


def listen(port: int, *, tries: int) -> socket.socket:
    """A socket on loopback at this port or, where it is taken, one of the next; OSError."""
    for offset in range(tries):
        # The protocol is named because asyncio turns Nagle's delay (40 ms a request) off only where it reads TCP.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port + offset))
            listening.listen(512)
        except OSError:
            listening.close()
            if offset == tries - 1:
                raise
            continue
        return listening
    raise AssertionError("at least one port is tried")


if __name__ == "__main__":
    main()
