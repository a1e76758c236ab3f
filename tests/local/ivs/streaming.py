"""A media process and what one does with it: publish, watch, ask by boto3."""

import base64
import json
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.ivs.settings import Timing
from local.media import Media
from tests.conftest import ACCOUNT, NOBODY, REGION
from tests.local.requests_here import Reply, ask, wait_until
from tests.publisher import Publisher

SITE = "http://mira.localhost:8000"
QUICK = Timing(
    grace=1.5, merge=1.0, handshake=5.0, connect=5.0, idle=3.0, silent=5.0, starvation=1.0, thumbnails=2.0, retry=0.1
)

KEY = ec.generate_private_key(ec.SECP384R1())


def pem(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(
    claims: Mapping[str, Any],
    *,
    key: ec.EllipticCurvePrivateKey = KEY,
    header: Mapping[str, Any] | None = None,
) -> str:
    """A JWT, ES384."""
    parts = [_encoded(json.dumps(part).encode()) for part in (header or {"alg": "ES384", "typ": "JWT"}, claims)]
    signature = key.sign(".".join(parts).encode(), ec.ECDSA(SHA384()))
    r, s = decode_dss_signature(signature)
    return ".".join([*parts, _encoded(r.to_bytes(48, "big") + s.to_bytes(48, "big"))])


def claims_for(channel: str, **more: Any) -> dict[str, Any]:
    """The claims of an everyday token; `more` in place of or beside them, None takes one out."""
    claims = {"aws:channel-arn": channel, "aws:access-control-allow-origin": SITE, "exp": int(time.time()) + 60, **more}
    return {name: value for name, value in claims.items() if value is not None}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(kw_only=True)
class Show:
    """One media process. Those of one folder and creator follow each other, as after a restart."""

    folder: Path
    creator: str = "mira"
    timing: Timing = QUICK
    aws: Mapping[str, str] = field(default_factory=lambda: NOBODY)
    bucket: str = ""
    queue: str = ""
    rtmp_port: int = 0
    media: Media = field(init=False)
    _publishers: list[Publisher] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.media = Media.start(
            creator=self.creator,
            account=ACCOUNT,
            region=REGION,
            aws=self.aws,
            playback_key=pem(),
            state=self.folder / self.creator,
            log=self.folder / f"{self.creator}.log",
            rtmp_port=self.rtmp_port,
            origins=(SITE,),
            bucket=self.bucket,
            queue=self.queue,
            timing=self.timing,
        )
        self.channel = self.media.settings.channel
        self.ivs = boto3.client(
            "ivs",
            endpoint_url=self.media.environment()["AWS_ENDPOINT_URL_IVS"],
            aws_access_key_id=self.aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.aws["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def clear(self) -> None:
        """Send every publisher home."""
        for publisher in self._publishers:
            publisher.stop()
        wait_until(lambda: self.stream() is None)

    def close(self) -> None:
        for publisher in self._publishers:
            publisher.kill()
        self.media.stop()

    @property
    def log(self) -> str:
        return (self.folder / f"{self.creator}.log").read_text(encoding="utf-8")

    @property
    def key_arn(self) -> str:
        return self.ivs.list_stream_keys(channelArn=self.channel)["streamKeys"][0]["arn"]

    @property
    def key(self) -> str:
        return self.ivs.get_stream_key(arn=self.key_arn)["streamKey"]["value"]

    def publish(self, film: Path, *, key: str | None = None, live: bool = True, **how: Any) -> Publisher:
        """Somebody publishes; returns when there is something to watch, unless `live` is False."""
        publisher = Publisher(film, self.media.ingest + (self.key if key is None else key), **how)
        self._publishers.append(publisher)
        if live:
            wait_until(lambda: self.stream() is not None)
        return publisher

    def stream(self) -> dict[str, Any] | None:
        """What GetStream says, None while nothing is live."""
        try:
            return dict(self.ivs.get_stream(channelArn=self.channel)["stream"])
        except self.ivs.exceptions.ChannelNotBroadcasting:
            return None

    @property
    def stream_id(self) -> str:
        stream = self.stream()
        assert stream is not None
        return str(stream["streamId"])

    def token(self, **claims: Any) -> str:
        return signed(claims_for(self.channel, **claims))

    def open(self, token: str | None = None, *, origin: str | None = SITE) -> Reply:
        """The main playlist."""
        query = urllib.parse.urlencode({"token": self.token() if token is None else token})
        return self.get(f"{self.media.settings.playback_path}?{query}", origin=origin)

    def watch(self, **claims: Any) -> "Viewer":
        reply = self.open(self.token(**claims))
        assert reply.status == 200, reply
        return Viewer(self, reply.text.splitlines()[-1])

    def get(self, path: str, *, origin: str | None = SITE, **headers: str) -> Reply:
        sent = {"Origin": origin, **headers} if origin else headers
        return ask(self.media.port, path, headers=sent)


@dataclass(frozen=True)
class Viewer:
    """One who plays: the addresses of their session."""

    show: Show
    variant: str

    @property
    def folder(self) -> str:
        return self.variant.rpartition("/")[0]

    def get(self, name: str) -> Reply:
        return self.show.get(f"{self.folder}/{name}")

    def playlist(self, **query: int) -> str:
        reply = self.get(f"index.m3u8?{urllib.parse.urlencode(query)}" if query else "index.m3u8")
        assert reply.status == 200, reply
        return reply.text

    def segments(self) -> list[str]:
        return [line for line in self.playlist().splitlines() if line.endswith(".m4s")]

    def wait_for(self, number: int) -> None:
        """Until the segment of this number is whole."""
        wait_until(lambda: f"{number}.m4s" in self.playlist().splitlines())

    def media(self) -> bytes:
        """All that can be watched, as one file; of one epoch."""
        names = self.segments()
        init = next(line.split('"')[1] for line in self.playlist().splitlines() if line.startswith("#EXT-X-MAP"))
        return b"".join(self.get(name).body for name in [init, *names])
