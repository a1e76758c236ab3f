"""Live video and chat on this machine: one media process a creator, behind one small class.

It is Amazon IVS and IVS Chat to whoever uses it: OBS by RTMP, players by HLS, chat clients by web socket, boto3 by
`environment()`. It outlives the platform's server, so that an edit does not interrupt a show.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.core.errors import Unavailable
from local.ivs.settings import CHAT_PATH, CONTROL_PATH, Settings, Timing
from local.process import Child

START_SECONDS = 30


class MediaFailed(Unavailable):
    code = "media_failed"
    title = "The local ingest did not start"


@dataclass(kw_only=True)
class Media:
    """A running media process. Without `state` it forgets the stream key when it stops."""

    settings: Settings
    port: int
    rtmp_port: int
    process: Child = field(repr=False)

    @classmethod
    def start(
        cls,
        *,
        creator: str,
        account: str,
        region: str,
        aws: Mapping[str, str],
        playback_key: str,
        state: Path | None = None,
        log: Path | None = None,
        port: int = 0,
        rtmp_port: int = 1935,
        origins: tuple[str, ...] = (),
        bucket: str = "",
        queue: str = "",
        when_review_fails: str = "DENY",
        timing: Timing | None = None,
        tell: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> "Media":
        """Start it on loopback and return when it answers; MediaFailed says why it did not.

        `aws` is the environment of the local AWS, which takes the recordings (`bucket`, a name) and events (`queue`, a
        URL) and with whose credentials requests must be signed. `playback_key` is the channel's public key, PEM.
        `port` 0 takes a free one, `rtmp_port` or the next free one is for publishers. `origins` are the sites whose
        pages may play and chat, `when_review_fails` is the chat room's fallback ("ALLOW" or "DENY"). `tell` hears of
        trouble later. It stops when this process does, however that ends.
        """
        settings = Settings(
            creator=creator,
            account=account,
            region=region,
            state=state,
            port=port,
            rtmp_port=rtmp_port,
            origins=frozenset(origins),
            playback_key=playback_key,
            bucket=bucket,
            queue=queue,
            when_review_fails=when_review_fails,
            timing=timing or Timing(),
        )
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PRISM_", "COV_"))},
            **aws,
            **settings.environment(),
        }
        if log:
            log.unlink(missing_ok=True)
        child = Child.start("local.media_server", environment=environment, log=log, seconds=START_SECONDS, tell=tell)
        if "port" not in child.first:
            child.kill()
            where = f" (see {log})" if log else ""
            raise MediaFailed(
                f"The local ingest did not start: {child.first.get('error', 'it said nothing')}{where}.",
                fix="`prism doctor` shows what this machine lacks.",
            )
        first = child.first
        return cls(settings=settings, port=int(first["port"]), rtmp_port=int(first["rtmp"]), process=child)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def playback(self) -> str:
        """The channel's playback URL, to which a token is added."""
        return f"{self.endpoint}{self.settings.playback_path}"

    @property
    def ingest(self) -> str:
        """The server for OBS; the stream key follows it."""
        return str(self.process.first["ingest"])

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.running

    def environment(self) -> dict[str, str]:
        """The variables by which boto3's `ivs` and `ivschat` come here, and the platform knows the channel and the room."""
        return {
            "AWS_ENDPOINT_URL_IVS": f"{self.endpoint}{CONTROL_PATH}",
            "AWS_ENDPOINT_URL_IVSCHAT": f"{self.endpoint}{CHAT_PATH}",
            "PRISM_IVS_CHANNEL": self.settings.channel,
            "PRISM_IVS_PLAYBACK": self.playback,
            "PRISM_IVS_INGEST": self.ingest,
            "PRISM_CHAT_ROOM": self.settings.room,
            "PRISM_CHAT_ENDPOINT": f"ws://127.0.0.1:{self.port}{CHAT_PATH}/socket",
            "PRISM_CHAT_LOG": self.settings.chat_log,
        }

    def stop(self) -> None:
        """Stop it and return when its recording and events are where they belong."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
