"""Where recordings become videos in tests: the real streams, the real worker, a media bucket with a recording in it."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from PIL import Image

from lambdas.core.events import Event
from lambdas.core.feature import subscribers
from lambdas.core.references import load
from lambdas.features.videos.intake import video_id
from lambdas.features.videos.models import SHELF, Video
from lambdas.handlers.work import Worker
from lambdas.platform.publishing import Published
from lambdas.platform.tables import table_name
from local.streams import Checkpoints, Policy, StreamFeeder
from tests.features.own import with_media
from tests.people import a_person
from tests.platform_under_test import START, Answer, PlatformUnderTest

PREFIX = "ivs/v1/123456789012/tEsTcHaNnEl1/2026/3/1/11/0/rEcOrDiNg001"
MARKERS = ({"at_ms": 0, "label": "Hello"}, {"at_ms": 65_000, "label": "The song"})
MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360\n360p30/playlist.m3u8\n"


@dataclass
class Press:
    """What the worker published, and what the edge was told to forget."""

    pages: set[str] = field(default_factory=set)
    forgotten: list[str] = field(default_factory=list)

    @property
    def edge(self) -> "Press":
        return self

    def publish(self, pages: set[str]) -> Published:
        self.pages |= pages
        return Published(written=frozenset(), removed=frozenset())

    def forget(self, addresses: tuple[str, ...]) -> None:
        self.forgotten += addresses


class CuttingRoom:
    """A platform with an empty media bucket, whose worker does what the stream of the videos says when it is told to."""

    def __init__(self, platform: PlatformUnderTest) -> None:
        with_media(platform)
        self.platform = platform
        self.press = Press()
        self.services = replace(platform.services, publisher=self.press)  # type: ignore[arg-type]
        self.worker = Worker(services=self.services, logger=Logger(service="worker-of-videos"))
        self.s3 = boto3.client("s3")
        self.bucket = platform.services.media.name
        self.said: list[dict[str, Any]] = []
        dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
        self.dead = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        self.feeder = StreamFeeder(
            tables=(table_name(platform.creator.id, "videos"),),
            worker=lambda event, _: self.work(event),
            context=lambda: None,
            dynamodb=dynamodb,
            streams=boto3.client("dynamodbstreams"),
            sqs=sqs,
            dead_letters=self.dead,
            checkpoints=Checkpoints(dynamodb=dynamodb, table="checkpoints"),
            policy=Policy(wait=0.001),
        )
        self.feeder.checkpoints.ensure()

    def work(self, event: dict[str, Any]) -> dict[str, Any]:
        with self.platform.in_the_role_of("worker"):
            return self.worker.handle(event)

    def drain(self) -> None:
        """Have the worker do all there is to do, and what follows from it."""
        self.feeder.drain()

    def buried(self) -> int:
        """How many changes nobody could deal with."""
        got = boto3.client("sqs").receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10)
        return len(got.get("Messages", []))

    def hour(self) -> None:
        """What is done every hour, and what follows from it."""
        self.work({"prism": "schedule", "name": "videos.look-after"})
        self.drain()

    # What IVS leaves.

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def record(
        self, *, segments: int = 7, prefix: str = PREFIX, thumbs: int = 3, ended: bool = True, endlist: bool = True
    ) -> None:
        """The objects of a recording of two seconds a segment."""
        names = [f"{number}.ts" for number in range(segments)]
        for name in names:
            self.put(f"{prefix}/media/hls/360p30/{name}", f"segment {name}".encode())
        lines = "".join(f"#EXTINF:2.000,\n{name}\n" for name in names)
        end = "#EXT-X-ENDLIST\n" if endlist else ""
        self.put(f"{prefix}/media/hls/360p30/playlist.m3u8", f"#EXTM3U\n{lines}{end}".encode())
        self.put(f"{prefix}/media/hls/master.m3u8", MASTER)
        for number in range(thumbs):
            self.put(f"{prefix}/media/thumbnails/thumb{number}.jpg", a_jpeg((40 * number, 20, 120)))
        self.put(f"{prefix}/events/recording-started.json", b"{}")
        if ended:
            hls = {"path": "media/hls", "playlist": "master.m3u8", "duration_ms": 2000 * segments, "renditions": []}
            told = {"recording_status": "RECORDING_ENDED", "media": {"hls": hls}}
            self.put(f"{prefix}/events/recording-ended.json", json.dumps(told).encode())

    def tell(self, what: str, *, prefix: str = PREFIX, **more: Any) -> None:
        """live.recording.<what>, as the feature `live` tells it."""
        data: dict[str, Any] = {
            "prefix": prefix,
            "bucket": self.bucket,
            "show_id": "shw_1",
            "stream_id": "st-1",
            "title": "An evening",
            "audience": "everyone",
            "tiers": [],
            "started_at": (START - timedelta(hours=1)).isoformat(),
            "duration_ms": 14_000,
            "markers": list(MARKERS),
            "reason": "",
        } | more
        event = Event(id="evt_1", name=f"live.recording.{what}", at=START, subject="rec_1", data=data)
        with self.platform.in_the_role_of("worker"):
            for reference in subscribers(self.services.features, event.name):
                if "videos" in reference:
                    load(reference)(event, self.services)

    # What is there.

    def video(self, prefix: str = PREFIX) -> Video:
        return Video.get(SHELF, video_id(f"{prefix}/"), consistent_read=True)

    def videos(self) -> list[Video]:
        return list(Video.query(SHELF, consistent_read=True))

    def keys(self, prefix: str = "") -> set[str]:
        """Every object's key below a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {item["Key"] for page in pages for item in page.get("Contents", ())}

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    # What the team does.

    def ready(self, **told: Any) -> Video:
        """A recording that has ended, prepared: a draft."""
        self.record()
        self.tell("ended", **told)
        self.drain()
        return self.video()

    def team(self, role: str = "editor") -> dict[str, str]:
        return self.platform.sign_in(a_person(self.platform, role=role).id)

    def ask(self, path: str, body: dict[str, Any], cookies: dict[str, str] | None = None) -> Answer:
        return self.platform.call("POST", path, json_body=body, cookies=cookies)

    def put_state(self, state: str, *, cookies: dict[str, str] | None = None, version: int | None = None) -> Answer:
        video = self.video()
        body = {"state": state, "version": int(video.version) if version is None else version}
        return self.ask(f"/studio/videos/{video.id}/state", body, cookies or self.team())

    def details(self, *, cookies: dict[str, str] | None = None, **changed: Any) -> Answer:
        video = self.video()
        body = {
            "title": video.title,
            "description": video.description,
            "audience": video.audience,
            "chapters": "",
            "version": int(video.version),
        } | changed
        return self.ask(f"/studio/videos/{video.id}/details", body, cookies or self.team())

    def play(self, cookies: dict[str, str] | None = None) -> Answer:
        return self.ask(f"/api/videos/{self.video().id}/playback", {}, cookies)


def a_jpeg(colour: tuple[int, int, int] = (120, 20, 120), size: tuple[int, int] = (640, 360)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
