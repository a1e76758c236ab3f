"""The media process of `prism dev`: there while the creator's file has live, started again where it ends by itself."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from lambdas.core.feature import Feature, FeatureConfig
from lambdas.features.creator_files import new_creator, write_new
from lambdas.features.registry import FEATURES
from lambdas.platform.keys import ensure_keys
from local.emulator import Emulator
from local.kept_media import KeptMedia, streams
from local.media_needs import needs
from local.platform import ensure_ivs_events, media_bucket_name
from tests.creators import a_creator

LIVE: Feature[Any] = Feature(name="live", config=FeatureConfig)


@dataclass
class Kept:
    media: KeptMedia
    wanted: dict[str, Any]
    said: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        assert self.media._media
        return self.media._media.pid


@pytest.fixture
def kept(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        rtmp_port = free.getsockname()[1]
    said: list[str] = []
    wanted = {
        "wanted": True,
        "playback_key": ensure_keys(boto3.client("ssm"), "tester").playback_public,
        "queue": ensure_ivs_events(boto3.client("sqs"), "tester"),
        "bucket": media_bucket_name("tester"),
        "when_review_fails": "DENY",
    }
    media = KeptMedia(
        creator=a_creator(),
        folder=tmp_path,
        site=8000,
        rtmp_port=rtmp_port,
        server_environment=lambda: dict(os.environ),
        progress=said.append,
    )
    monkeypatch.setattr(media, "_needs", lambda: wanted)
    yield Kept(media, wanted, said)
    media.stop()


def test_it_runs_where_live_is_on_and_tells_the_functions_where(kept: Kept, emulator: Emulator) -> None:
    assert kept.media.environment() == {}
    assert kept.media.start_if_wanted(emulator)
    assert {"PRISM_IVS_CHANNEL", "PRISM_IVS_PLAYBACK", "PRISM_CHAT_ROOM", "AWS_ENDPOINT_URL_IVS"} <= {
        *kept.media.environment()
    }
    assert kept.media.ingest.startswith("rtmp://127.0.0.1:")
    before = kept.pid
    assert not kept.media.start_if_wanted(emulator), "an edit leaves it alone"
    assert kept.pid == before


def test_it_is_not_started_where_nothing_streams(kept: Kept, emulator: Emulator) -> None:
    kept.wanted["wanted"] = False
    assert not kept.media.start_if_wanted(emulator)
    assert (kept.media.environment(), kept.media.ingest) == ({}, "")


def test_switched_off_it_goes_and_a_file_that_cannot_be_read_changes_nothing(kept: Kept, emulator: Emulator) -> None:
    kept.media.start_if_wanted(emulator)
    del kept.wanted["wanted"]
    assert not kept.media.stop_if_unwanted()
    assert kept.media.ingest
    kept.wanted["wanted"] = False
    assert kept.media.stop_if_unwanted()
    assert kept.media.environment() == {}


def test_one_that_ends_by_itself_comes_back_where_it_was(kept: Kept, emulator: Emulator) -> None:
    kept.media.start_if_wanted(emulator)
    before, addresses = kept.pid, kept.media.environment()
    assert not kept.media.look_after(emulator)
    assert kept.media._media
    kept.media._media.kill()
    assert not kept.media.look_after(emulator), "nobody has to be told: the addresses are what they were"
    assert kept.pid != before
    assert kept.media.environment() == addresses
    assert any("starting it again" in line for line in kept.said)


def test_one_that_cannot_come_back_is_told_and_tried_again_later(kept: Kept, emulator: Emulator) -> None:
    kept.media.start_if_wanted(emulator)
    assert kept.media._media
    kept.media._media.kill()
    with socket.create_server(("127.0.0.1", kept.media._media.port)):
        assert kept.media.look_after(emulator), "the functions are to be told that there is none"
    assert kept.media.environment() == {}
    assert any("did not start" in line for line in kept.said)
    assert kept.media.start_if_wanted(emulator)


def test_what_it_needs_is_made_before_the_server_is(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"id": "tester", "name": "Testa Fictional", "domain": "tester.example", "email": "hello@tester.example"}
    file = write_new(new_creator(settings), folder=tmp_path)
    monkeypatch.setattr("local.kept_media.streams", lambda creator: True)
    told = needs(file)
    assert told["wanted"] is True
    assert "BEGIN PUBLIC KEY" in str(told["playback_key"])
    assert told["playback_key"] == ensure_keys(boto3.client("ssm"), "tester").playback_public
    assert told["queue"] == ensure_ivs_events(boto3.client("sqs"), "tester")
    monkeypatch.setattr("local.kept_media.streams", lambda creator: False)
    assert needs(file) == {"wanted": False}


def test_a_creator_streams_where_live_is_active(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tuple(feature for feature in FEATURES if feature.name != "live")
    for known, expected in ((silent, False), ((*silent, LIVE), True)):
        monkeypatch.setattr("lambdas.features.registry.active_features", lambda creator, known=known: known)
        assert streams(a_creator()) is expected
