"""What was live is in the bucket, whole, and IVS's events say so."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import boto3
import pytest
from PIL import Image

from local.emulator import Emulator
from tests.conftest import ACCOUNT
from tests.local.ivs.streaming import QUICK, Show
from tests.local.requests_here import wait_until
from tests.publisher import clip

BUCKET = "prism-mira-media"


class Cloud:
    """The media bucket and the queue of the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.environment = emulator.environment()
        self.s3, sqs = boto3.client("s3"), boto3.client("sqs")
        place: Any = {"LocationConstraint": emulator.region}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        self.queue: str = sqs.create_queue(QueueName="prism-mira-ivs-events")["QueueUrl"]
        self._sqs = sqs
        self.events: list[dict[str, Any]] = []

    def names(self) -> list[str]:
        """What the events said so far, in short."""
        while messages := self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.events.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        details = [event["detail"] for event in self.events]
        return [detail.get("event_name") or detail["recording_status"] for detail in details]

    def wait_for(self, name: str, times: int = 1) -> dict[str, Any]:
        """The event of this name, the last of so many."""
        wait_until(lambda: self.names().count(name) >= times)
        return [event for event, called in zip(self.events, self.names(), strict=True) if called == name][times - 1]

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        keys = [each["Key"] for each in listed]
        return {
            key.removeprefix(f"{prefix}/"): self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys
        }


@pytest.fixture
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator)


def recorded(cloud: Cloud, shows: Callable[..., Show], **how: Any) -> Show:
    return shows(aws=cloud.environment, bucket=BUCKET, queue=cloud.queue, **how)


def pictures_of(objects: dict[str, bytes], folder: Path) -> int:
    """How many pictures a player shows of the recording."""
    for name, data in objects.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    playlist = objects["media/hls/360p30/playlist.m3u8"].decode()
    pictures, media = 0, b""
    for line in [*playlist.splitlines(), "#EXT-X-MAP:end"]:
        if line.startswith("#EXT-X-MAP"):
            if media:
                with av.open(io.BytesIO(media), mode="r") as film:
                    pictures += len(list(film.decode(video=0)))
            media = objects[f"media/hls/360p30/{line.split(chr(34))[1]}"] if chr(34) in line else b""
        elif line and not line.startswith("#"):
            media += objects[f"media/hls/360p30/{line}"]
    return pictures


def test_a_show_is_recorded_over_a_lost_connection_and_a_second_stream(
    cloud: Cloud, shows: Callable[..., Show], film: Path, tmp_path: Path
) -> None:
    show = recorded(cloud, shows, timing=replace(QUICK, grace=10.0, merge=4.0))
    publisher = show.publish(film)
    first = show.stream_id
    start = cloud.wait_for("Recording Start")
    publisher.kill()
    publisher = show.publish(film)
    cloud.wait_for("Starvation End")
    viewer = show.watch()
    viewer.wait_for(3)
    publisher.stop()
    cloud.wait_for("Session Ended")
    publisher = show.publish(film)
    second = show.stream_id
    publisher.stop()
    end = cloud.wait_for("Recording End")
    assert cloud.names() == [
        "Session Created",
        "Stream Start",
        "Recording Start",
        "Starvation Start",
        "Starvation End",
        *["Stream End", "Session Ended", "Session Created", "Stream Start"],
        *["Stream End", "Session Ended", "Recording End"],
    ]
    for event in cloud.events:
        assert (event["source"], event["account"], event["region"]) == ("aws.ivs", ACCOUNT, "eu-central-1")
        assert event["resources"] == [show.channel]
        assert event["detail"]["channel_name"] == "prism-mira"
    assert len({event["id"] for event in cloud.events}) == len(cloud.events)
    detail = end["detail"]
    assert start["detail"]["stream_id"] == first
    assert detail["stream_id"] == second
    assert detail["recording_session_stream_ids"] == [first, second]
    assert detail["recording_s3_bucket_name"] == BUCKET
    assert detail["recording_s3_key_prefix"] == start["detail"]["recording_s3_key_prefix"]

    objects = cloud.objects(detail["recording_s3_key_prefix"])
    playlist = objects["media/hls/360p30/playlist.m3u8"].decode()
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    assert playlist.count("#EXT-X-DISCONTINUITY") == 2
    seconds = sum(float(line[8:-1]) for line in playlist.splitlines() if line.startswith("#EXTINF:"))
    assert detail["recording_duration_ms"] == pytest.approx(seconds * 1000, abs=20)
    assert pictures_of(objects, tmp_path / "recording") == pytest.approx(seconds * 30, abs=10)
    note = json.loads(objects["events/recording-ended.json"])
    assert note["recording_status"] == "RECORDING_ENDED"
    assert note["media"]["hls"]["duration_ms"] == detail["recording_duration_ms"]
    assert note["media"]["hls"]["renditions"] == [
        {"path": "360p30", "playlist": "playlist.m3u8", "resolution_height": 360, "resolution_width": 640}
    ]
    assert "360p30/playlist.m3u8" in objects["media/hls/master.m3u8"].decode()
    for name in ("media/thumbnails/thumb0.jpg", "media/thumbnails/thumb1.jpg", "media/latest_thumbnail/thumb.jpg"):
        with Image.open(io.BytesIO(objects[name])) as picture:
            assert picture.size == (640, 360)
            assert len(set(picture.convert("L").resize((8, 8)).tobytes())) > 4


def test_the_key_names_account_channel_and_minute_without_zeros(
    cloud: Cloud, shows: Callable[..., Show], film: Path
) -> None:
    show = recorded(cloud, shows)
    show.publish(film)
    detail = cloud.wait_for("Recording Start")["detail"]
    version, account, channel, *when, identifier = detail["recording_s3_key_prefix"].removeprefix("ivs/").split("/")
    assert (version, account, channel) == ("v1", ACCOUNT, show.channel.rpartition("/")[2])
    assert [str(int(part)) for part in when] == when
    assert len(when) == 5
    assert identifier == detail["recording_session_id"]


def test_an_ingest_that_was_killed_closes_stream_and_recording_at_its_next_start_and_keeps_the_key(
    cloud: Cloud, shows: Callable[..., Show], film: Path, tmp_path: Path
) -> None:
    show = recorded(cloud, shows)
    show.publish(film)
    stream, key = show.stream_id, show.key
    prefix = cloud.wait_for("Recording Start")["detail"]["recording_s3_key_prefix"]
    wait_until(lambda: "media/hls/360p30/1.m4s" in cloud.objects(prefix))
    show.media.kill()
    show = recorded(cloud, shows)
    assert show.key == key
    end = cloud.wait_for("Recording End")["detail"]
    assert cloud.names()[-3:] == ["Stream End", "Session Ended", "Recording End"]
    assert end["stream_id"] == stream
    objects = cloud.objects(prefix)
    assert objects["media/hls/360p30/playlist.m3u8"].endswith(b"#EXT-X-ENDLIST\n")
    assert pictures_of(objects, tmp_path / "recording") == round(end["recording_duration_ms"] * 30 / 1000)
    show.publish(film)
    assert show.stream_id != stream


def test_an_ingest_that_is_stopped_finishes_its_recording_first(
    cloud: Cloud, shows: Callable[..., Show], film: Path
) -> None:
    show = recorded(cloud, shows, timing=replace(QUICK, merge=60.0))
    show.publish(film)
    cloud.wait_for("Recording Start")
    show.media.stop()
    assert cloud.names()[-3:] == ["Stream End", "Session Ended", "Recording End"]


def test_a_bucket_that_is_not_there_fails_the_recording_and_not_the_show(
    cloud: Cloud, shows: Callable[..., Show], film: Path
) -> None:
    show = shows(aws=cloud.environment, bucket="prism-nobody-media", queue=cloud.queue)
    show.publish(film)
    failure = cloud.wait_for("Recording Start Failure")["detail"]
    assert failure["recording_status_reason"]
    assert show.stream() is not None


def test_sound_alone_is_recorded_without_pictures(cloud: Cloud, shows: Callable[..., Show], films: Path) -> None:
    show = recorded(cloud, shows)
    show.publish(clip(films, video=False)).stop()
    end = cloud.wait_for("Recording End")["detail"]
    objects = cloud.objects(end["recording_s3_key_prefix"])
    assert "media/hls/audio_only/0.m4s" in objects
    assert not [name for name in objects if name.endswith(".jpg")]
    assert "thumbnails" not in json.loads(objects["events/recording-ended.json"])["media"]


def test_a_publisher_that_sends_what_cannot_be_played_is_told_of_as_a_failure(
    cloud: Cloud, shows: Callable[..., Show], films: Path
) -> None:
    show = recorded(cloud, shows)
    show.publish(clip(films, codec="libx265", seconds=1, audio=False), live=False)
    failure = cloud.wait_for("Stream Failure")["detail"]
    assert "HEVC" in failure["reason"]
    cloud.wait_for("Session Ended")
    assert cloud.names() == ["Session Created", "Stream Failure", "Session Ended"]
