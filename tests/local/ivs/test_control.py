"""IVS's control plane, as an unmodified boto3 sees it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from local.ivs.control import Control
from local.ivs.settings import CONTROL_PATH
from tests.conftest import NOBODY, REGION
from tests.local.ivs.streaming import SITE, Show
from tests.local.requests_here import ask

OPERATIONS = botocore.session.get_session().get_service_model("ivs").operation_names


@pytest.fixture(scope="module")
def ivs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    show = Show(folder=tmp_path_factory.mktemp("ivs"))
    yield show
    show.close()


def code(call: object, **arguments: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)  # type: ignore[operator]
    return str(caught.value.response["Error"]["Code"])


def test_a_channel_is_born_with_one_key(ivs: Show) -> None:
    (key,) = ivs.ivs.list_stream_keys(channelArn=ivs.channel)["streamKeys"]
    assert "value" not in key
    assert key["channelArn"] == ivs.channel
    whole = ivs.ivs.get_stream_key(arn=key["arn"])["streamKey"]
    assert re.fullmatch(r"sk_eu-central-1_\w{12}_\w{30}", whole["value"])


def test_a_channel_has_one_key_and_another_after_it_was_deleted(ivs: Show) -> None:
    assert code(ivs.ivs.create_stream_key, channelArn=ivs.channel) == "ServiceQuotaExceededException"
    old = ivs.key_arn
    ivs.ivs.delete_stream_key(arn=old)
    assert code(ivs.ivs.get_stream_key, arn=old) == "ResourceNotFoundException"
    assert code(ivs.ivs.delete_stream_key, arn=old) == "ResourceNotFoundException"
    assert ivs.ivs.list_stream_keys(channelArn=ivs.channel)["streamKeys"] == []
    new = ivs.ivs.create_stream_key(channelArn=ivs.channel)["streamKey"]
    assert new["arn"] == ivs.key_arn != old


def test_a_quota_has_the_status_that_aws_gives_it(ivs: Show) -> None:
    with pytest.raises(ivs.ivs.exceptions.ServiceQuotaExceededException) as caught:
        ivs.ivs.create_stream_key(channelArn=ivs.channel)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert caught.value.response.get("exceptionMessage") == "A channel can have one stream key."


def test_the_channel_is_private_and_says_where_to_publish_and_to_play(ivs: Show) -> None:
    channel = ivs.ivs.get_channel(arn=ivs.channel)["channel"]
    assert channel["authorized"] is True
    assert channel["playbackUrl"] == ivs.media.playback
    assert channel["ingestEndpoint"] == f"127.0.0.1:{ivs.media.rtmp_port}"


def test_nothing_is_live_before_anybody_publishes(ivs: Show) -> None:
    for call in (ivs.ivs.get_stream, ivs.ivs.stop_stream):
        assert code(call, channelArn=ivs.channel) == "ChannelNotBroadcasting"
    assert code(ivs.ivs.put_metadata, channelArn=ivs.channel, metadata="x") == "ChannelNotBroadcasting"
    assert ivs.ivs.list_stream_sessions(channelArn=ivs.channel)["streamSessions"] == []


def test_other_channels_are_not_here(ivs: Show) -> None:
    other = ivs.channel[:-1] + ("x" if ivs.channel[-1] != "x" else "y")
    for call in (ivs.ivs.list_stream_keys, ivs.ivs.create_stream_key, ivs.ivs.get_stream, ivs.ivs.stop_stream):
        assert code(call, channelArn=other) == "ResourceNotFoundException"
    assert code(ivs.ivs.get_channel, arn=other) == "ResourceNotFoundException"
    assert code(ivs.ivs.start_viewer_session_revocation, channelArn=other, viewerId="x") == "ResourceNotFoundException"
    (error,) = ivs.ivs.batch_start_viewer_session_revocation(viewerSessions=[{"channelArn": other, "viewerId": "x"}])[
        "errors"
    ]
    assert (error["code"], error["viewerId"]) == ("ResourceNotFoundException", "x")


def test_what_is_no_arn_is_refused(ivs: Show) -> None:
    assert code(ivs.ivs.get_stream, channelArn="channel") == "ValidationException"
    assert code(ivs.ivs.start_viewer_session_revocation, channelArn=ivs.channel, viewerId="x" * 41) == (
        "ValidationException"
    )


def test_an_operation_that_is_not_here_fails_loudly(ivs: Show) -> None:
    assert code(ivs.ivs.list_channels) == "UnknownOperationException"
    assert "no operation ListChannels" in ivs.log


def test_every_operation_is_one_that_ivs_has(ivs: Show) -> None:
    control = Control(channel=None, viewers=None, playback_url="", ingest="")  # type: ignore[arg-type]
    assert set(control._operations) <= set(OPERATIONS)
    assert len(control._operations) == 12


@pytest.mark.parametrize("name", ["GetStreamKey", "ListStreamKeys", "DeleteStreamKey", "StartViewerSessionRevocation"])
def test_an_unsigned_request_gets_nothing(ivs: Show, name: str) -> None:
    body = json.dumps({"channelArn": ivs.channel, "arn": ivs.key_arn, "viewerId": "x"}).encode()
    for headers in ({}, {"Origin": SITE}, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}):
        reply = ask(ivs.media.port, f"{CONTROL_PATH}/{name}", method="POST", body=body, headers=headers)
        assert reply.status == 403
        assert b"sk_" not in reply.body


def test_a_wrong_secret_gets_nothing(ivs: Show) -> None:
    endpoint = ivs.media.environment()["AWS_ENDPOINT_URL_IVS"]
    stranger = boto3.client(
        "ivs",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=NOBODY["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key="guessed",
    )
    with pytest.raises(ClientError) as caught:
        stranger.list_stream_keys(channelArn=ivs.channel)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_request_of_no_or_immoderate_length_is_not_read(ivs: Show) -> None:
    path = f"{CONTROL_PATH}/GetStream"
    assert ask(ivs.media.port, path, method="POST").status == 403
    huge = ask(ivs.media.port, path, method="POST", headers={"Content-Length": str(1 << 40)})
    assert huge.status == 403


def test_sessions_are_listed_the_newest_first_and_told_of(ivs: Show, film: object) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    for _ in range(2):
        ivs.publish(film).stop()  # type: ignore[arg-type]
    page = ivs.ivs.list_stream_sessions(channelArn=ivs.channel, maxResults=1)
    older = ivs.ivs.list_stream_sessions(channelArn=ivs.channel, maxResults=1, nextToken=page["nextToken"])
    (new,), (old,) = page["streamSessions"], older["streamSessions"]
    assert new["startTime"] > old["startTime"] >= began
    assert "nextToken" not in older
    session = ivs.ivs.get_stream_session(channelArn=ivs.channel, streamId=old["streamId"])["streamSession"]
    assert [event["name"] for event in session["truncatedEvents"]][::-1] == [
        "Session Created",
        "Stream Start",
        "Stream End",
        "Session Ended",
    ]
    video = session["ingestConfiguration"]["video"]
    assert (video["videoWidth"], video["videoHeight"], video["targetFramerate"]) == (640, 360, 30)
    missing = "st-" + "x" * 23
    assert code(ivs.ivs.get_stream_session, channelArn=ivs.channel, streamId=missing) == "ResourceNotFoundException"
