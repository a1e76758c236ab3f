"""The desk and the tokens against the local channel: a program publishes, somebody watches, and then may not any more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lambdas.features.live.ledger import settle
from lambdas.platform.broadcast import broadcast
from lambdas.platform.ivs import Channel
from lambdas.platform.keys import ensure_keys
from local.emulator import Emulator
from local.ivs.settings import Timing
from local.media import Media
from tests.conftest import ACCOUNT, REGION
from tests.features.live.live_platform import Live
from tests.local.requests_here import Reply, ask, wait_until
from tests.people import a_person
from tests.publisher import Publisher, clip


@pytest.fixture
def media(live: Live, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Media]:
    """The creator's channel on this machine, whose tokens the platform signs."""
    import boto3

    creator = live.platform.creator
    running = Media.start(
        creator=creator.id,
        account=ACCOUNT,
        region=REGION,
        aws=emulator.environment(),
        playback_key=ensure_keys(boto3.client("ssm"), creator.id).playback_public,
        state=tmp_path / "state",
        log=tmp_path / "media.log",
        rtmp_port=0,
        origins=(creator.origin,),
        timing=Timing(grace=1.0, merge=1.0, idle=3.0, viewer=3.0),
    )
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    channel = Channel(arn=running.settings.channel, playback=running.playback, ingest=running.ingest)
    vars(live.platform.services)["channel"] = channel
    yield running
    running.stop()


def fetch(live: Live, address: str) -> Reply:
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return ask(parts.port or 0, path, headers={"Origin": live.platform.creator.origin})


def test_from_the_key_in_the_studio_to_a_picture_and_out_again(live: Live, media: Media, tmp_path: Path) -> None:
    platform, channel = live.platform, live.platform.services.channel
    owner, fan = a_person(platform, role="owner"), a_person(platform)
    platform.clock.moment = datetime.now(UTC)
    cookies = platform.sign_in(owner.id)
    key = channel.stream_key()
    assert key not in platform.call("GET", "/studio/live/", cookies=cookies).body
    assert key in platform.call("POST", "/studio/live/key", form="", cookies=cookies).body

    with Publisher(clip(tmp_path, gop=15), media.ingest + key) as publisher:
        wait_until(lambda: channel.health() is not None)
        # Nobody told of it: whoever opens the desk finds it.
        assert "/studio/live/end" in platform.call("GET", "/studio/live/", cookies=cookies).body
        assert broadcast().on_air

        # The channel reads the clock of the machine, and a token lasts a minute.
        platform.clock.moment = datetime.now(UTC)
        ticket = platform.call("POST", "/api/live/playback", json_body={}, cookies=platform.sign_in(fan.id)).json
        assert fetch(live, channel.playback).status in {401, 403}, "no playlist without a token"
        opened = fetch(live, ticket["url"])
        assert opened.status == 200, opened
        assert fetch(live, ticket["url"]).status in {401, 403}, "a token opens one playback"
        variant = opened.text.splitlines()[-1]
        address = variant if variant.startswith("http") else f"http://127.0.0.1:{media.port}{variant}"
        wait_until(lambda: fetch(live, address).status == 200)

        def for_members(desk) -> None:  # type: ignore[no-untyped-def]
            desk.show(broadcast().show_id).audience = "members"

        before = broadcast()
        settle(platform.services, for_members)
        live.follow_the_air(before)
        wait_until(lambda: fetch(live, address).status in {401, 403, 404})
        refused = platform.call("POST", "/api/live/playback", json_body={}, cookies=platform.sign_in(fan.id))
        assert refused.json["code"] == "members_only"

        assert platform.call("POST", "/studio/live/key/rotate", form="", cookies=cookies).status == 303
        assert publisher.wait() != 0, "who streams with the old key is cut off"
    new = channel.stream_key()
    assert new != key
    with Publisher(clip(tmp_path, gop=15), media.ingest + key) as late:
        assert late.wait() != 0
