"""The creator's channel of Amazon IVS, as the functions ask it: its key, its stream, its viewers.

One channel a creator, always private: see docs/decisions. Calls on channels, streams and keys are limited to 5 a second
each in an account (IVS service quotas).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from lambdas.core.errors import Conflict, Unavailable
from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_ivs import IVSClient


class KeyChangedMeanwhile(Conflict):
    code = "stream_key_changed"
    title = "Someone else has just made a new stream key"


class Health(NamedTuple):
    """A stream that comes in: `viewers` is None where IVS asks to be asked again."""

    stream_id: str
    started_at: datetime
    starving: bool
    viewers: int | None


@dataclass(kw_only=True)
class Channel:
    """`arn`, `playback` (the address of its playlist) and `ingest` (the server that OBS is told) are empty where live is off."""

    arn: str
    playback: str
    ingest: str
    _client: "IVSClient | None" = field(default=None, repr=False)

    def stream_key(self) -> str:
        """The key that OBS is told; made where there is none yet. Never to be logged."""
        ivs = self._ivs()
        arn = self._key_arn()
        if arn is None:
            made = self._make_key()
            if made is not None:
                return made
            arn = self._key_arn()
        if arn is None:
            raise Unavailable("The stream key cannot be read.", fix="Try again in a moment.")
        try:
            return ivs.get_stream_key(arn=arn)["streamKey"]["value"]
        except ivs.exceptions.ResourceNotFoundException:
            raise KeyChangedMeanwhile(fix="Look again: the new one is there.") from None

    def rotate_key(self) -> str:
        """A new key: the one before is worth nothing from now on, and who streams with it is cut off. KeyChangedMeanwhile."""
        ivs = self._ivs()
        arn = self._key_arn()
        if arn is not None:
            try:
                ivs.delete_stream_key(arn=arn)
            except ivs.exceptions.ResourceNotFoundException:
                raise KeyChangedMeanwhile(fix="Look again: the new one is there.") from None
        # A key is looked at when a stream begins: whoever is on already is told to go.
        self.stop_stream()
        made = self._make_key()
        if made is None:
            raise KeyChangedMeanwhile(fix="Look again: the new one is there.")
        return made

    def stop_stream(self) -> bool:
        """Cut off whoever streams; False where nobody does."""
        ivs = self._ivs()
        try:
            ivs.stop_stream(channelArn=self.arn)
        except ivs.exceptions.ChannelNotBroadcasting:
            return False
        return True

    def health(self) -> Health | None:
        """How the stream is, None where none comes in."""
        ivs = self._ivs()
        try:
            stream = ivs.get_stream(channelArn=self.arn)["stream"]
        except ivs.exceptions.ChannelNotBroadcasting:
            return None
        count = stream.get("viewerCount", -1)
        return Health(
            stream_id=stream["streamId"],
            started_at=stream["startTime"],
            starving=stream.get("health") == "STARVING",
            viewers=count if count >= 0 else None,
        )

    def revoke(self, viewers: Iterable[str], *, version: int) -> tuple[str, ...]:
        """End what these viewers watch by tokens of this version and older; those for whom it failed."""
        ivs, failed = self._ivs(), []
        wanted = list(dict.fromkeys(viewers))
        # BatchStartViewerSessionRevocation takes 20 at a time.
        for start in range(0, len(wanted), 20):
            some = wanted[start : start + 20]
            answer = ivs.batch_start_viewer_session_revocation(
                viewerSessions=[
                    {"channelArn": self.arn, "viewerId": viewer, "viewerSessionVersionsLessThanOrEqualTo": version}
                    for viewer in some
                ]
            )
            failed += [error["viewerId"] for error in answer.get("errors", ())]
        return tuple(failed)

    def _key_arn(self) -> str | None:
        keys = self._ivs().list_stream_keys(channelArn=self.arn)["streamKeys"]
        return keys[0]["arn"] if keys else None

    def _make_key(self) -> str | None:
        """A new key; None where another was made at the same moment: a channel has one."""
        ivs = self._ivs()
        try:
            return ivs.create_stream_key(channelArn=self.arn)["streamKey"]["value"]
        except ivs.exceptions.ServiceQuotaExceededException:
            return None

    def _ivs(self) -> "IVSClient":
        if self._client is None:
            self._client = aws.client("ivs")
        return self._client
