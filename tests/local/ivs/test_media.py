"""The media process: it starts, keeps to itself, and goes with its parent."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ivs.settings import Settings
from local.media import Media, MediaFailed
from local.media_server import PORTS_TRIED
from tests.conftest import ACCOUNT, NOBODY, REGION
from tests.local.ivs.streaming import KEY, Show, pem
from tests.local.requests_here import ask, wait_until


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """A process that nothing happens to."""
    show = Show(folder=tmp_path_factory.mktemp("one"))
    yield show
    show.close()


def test_two_creators_side_by_side_share_nothing(shows: Callable[..., Show], film: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        mira, kim = shows(creator="mira", rtmp_port=port), shows(creator="kim", rtmp_port=port)
    assert len({port, mira.media.rtmp_port, kim.media.rtmp_port}) == 3
    assert port < mira.media.rtmp_port < kim.media.rtmp_port < port + PORTS_TRIED
    assert str(kim.media.rtmp_port) in kim.media.ingest
    assert mira.channel != kim.channel
    assert mira.media.settings.room != kim.media.settings.room
    assert kim.publish(film, key=mira.key, live=False).wait() != 0
    kim.publish(film)
    assert mira.stream() is None
    assert kim.open(mira.token()).status == 403
    viewer = kim.watch()
    assert ask(mira.media.port, viewer.variant).status == 403
    with pytest.raises(mira.ivs.exceptions.ResourceNotFoundException):
        mira.ivs.get_stream_key(arn=kim.key_arn)


def test_what_it_keeps_is_private(show: Show, film: Path) -> None:
    show.publish(film)
    folder = show.folder / "mira" / "media"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [file for file in folder.iterdir() if file.is_file()]
    assert {"key.json", "stream.json"} <= {file.name for file in files}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_key_and_the_revocations_outlive_a_restart(shows: Callable[..., Show], film: Path) -> None:
    show = shows()
    key = show.key
    show.ivs.start_viewer_session_revocation(
        channelArn=show.channel, viewerId="gone", viewerSessionVersionsLessThanOrEqualTo=2
    )
    show.media.stop()
    show = shows()
    assert show.key == key
    show.publish(film)
    assert show.open(show.token(**{"aws:viewer-id": "gone", "aws:viewer-session-version": 2})).status == 403
    assert show.open(show.token(**{"aws:viewer-id": "gone", "aws:viewer-session-version": 3})).status == 200


def test_both_servers_are_on_loopback_only(one: Show) -> None:
    addresses = {
        line.split()[1].partition(":")[0]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
        and int(line.split()[1].partition(":")[2], 16) in {one.media.port, one.media.rtmp_port}
    }
    assert addresses == {"0100007F"}


def test_nothing_of_a_stream_is_on_its_command_line(one: Show) -> None:
    command = Path(f"/proc/{one.media.pid}/cmdline").read_text()
    assert "sk_" not in command
    assert one.key not in command


def test_elsewhere_there_is_nothing(one: Show) -> None:
    for path in ("/", "/ivs", "/api/video/v1/", "/metrics", "/live"):
        assert ask(one.media.port, path).status in {403, 404}


def test_it_ends_with_its_parent(show: Show) -> None:
    show.media.process.hang_up()
    wait_until(lambda: not show.media.running)
    assert show.media.process._process.returncode == 0


def test_a_port_in_use_is_said(one: Show) -> None:
    with pytest.raises(MediaFailed, match="in use"):
        Media.start(
            creator="mira",
            account=ACCOUNT,
            region=REGION,
            aws=NOBODY,
            playback_key=pem(),
            port=one.media.port,
            rtmp_port=0,
        )


def test_a_key_that_is_none_is_said() -> None:
    with pytest.raises(MediaFailed):
        Media.start(creator="mira", account=ACCOUNT, region=REGION, aws=NOBODY, playback_key="none", rtmp_port=0)


def test_its_environment_says_all_that_the_platform_asks_for(one: Show) -> None:
    environment = one.media.environment()
    assert environment["PRISM_IVS_CHANNEL"] == one.channel
    assert environment["PRISM_IVS_PLAYBACK"].endswith(
        f"/{REGION}.{ACCOUNT}.channel.{one.channel.rpartition('/')[2]}.m3u8"
    )
    assert environment["PRISM_CHAT_ENDPOINT"].startswith(f"ws://127.0.0.1:{one.media.port}/")
    assert all(environment.values())


def test_settings_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    settings = Settings(
        creator="mira",
        account=ACCOUNT,
        region=REGION,
        state=tmp_path,
        port=5,
        rtmp_port=6,
        origins=frozenset({"http://a.localhost:1", "http://b.localhost:2"}),
        playback_key=pem(KEY),
        bucket="b",
        queue="q",
        secret="s",
    )
    assert Settings.of({**os.environ, **settings.environment(), "AWS_SECRET_ACCESS_KEY": "s"}) == settings
    assert "PRIVATE" not in repr(settings)
    assert "secret" not in repr(settings)
