"""The media process that `prism dev` keeps beside the local AWS, as long as the creator's file says that there is live.

An edit of code does not touch it, so a show goes on; what ends by itself is started again at the same ports.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.errors import PrismError
from local.emulator import Emulator
from local.media import Media
from local.process import Child

RTMP_PORT = 1935
"""What OBS takes where a server names none."""

_LOOK_SECONDS = 60.0


def streams(creator: Creator) -> bool:
    """Whether the creator has live, by the manifests that this process has read."""
    from lambdas.features.registry import active_features

    return any(feature.name == "live" for feature in active_features(creator))


@dataclass(kw_only=True)
class KeptMedia:
    """`site` is the port of the site, `server_environment` that of the platform's server: who asks what is needed has the same."""

    creator: Creator
    folder: Path
    site: int
    rtmp_port: int
    server_environment: Callable[[], Mapping[str, str]]
    progress: Callable[[str], None]
    _media: Media | None = field(default=None, repr=False)

    def environment(self) -> dict[str, str]:
        """What the functions are told of it; nothing where it does not run."""
        return self._media.environment() if self._media else {}

    @property
    def ingest(self) -> str:
        """The server for OBS, empty where nothing takes a stream."""
        return self._media.ingest if self._media else ""

    def start_if_wanted(self, emulator: Emulator) -> bool:
        """Start it where the creator's file has live and it does not run; whether anything changed. MediaFailed.

        A file that cannot be read changes nothing: who reads it next says what is wrong with it.
        """
        if self._media:
            return False
        needs = self._needs()
        if not needs.get("wanted"):
            return False
        self._media = self._start(emulator, needs)
        return True

    def stop_if_unwanted(self) -> bool:
        """Stop it where the creator's file has no live any more; whether anything changed."""
        if not self._media or self._needs().get("wanted", True):
            return False
        self.stop()
        return True

    def look_after(self, emulator: Emulator) -> bool:
        """Start again what has ended by itself; whether its addresses are others now."""
        if not self._media or self._media.running:
            return False
        before, self._media = self._media, None
        self.progress("the local ingest has ended; starting it again")
        needs = self._needs()
        if not needs.get("wanted"):
            return True
        try:
            self._media = self._start(emulator, needs, port=before.port, rtmp_port=before.rtmp_port)
        except PrismError as error:
            self.progress(f"{error.message} Waiting for an edit of the creator's file to try again.")
        return self.environment() != before.environment()

    def stop(self) -> None:
        """End it, its recording and events where they belong."""
        if self._media:
            self._media.stop()
        self._media = None

    def _needs(self) -> Mapping[str, Any]:
        asked = Child.start(
            "local.media_needs",
            environment=self.server_environment(),
            log=self.folder / "media-needs.log",
            seconds=_LOOK_SECONDS,
        )
        asked.stop(seconds=10)
        return asked.first

    def _start(
        self, emulator: Emulator, needs: Mapping[str, Any], *, port: int = 0, rtmp_port: int | None = None
    ) -> Media:
        names = (f"{self.creator.id}.localhost", "localhost", "127.0.0.1")
        return Media.start(
            creator=self.creator.id,
            account=emulator.account,
            region=emulator.region,
            aws=emulator.environment(),
            playback_key=str(needs["playback_key"]),
            state=self.folder / "state",
            log=self.folder / "media.log",
            port=port,
            rtmp_port=rtmp_port or self.rtmp_port,
            origins=tuple(f"http://{name}:{self.site}" for name in names),
            bucket=str(needs["bucket"]),
            queue=str(needs["queue"]),
            when_review_fails=str(needs["when_review_fails"]),
            tell=lambda line: self.progress(str(line.get("trouble", ""))),
        )
