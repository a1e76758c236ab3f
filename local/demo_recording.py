"""A recording for the demo: half a minute of light and a quiet chord, put where IVS puts what it records, and told of as IVS tells.

What lies in `creators/demo/recording/` was made with ffmpeg from nothing but formulas (its sources `geq` and `aevalsrc`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdas.core.ids import derived_id
from lambdas.features.videos.intake import video_id
from local.http_api import Function
from local.process import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = ROOT / "creators" / "demo" / "recording"
BEGAN = datetime(2026, 2, 27, 19, 0, tzinfo=UTC)
LASTS = timedelta(seconds=24)

WORDS: Mapping[str, str] = {
    "title": "Before the lights come up",
    "description": "Half a minute of quiet from the empty stage, **before anybody is there**.\n\n"
    "Put on headphones if you have them.",
    "audience": "everyone",
    "chapters": "0:00 Dark\n0:08 First light\n0:16 Everything glows",
}


def prefix(channel: str) -> str:
    """Where IVS would have put it: by account, channel and the minute it began."""
    account, _, id = channel.split(":", 4)[4].partition(":channel/")
    return f"ivs/v1/{account}/{id}/{BEGAN.year}/{BEGAN.month}/{BEGAN.day}/{BEGAN.hour}/{BEGAN.minute}/dEmOrEcOrDiN"


def record(channel: str, *, bucket: str, s3: "S3Client", worker: Function) -> str:
    """Put it into the bucket and tell the worker; the id of the video that comes of it. A second time is as good as one."""
    where = prefix(channel)
    for file in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        s3.put_object(Bucket=bucket, Key=f"{where}/{_name(file)}", Body=file.read_bytes())
    for status, at in (("Recording Start", BEGAN), ("Recording End", BEGAN + LASTS)):
        worker(_event(channel, status, at, where, bucket), None)
    return video_id(f"{where}/")


def _name(file: Path) -> str:
    return file.relative_to(FOLDER).as_posix()


def _event(channel: str, status: str, at: datetime, where: str, bucket: str) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "channel_name": "prism-demo",
        "stream_id": "st-dEmOrEcOrDiN",
        "recording_status": status,
        "recording_status_reason": "",
        "recording_s3_bucket_name": bucket,
        "recording_s3_key_prefix": where,
        "recording_duration_ms": int(LASTS.total_seconds() * 1000) if status == "Recording End" else 0,
        "recording_session_id": "st-dEmOrEcOrDiN",
    }
    return {
        "version": "0",
        "id": derived_id("evt", "demo", status),
        "detail-type": "IVS Recording State Change",
        "source": "aws.ivs",
        "account": channel.split(":")[4],
        "time": at.isoformat(),
        "region": channel.split(":")[3],
        "resources": [channel],
        "detail": detail,
    }
