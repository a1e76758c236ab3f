"""Recording to the media bucket while the show runs, as IVS does it.

Segments are stored one after the other by a thread, so that a slow bucket never slows the ingest. A journal beside the state
says what is in the bucket already: a recording that was interrupted is finished from it at the next start.
"""

import asyncio
import json
import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.ivs.channel import Stream
from local.ivs.events import Events
from local.ivs.playlists import iso
from local.ivs.recorded import ENDED, FAILED, LATEST, STARTED, THUMBNAILS, Kept, Recording
from local.ivs.settings import Settings
from local.ivs.state import Notes, new_id
from local.ivs.thumbnails import thumbnail
from local.ivs.window import Segment

BYTES_WAITING = 96 * 1024 * 1024
"""Segments that wait for a bucket that is away; more are lost, and the recording says so."""

PLAYLIST_EVERY = 5
"""Segments. In between the journal knows more than the playlist."""

_FILE = "recording.jsonl"
_PLAYLIST, _JSON, _MEDIA, _JPEG = "application/vnd.apple.mpegurl", "application/json", "video/mp4", "image/jpeg"

Put = Callable[[str, bytes, str], None]
"""Stores an object by key, content and content type. BucketRefuses where trying again is no use, else any error."""

log = logging.getLogger("prism.ivs.recording")


class BucketRefuses(Exception):
    """The bucket is not there, or not for us."""


@dataclass(frozen=True)
class _Job:
    """A segment to store, or the end of the recording where there is none."""

    recording: Recording
    stream: str
    segment: Segment | None

    @property
    def size(self) -> int:
        return self.segment.size if self.segment else 0


class Recordings:
    """The channel's recorder. Its methods are called in the event loop."""

    def __init__(
        self,
        settings: Settings,
        *,
        events: Events,
        put: Put,
        notes: Notes | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._events, self._put, self._now = settings, events, put, now
        self._notes = notes or Notes()
        self._journal: Path | None = settings.media_folder / _FILE if settings.media_folder else None
        self._jobs: deque[_Job] = deque()
        self._some = asyncio.Event()
        self._current: Recording | None = None
        self._stream = ""
        """Of the last segment."""
        self._refused: set[str] = set()
        self._merge: asyncio.TimerHandle | None = None
        self._stopping = False
        self._inits: dict[tuple[str, int], str] = {}
        self._thumbnail_due = 0.0
        self._take_up_what_was_left()

    def begun(self) -> None:
        """In time, what this stream brings belongs to the recording of the last one."""
        if self._merge:
            self._merge.cancel()
            self._merge = None

    def segment(self, stream: Stream, segment: Segment) -> None:
        """Keep a whole segment of the stream."""
        if self._current is None:
            settings = self._settings
            self._current = Recording.of(
                identifier=new_id(12),
                account=settings.account,
                channel=settings.channel,
                began=stream.started or self._now(),
                first=segment,
            )
            self._thumbnail_due = 0.0
        self._stream = stream.id
        if sum(job.size for job in self._jobs) + segment.size > BYTES_WAITING:
            self._current.lost += 1
            return
        self._add(_Job(self._current, stream.id, segment))

    def ended(self, stream: Stream) -> None:
        """The stream has ended; the recording has unless another stream follows soon."""
        if self._current is not None:
            after = 0.0 if self._stopping else self._settings.timing.merge
            self._merge = asyncio.get_running_loop().call_later(after, self._close, self._current, self._stream)

    async def keep_storing(self) -> None:
        """Until it is cancelled, or until all is stored after `stop`."""
        while not (self._stopping and not self._jobs):
            await self._some.wait()
            while self._jobs:
                if await self._done(self._jobs[0]):
                    self._jobs.popleft()
                else:
                    await asyncio.sleep(self._settings.timing.retry)
            self._some.clear()

    def stop(self) -> None:
        """Nothing more comes: the recording ends now."""
        self._stopping = True
        if self._merge:
            self._merge.cancel()
            self._merge = None
        if self._current is not None:
            self._close(self._current, self._stream)
        self._some.set()

    def _close(self, recording: Recording, stream: str) -> None:
        self._merge = None
        self._current = None
        self._add(_Job(recording, stream, None))

    def _add(self, job: _Job) -> None:
        self._jobs.append(job)
        self._some.set()

    async def _done(self, job: _Job) -> bool:
        """Whether nothing is left to do of it."""
        recording = job.recording
        if recording.id in self._refused:
            if job.segment is None:
                self._refused.discard(recording.id)
            return True
        try:
            if job.stream not in recording.streams:
                await self._begin(recording, job.stream)
            if job.segment is None:
                await self._finish(recording, job.stream)
            else:
                await self._store(recording, job.stream, job.segment)
        except BucketRefuses as error:
            self._refused.add(recording.id)
            self._remove_journal()
            status = "Recording End Failure" if recording.streams else "Recording Start Failure"
            self._tell(status, recording, job.stream, reason=str(error))
        except Exception as error:
            log.warning("a recording waits for the local AWS: %s", type(error).__name__)
            return False
        return True

    async def _begin(self, recording: Recording, stream: str) -> None:
        """The recording's first words, or one more stream of it."""
        if recording.streams:
            recording.streams.append(stream)
            self._write({"stream": stream})
            return
        key, text = recording.note(STARTED, now=self._now())
        await self._send(key, text, _JSON)
        self._write(recording.beginning(), first=True)
        recording.streams.append(stream)
        self._write({"stream": stream})
        self._tell("Recording Start", recording, stream)

    async def _store(self, recording: Recording, stream: str, segment: Segment) -> None:
        known = (stream, segment.epoch.number)
        init = self._inits.get(known) or f"init-{len(self._inits)}.mp4"
        if known not in self._inits:
            await self._send(recording.media_key(init), segment.epoch.init, _MEDIA)
            self._inits[known] = init
        name = f"{len(recording.kept)}.m4s"
        await self._send(recording.media_key(name), segment.data, _MEDIA)
        kept = Kept(
            name=name,
            seconds=round(segment.seconds, 5),
            init=init,
            breaks=not recording.kept or recording.kept[-1].init != init,
            begins=iso(segment.begins),
            bits=8 * segment.size,
        )
        at = recording.seconds
        recording.kept.append(kept)
        self._write(asdict(kept))
        # The segment is kept: what goes wrong from here on must not store it a second time.
        try:
            if len(recording.kept) % PLAYLIST_EVERY == 1:
                await self._send_playlists(recording, ended=False)
            if segment.epoch.video and segment.independent and at >= self._thumbnail_due:
                await self._picture(recording, segment)
                self._thumbnail_due = at + self._settings.timing.thumbnails
        except Exception as error:
            log.warning("a recording's playlist or thumbnail was left out: %s", type(error).__name__)

    async def _picture(self, recording: Recording, segment: Segment) -> None:
        picture = await asyncio.to_thread(thumbnail, segment.epoch.init + segment.parts[0].data)
        if picture is None:
            return
        await self._send(recording.key(f"{THUMBNAILS}/thumb{recording.thumbnails}.jpg"), picture, _JPEG)
        await self._send(recording.key(f"{LATEST}/thumb.jpg"), picture, _JPEG)
        recording.thumbnails += 1
        self._write({"thumbnails": recording.thumbnails})

    async def _finish(self, recording: Recording, stream: str) -> None:
        failed = bool(recording.lost) or not recording.kept
        await self._send_playlists(recording, ended=True)
        key, text = recording.note(FAILED if failed else ENDED, now=self._now())
        await self._send(key, text, _JSON)
        reason = f"{recording.lost} segments could not be stored." if recording.lost else ""
        self._tell("Recording End Failure" if failed else "Recording End", recording, stream, reason=reason)
        self._remove_journal()
        self._inits.clear()

    async def _send_playlists(self, recording: Recording, *, ended: bool) -> None:
        await self._send(recording.media_key("playlist.m3u8"), recording.playlist(ended=ended), _PLAYLIST)
        await self._send(recording.key("media/hls/master.m3u8"), recording.main_playlist(), _PLAYLIST)

    async def _send(self, key: str, content: str | bytes, kind: str) -> None:
        data = content.encode() if isinstance(content, str) else content
        await asyncio.to_thread(self._put, key, data, kind)

    def _tell(self, status: str, recording: Recording, stream: str, *, reason: str = "") -> None:
        self._events.recording(
            status,
            stream,
            recording_status_reason=reason,
            recording_s3_bucket_name=self._settings.bucket,
            recording_s3_key_prefix=recording.prefix,
            recording_duration_ms=recording.milliseconds,
            recording_session_id=recording.id,
            recording_session_stream_ids=list(recording.streams),
        )

    def _take_up_what_was_left(self) -> None:
        """Finish what the process before could not."""
        if self._journal is None or not self._journal.exists():
            return
        left = Recording.read(self._journal.read_text(encoding="utf-8").splitlines())
        if left is None or not left.streams:
            self._remove_journal()
            return
        self._add(_Job(left, left.streams[-1], None))

    def _write(self, line: dict[str, Any], *, first: bool = False) -> None:
        if self._journal is not None:
            self._notes.keep(lambda: self._append(line, first=first))

    def _append(self, line: dict[str, Any], *, first: bool) -> None:
        assert self._journal is not None
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if first else os.O_APPEND)
        with open(os.open(self._journal, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _remove_journal(self) -> None:
        if self._journal is not None:
            self._journal.unlink(missing_ok=True)
