"""Events and segments on their way to a local AWS that comes and goes: none is lost, no segment is stored twice."""

import asyncio
import errno
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.ivs.channel import Stream
from local.ivs.events import Events
from local.ivs.recorded import Recording
from local.ivs.recording import BYTES_WAITING, BucketRefuses, Recordings
from local.ivs.settings import Settings, Timing
from local.ivs.state import Notes
from local.ivs.window import Part, Segment
from tests.local.ivs.frames import NOON, Camera
from tests.local.ivs.streaming import pem


def settings(folder: Path | None) -> Settings:
    return Settings(
        creator="mira",
        account="123456789012",
        region="eu-central-1",
        state=folder,
        playback_key=pem(),
        bucket="media",
        timing=Timing(merge=0.0, retry=0.0, thumbnails=1000.0),
    )


class Away:
    """The local AWS, which fails as often as it is told to."""

    def __init__(self, *, failures: int = 0, refuses: bool = False) -> None:
        self.failures, self.refuses = failures, refuses
        self.messages: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}
        self.stored: list[str] = []

    def send(self, message: str) -> None:
        self._fail()
        self.messages.append(json.loads(message))

    def put(self, key: str, content: bytes, kind: str) -> None:
        self._fail()
        if self.refuses:
            raise BucketRefuses("It is not there.")
        self.stored.append(key)
        self.objects[key] = content

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("it is away")

    @property
    def names(self) -> list[str]:
        details = [message["detail"] for message in self.messages]
        return [detail.get("event_name") or detail["recording_status"] for detail in details]


def in_time(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(work(), 20)

    asyncio.run(run())


async def sent(events: Events) -> None:
    """Until all are sent."""
    sending = asyncio.create_task(events.keep_sending())
    while events._waiting:
        await asyncio.sleep(0)
    events.stop()
    await sending


def test_events_wait_for_an_emulator_that_is_away_and_keep_their_order(tmp_path: Path) -> None:
    away = Away(failures=7)

    async def work() -> None:
        events = Events(settings(tmp_path), send=away.send)
        for name in ("Session Created", "Stream Start", "Stream End", "Session Ended"):
            events.stream(name, "st-1")
        await sent(events)

    in_time(work)
    assert away.names == ["Session Created", "Stream Start", "Stream End", "Session Ended"]


def test_events_that_were_not_sent_are_sent_by_the_next_process(tmp_path: Path) -> None:
    away = Away()

    async def before() -> None:
        events = Events(settings(tmp_path), send=away.send)
        events.stream("Stream Start", "st-1")
        events.health("Starvation Start", "st-1")

    async def after() -> None:
        await sent(Events(settings(tmp_path), send=away.send))

    in_time(before)
    assert not away.messages
    in_time(after)
    assert away.names == ["Stream Start", "Starvation Start"]
    in_time(after)
    assert len(away.messages) == 2
    assert (tmp_path / "media" / "events.jsonl").stat().st_mode & 0o077 == 0


def segments(seconds: float = 9) -> tuple[Stream, list[Segment]]:
    camera = Camera(audio=False).run(seconds)
    camera.packager.flush()
    return Stream(id="st-1", began=NOON, started=NOON, window=camera.window), camera.whole


async def recorded(away: Away, folder: Path | None, *, end: bool = True) -> Events:
    """Record a stream to its end, or until all but that is stored."""
    stream, whole = segments()
    events = Events(settings(folder), send=away.send, now=lambda: NOON)
    recordings = Recordings(settings(folder), events=events, put=away.put, now=lambda: NOON)
    storing = asyncio.create_task(recordings.keep_storing())
    for segment in whole:
        recordings.segment(stream, segment)
    if end:
        recordings.ended(stream)
        recordings.stop()
        await storing
    else:
        while recordings._jobs:
            await asyncio.sleep(0)
        storing.cancel()
    return events


def playlist(away: Away) -> list[str]:
    (text,) = [content.decode() for key, content in away.objects.items() if key.endswith("360p30/playlist.m3u8")]
    return text.splitlines()


@pytest.mark.parametrize("failures", [0, 1, 5, 13])
def test_a_bucket_that_is_away_gets_every_segment_once(failures: int) -> None:
    away = Away(failures=failures)

    async def work() -> None:
        await sent(await recorded(away, None))

    in_time(work)
    listed = [line for line in playlist(away) if line.endswith(".m4s")]
    assert listed == ["0.m4s", "1.m4s", "2.m4s", "3.m4s", "4.m4s"]
    assert [key.rpartition("/")[2] for key in away.stored if key.endswith(".m4s")] == listed
    assert away.names == ["Recording Start", "Recording End"]


def test_a_recording_without_an_end_is_finished_by_the_next_process(tmp_path: Path) -> None:
    away = Away()

    async def before() -> None:
        await recorded(away, tmp_path, end=False)

    async def after() -> None:
        events = Events(settings(tmp_path), send=away.send)
        recordings = Recordings(settings(tmp_path), events=events, put=away.put)
        recordings.stop()
        await recordings.keep_storing()
        await sent(events)

    in_time(before)
    journal = tmp_path / "media" / "recording.jsonl"
    assert journal.stat().st_mode & 0o077 == 0
    with journal.open("a") as file:
        file.write('{"name": "5.m4s", "sec')  # killed while it wrote
    in_time(after)
    assert away.names == ["Recording Start", "Recording End"]
    assert playlist(away)[-1] == "#EXT-X-ENDLIST"
    assert "5.m4s" not in playlist(away)
    assert away.messages[-1]["detail"]["recording_duration_ms"] == pytest.approx(9000, abs=5)
    assert not journal.exists()


@pytest.mark.parametrize("text", ["", "{", '{"stream": "st-1"}\n', "[]\n", '"x"\n'])
def test_a_journal_that_tells_nothing_is_no_recording(tmp_path: Path, text: str) -> None:
    folder = settings(tmp_path).media_folder
    assert folder
    (folder / "recording.jsonl").write_text(text)
    events = Events(settings(tmp_path), send=None)
    Recordings(settings(tmp_path), events=events, put=Away().put)
    assert not (folder / "recording.jsonl").exists()
    assert Recording.read(text.splitlines()) is None


def test_a_bucket_that_refuses_is_told_of_once() -> None:
    away = Away(refuses=True)

    async def work() -> None:
        await sent(await recorded(away, None))

    in_time(work)
    assert away.names == ["Recording Start Failure"]
    assert not away.objects


def test_more_than_may_wait_is_lost_and_said_so() -> None:
    away = Away()
    stream, whole = segments()
    big = Part(bytes(BYTES_WAITING // 3), 2.0, True)

    async def work() -> None:
        events = Events(settings(None), send=away.send)
        recordings = Recordings(settings(None), events=events, put=away.put)
        for segment in whole:
            recordings.segment(stream, replace(segment, parts=[big]))
        recordings.stop()
        await recordings.keep_storing()
        await sent(events)

    in_time(work)
    assert away.names == ["Recording Start", "Recording End Failure"]
    assert "2 segments" in away.messages[-1]["detail"]["recording_status_reason"]
    assert any(key.endswith("recording-failed.json") for key in away.objects)


def test_a_disk_that_is_full_stops_no_show_and_is_told_of_once() -> None:
    told: list[str] = []
    done: list[int] = []
    notes = Notes()
    notes.tell = told.append

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for write in (full, full, lambda: done.append(1), lambda: done.append(2)):
        notes.keep(write)
    assert done == [1, 2]
    assert told == [
        "what is live cannot be noted down: No space left on device",
        "what is live is noted down again",
    ]
