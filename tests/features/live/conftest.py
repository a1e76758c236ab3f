import boto3
import pytest

from tests.features.live.live_platform import Live, PlayedChannel, PlayedRoom, PlayedSleepers
from tests.platform_under_test import MEDIA_BUCKET, PlatformUnderTest


@pytest.fixture
def live(platform: PlatformUnderTest) -> Live:
    boto3.client("s3").create_bucket(
        Bucket=MEDIA_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    channel, sleepers, room = PlayedChannel(), PlayedSleepers(), PlayedRoom()
    # The services are frozen; what they are made of late is not.
    vars(platform.services).update(channel=channel, sleepers=sleepers, room=room)
    return Live(platform=platform, channel=channel, sleepers=sleepers, room=room)
