"""A platform with a channel that a test plays: what IVS would say, and what was asked of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.core.events import AwsEvent, Change
from lambdas.core.references import load
from lambdas.features.live.models import LiveViewer, Recording, Show, Stream
from lambdas.handlers.work import Worker
from lambdas.platform.broadcast import Broadcast, broadcast
from lambdas.platform.ivs import Health, KeyChangedMeanwhile
from tests.platform_under_test import CHANNEL_ARN, PLAYBACK, START, PlatformUnderTest


@dataclass
class PlayedChannel:
    """Amazon IVS's side of a channel, at the seam where the platform asks it."""

    arn: str = CHANNEL_ARN
    playback: str = PLAYBACK
    ingest: str = "rtmps://ingest.example:443/app/"
    key: str = field(default="sk_a_key_that_no_page_may_hold", repr=False)
    stream: Health | None = None
    stopped: int = 0
    revoked: list[tuple[str, int]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    meanwhile: Any = None

    def stream_key(self) -> str:
        return self.key

    def rotate_key(self) -> str:
        before = self.key
        if self.meanwhile:
            self.meanwhile()
        if self.key != before:
            raise KeyChangedMeanwhile
        self.key = f"{before}_and_a_newer_one"
        self.stream = None
        return self.key

    def stop_stream(self) -> bool:
        was, self.stream = self.stream is not None, None
        self.stopped += was
        return was

    def health(self) -> Health | None:
        return self.stream

    def revoke(self, viewers: Iterable[str], *, version: int) -> tuple[str, ...]:
        asked = list(viewers)
        if self.meanwhile:
            self.meanwhile()
        self.revoked += [(viewer, version) for viewer in asked if viewer not in self.refuses]
        return tuple(viewer for viewer in asked if viewer in self.refuses)


@dataclass
class PlayedSleepers:
    awake: bool = False
    told: list[str] = field(default_factory=list)

    def wake(self, schedule: str) -> None:
        self.awake = True
        self.told.append(f"wake {schedule}")

    def sleep(self, schedule: str) -> None:
        self.awake = False
        self.told.append(f"sleep {schedule}")


@dataclass
class PlayedRoom:
    disconnected: list[str] = field(default_factory=list)
    told: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def disconnect(self, user_id: str, *, reason: str) -> None:
        assert reason
        self.disconnected.append(user_id)

    def send_event(self, name: str, attributes: Mapping[str, str]) -> None:
        self.told.append((name, attributes))


@dataclass
class Live:
    """`platform` with what is played, and the worker as AWS would feed it."""

    platform: PlatformUnderTest
    channel: PlayedChannel
    sleepers: PlayedSleepers
    room: PlayedRoom

    @property
    def worker(self) -> Worker:
        return Worker(services=self.platform.services, logger=Logger(service="live-test", stream=self.platform.log))

    def at(self, **after: float) -> datetime:
        return START + timedelta(**after)

    def stream_event(self, name: str, id: str, at: datetime, **detail: Any) -> AwsEvent:
        return self.event("IVS Stream State Change", at, event_name=name, stream_id=id, channel_name="c", **detail)

    def event(self, kind: str, at: datetime, **detail: Any) -> AwsEvent:
        return AwsEvent(f"evt-{kind}-{detail}-{at}", kind, at, (CHANNEL_ARN,), detail)

    def hear(self, *events: AwsEvent) -> None:
        """In the worker's role, as EventBridge brings them."""
        for event in events:
            with self.platform.in_the_role_of("worker"):
                self.worker.handle(
                    {
                        "source": "aws.ivs",
                        "id": event.id,
                        "detail-type": event.kind,
                        "time": event.at.isoformat(),
                        "resources": list(event.resources),
                        "detail": dict(event.detail),
                    }
                )

    def start(self, id: str = "st-1", at: datetime | None = None, viewers: int | None = 0) -> None:
        """A stream begins, and IVS tells of it."""
        begun = at or self.platform.clock()
        self.channel.stream = Health(stream_id=id, started_at=begun, starving=False, viewers=viewers)
        self.hear(self.stream_event("Stream Start", id, begun))

    def stop(self, id: str = "st-1", at: datetime | None = None) -> None:
        self.channel.stream = None
        self.hear(self.stream_event("Stream End", id, at or self.platform.clock()))

    def watch(self, **later: float) -> None:
        """A minute's work, after so long."""
        self.platform.clock.forward(**later)
        with self.platform.in_the_role_of("worker"):
            self.worker.handle({"prism": "schedule", "name": "live.watch"})

    def follow(self, table: str, old: Any, new: Any) -> None:
        """What the worker does when a table's stream brings a change: everybody who is told, and no page."""
        features = self.platform.services.features
        change = Change(table=table, old=old, new=new, at=self.platform.clock(), sequence="1")
        reference = next(feature.changes[table] for feature in features if table in feature.changes)
        for event in load(reference)(change):
            for told in [feature.events[event.name] for feature in features if event.name in feature.events]:
                with self.platform.in_the_role_of("worker"):
                    load(told)(event, self.platform.services)

    def follow_the_air(self, old: Broadcast | None = None) -> None:
        self.follow("broadcast", old, broadcast())


def everything() -> dict[str, list[str]]:
    """All rows of the tables that follow from what IVS tells, without the versions that count the way there."""
    rows: dict[str, list[str]] = {}
    for model in (Show, Stream, Recording, Broadcast, LiveViewer):
        found = [row.serialize() for row in model.scan()]
        rows[model.short_name] = sorted(str(sorted(_plain(row).items())) for row in found)
    return rows


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(sorted(kind["SS"]) if "SS" in kind else kind) for name, kind in row.items() if name != "version"}
