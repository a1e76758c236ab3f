"""CloudFront's name of the key that signs cookies is where the site's stack has written it."""

from datetime import UTC, datetime

import boto3
import pytest

from lambdas.core.errors import Unavailable
from lambdas.platform.keys import ensure_keys
from lambdas.platform.signed_media import MediaSigner, WrittenKeyId
from lambdas.platform.storage import SITE_REGION, media_key_parameter
from local.emulator import Emulator


def written(value: str) -> None:
    ssm = boto3.client("ssm", region_name=SITE_REGION)
    ssm.put_parameter(Name=media_key_parameter("tester"), Value=value, Type="String", Overwrite=True)


def test_it_is_read_once_from_the_region_of_the_site(emulator: Emulator) -> None:
    key_id = WrittenKeyId(creator_id="tester")
    written("K2EXAMPLE")
    assert key_id() == "K2EXAMPLE"
    written("KANOTHER")
    assert key_id() == "K2EXAMPLE"


def test_before_the_site_is_there_nothing_can_be_signed_and_later_it_can(emulator: Emulator) -> None:
    ensure_keys(boto3.client("ssm"), "tester")
    name = "/prism/tester/keys/media-signing"
    signer = MediaSigner(
        origin="https://tester.example",
        key_id=WrittenKeyId(creator_id="tester"),
        keys=lambda: [boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]],
    )
    until = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    with pytest.raises(Unavailable):
        signer.cookies("/media/videos/vid_1/", until=until)
    written("K2EXAMPLE")
    assert signer.cookies("/media/videos/vid_1/", until=until)["CloudFront-Key-Pair-Id"] == "K2EXAMPLE"
