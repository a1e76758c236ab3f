"""What the media process is told by the environment it starts with, and the names that follow from it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

PREFIX = "PRISM_MEDIA_"

INGEST_APP = "app"
"""The last part of IVS's ingest address: rtmps://…:443/app/."""

CONTROL_PATH = "/ivs"
CHAT_PATH = "/ivschat"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long things may take, in seconds; tests shorten them."""

    grace: float = 15.0
    """A publisher that lost its connection continues the same stream when it is back within this."""

    merge: float = 60.0
    """IVS's recordingReconnectWindowSeconds: a stream that starts within this of the last one's end continues its recording."""

    handshake: float = 5.0
    connect: float = 10.0
    idle: float = 30.0
    """A publisher that sends nothing for so long has gone, whatever its connection says."""

    silent: float = 5.0
    """A publisher that has sent nothing for so long makes room for one with the same key: its computer may have gone to sleep."""

    starvation: float = 2.0
    """Media this far behind real time is starvation."""

    thumbnails: float = 60.0
    """IVS's targetIntervalSeconds."""

    viewer: float = 10.0
    """A session that asked for something within this is watched by someone."""

    retry: float = 1.0
    """Between two tries to reach the local AWS."""

    review: float = 5.0
    """For a chat message's review. IVS Chat waits 0.2; what takes longer is told, as a laptop at other work may need more."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One creator's channel and chat room on this machine."""

    creator: str
    account: str
    region: str
    state: Path | None
    """The creator's state folder, in which ours is `media`; None keeps nothing."""

    port: int = 0
    rtmp_port: int = 1935
    origins: frozenset[str] = frozenset()
    """The sites whose pages may play and chat."""

    playback_key: str = field(repr=False)
    """The channel's public key, PEM: tokens are verified with it."""

    bucket: str = ""
    """Where recordings go; empty where nothing is recorded."""

    queue: str = ""
    """The URL of the queue that takes the events; empty where nobody wants them."""

    when_review_fails: str = "DENY"
    """What becomes of a chat message that could not be reviewed: the room's fallbackResult, ALLOW or DENY."""

    secret: str = field(default="", repr=False)
    """With which requests to the control planes must be signed."""

    timing: Timing = Timing()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Of the variables that `environment` gave, and the credentials of the local AWS; KeyError where one is missing."""
        told = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
        seconds = {each.name: float(told[each.name.upper()]) for each in fields(Timing) if each.name.upper() in told}
        return cls(
            creator=told["CREATOR"],
            account=told["ACCOUNT"],
            region=told["REGION"],
            state=Path(told["STATE"]) if told.get("STATE") else None,
            port=int(told.get("PORT", "0")),
            rtmp_port=int(told.get("RTMP_PORT", "1935")),
            origins=frozenset(filter(None, told.get("ORIGINS", "").split(","))),
            playback_key=told["PLAYBACK_KEY"],
            bucket=told.get("BUCKET", ""),
            queue=told.get("QUEUE", ""),
            when_review_fails=told.get("WHEN_REVIEW_FAILS", "DENY"),
            secret=environ["AWS_SECRET_ACCESS_KEY"],
            timing=Timing(**seconds),
        )

    def environment(self) -> dict[str, str]:
        """The variables that `of` reads, but for the credentials."""
        told: dict[str, Any] = {
            "CREATOR": self.creator,
            "ACCOUNT": self.account,
            "REGION": self.region,
            "STATE": self.state.resolve() if self.state else "",
            "PORT": self.port,
            "RTMP_PORT": self.rtmp_port,
            "ORIGINS": ",".join(sorted(self.origins)),
            "PLAYBACK_KEY": self.playback_key,
            "BUCKET": self.bucket,
            "QUEUE": self.queue,
            "WHEN_REVIEW_FAILS": self.when_review_fails,
            **{each.name.upper(): getattr(self.timing, each.name) for each in fields(Timing)},
        }
        return {f"{PREFIX}{name}": str(value) for name, value in told.items()}

    @property
    def channel_id(self) -> str:
        return stable_id(self.creator, "channel")

    @property
    def channel_name(self) -> str:
        return f"prism-{self.creator}"

    @property
    def channel(self) -> str:
        """The channel's ARN."""
        return f"arn:aws:ivs:{self.region}:{self.account}:channel/{self.channel_id}"

    @property
    def room(self) -> str:
        """The chat room's ARN."""
        return f"arn:aws:ivschat:{self.region}:{self.account}:room/{stable_id(self.creator, 'room')}"

    @property
    def chat_log(self) -> str:
        """The log group that the room writes its messages to."""
        return f"prism-{self.creator}-chat"

    @property
    def playback_path(self) -> str:
        return f"/api/video/v1/{self.region}.{self.account}.channel.{self.channel_id}.m3u8"

    @property
    def media_folder(self) -> Path | None:
        """Ours, private; made on demand."""
        if self.state is None:
            return None
        folder = self.state / "media"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


def stable_id(creator: str, kind: str) -> str:
    """Twelve letters and digits as AWS's ids are, the same each time for the same creator."""
    digest = hashlib.sha256(f"{kind} of {creator}".encode()).digest()
    return base64.b32encode(digest).decode()[:12].lower()
