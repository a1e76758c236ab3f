"""Who may publish, what becomes of all the others, and what becomes of a stream when its publisher goes."""

import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.ivs import amf, chunks
from local.ivs.chunks import Message
from tests.local.ivs.streaming import QUICK, Show
from tests.local.requests_here import wait_until
from tests.publisher import clip


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A process to which many try to publish in vain."""
    return Show(folder=tmp_path_factory.mktemp("quiet"), timing=replace(QUICK, handshake=1.5, connect=1.5))


@pytest.fixture(scope="module", autouse=True)
def quiet_in_the_end(quiet: Show) -> Iterator[None]:
    yield
    log = quiet.log
    quiet.close()
    assert quiet.media.process._process.returncode == 0
    assert "Traceback" not in log
    assert "sk_" not in log


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    show = Show(folder=tmp_path_factory.mktemp("stage"))
    yield show
    show.close()


@pytest.fixture
def show(stage: Show) -> Iterator[Show]:
    """A process that many publish to, one test after the other."""
    yield stage
    stage.clear()


def connect(show: Show) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", show.media.rtmp_port), timeout=10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


def ended(connection: socket.socket) -> bool:
    """Whether the server has let it go."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def handshake(connection: socket.socket) -> None:
    connection.sendall(b"\x03" + bytes(1536))
    got = b""
    while len(got) < 1 + 2 * 1536:
        got += connection.recv(65536)
    connection.sendall(got[1 : 1 + 1536])


def command(*values: amf.Value | int) -> bytes:
    return chunks.chunks(Message(chunks.COMMAND_AMF0, 0, 0, amf.encode(values)), number=3, size=128)


def test_a_wrong_key_is_refused_and_the_publisher_ends_with_an_error(quiet: Show, film: Path) -> None:
    publisher = quiet.publish(film, key="sk_eu-central-1_wrong_key", live=False)
    assert publisher.wait() != 0
    assert "There is no such stream key" in publisher.errors


def test_a_wrong_application_is_refused_like_a_wrong_key(quiet: Show, film: Path) -> None:
    publisher = quiet.publish(film, key=f"../other/{quiet.key}", live=False)
    assert publisher.wait() != 0
    with connect(quiet) as connection:
        handshake(connection)
        connection.sendall(command("connect", 1, {"app": "other"}) + command("publish", 2, None, quiet.key, "live"))
        answers = b""
        while b"NetStream.Publish" not in answers:
            answers += connection.recv(65536)
    assert b"NetStream.Publish.BadName" in answers


@pytest.mark.parametrize(("codec", "word"), [("libx265", "HEVC"), ("libmp3lame", "MP3")])
def test_other_codecs_are_refused_by_name(quiet: Show, films: Path, codec: str, word: str) -> None:
    film = clip(films, codec=codec, seconds=1, audio=False) if codec == "libx265" else mp3(films)
    publisher = quiet.publish(film, live=False)
    assert publisher.wait() != 0
    assert word in publisher.errors
    assert quiet.stream() is None


def mp3(films: Path) -> Path:
    from tests.publisher import ffmpeg

    film = films / "mp3.flv"
    ffmpeg("-f", "lavfi", "-i", "sine=sample_rate=44100", "-t", "2", "-c:a", "libmp3lame", str(film))
    return film


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + bytes(4000),
        b"\x03" + bytes(1536) + bytes(1536) + b"\xff" * 5000,
        b"\x03" + bytes(1536) + bytes(1536) + b"\x02\0\0\0\0\0\4\1\0\0\0\0\x7f\xff\xff\xff",
        b"\x03" + bytes(1536) + bytes(1536) + b"\x06\0\0\0\xff\xff\xff\x09\0\0\0\0",
        b"\x03" + bytes(1536) + bytes(1536) + command("connect", 1, {"app": "app"})[:-3] + b"\x0a\xff\xff",
        b"\x03" + bytes(1536) + bytes(1536) + command("publish", 1, None, None) + command("play", 2, None, "x"),
    ],
    ids=["http", "noise", "chunk size", "length", "amf", "play"],
)
def test_garbage_is_let_go_and_harms_nobody(quiet: Show, garbage: bytes) -> None:
    with connect(quiet) as connection:
        connection.sendall(garbage)
        assert ended(connection)
    assert quiet.key


def test_who_says_nothing_or_little_is_let_go(quiet: Show) -> None:
    slow = [connect(quiet) for _ in range(10)]
    for connection in slow[:5]:
        connection.sendall(b"\x03")
    for connection in slow[5:]:
        handshake(connection)
        connection.sendall(command("connect", 1, {"app": "app"}))
    begin = time.monotonic()
    assert all(ended(connection) for connection in slow)
    assert time.monotonic() - begin < 8
    for connection in slow:
        connection.close()


def test_so_many_connections_are_kept_and_no_more(quiet: Show) -> None:
    many = [connect(quiet) for _ in range(60)]
    begin = time.monotonic()
    assert all(ended(connection) for connection in many)
    assert time.monotonic() - begin < 8
    for connection in many:
        connection.close()


def test_a_second_publisher_is_refused_and_the_first_goes_on(show: Show, film: Path) -> None:
    first = show.publish(film)
    stream = show.stream_id
    second = show.publish(film, live=False)
    assert second.wait() != 0
    assert "in use" in second.errors
    assert first.running
    assert show.stream_id == stream


def test_a_publisher_that_died_and_is_back_in_time_goes_on_and_one_that_is_late_begins_anew(
    shows: Callable[..., Show], film: Path
) -> None:
    show = shows(timing=replace(QUICK, grace=4.0))
    publisher = show.publish(film)
    stream = show.stream_id
    viewer = show.watch()
    publisher.kill()
    wait_until(lambda: (show.stream() or {}).get("health") == "STARVING")
    assert "#EXT-X-DISCONTINUITY\n" not in viewer.playlist()
    publisher = show.publish(film)
    wait_until(lambda: "#EXT-X-DISCONTINUITY\n" in viewer.playlist())
    wait_until(lambda: (show.stream() or {}).get("health") == "HEALTHY")
    assert show.stream_id == stream
    publisher.kill()
    wait_until(lambda: show.stream() is None)
    assert viewer.playlist().endswith("#EXT-X-ENDLIST\n")
    show.publish(film)
    assert show.stream_id != stream


def test_a_publisher_that_says_good_bye_ends_the_stream_at_once(shows: Callable[..., Show], film: Path) -> None:
    show = shows(timing=replace(QUICK, grace=60.0))
    publisher = show.publish(film)
    publisher.stop()
    wait_until(lambda: show.stream() is None, seconds=5)
    (session,) = show.ivs.list_stream_sessions(channelArn=show.channel)["streamSessions"]
    assert session["endTime"] >= session["startTime"]


@pytest.mark.parametrize("missing", ["audio", "video"])
def test_sound_alone_and_picture_alone_can_be_watched(show: Show, films: Path, missing: str) -> None:
    show.publish(clip(films, gop=15, audio=missing != "audio", video=missing != "video"))
    main = show.open().text
    assert ("mp4a" in main) is (missing != "audio")
    assert ("avc1" in main) is (missing != "video")
    assert ("RESOLUTION=640x360" in main) is (missing != "video")


def test_a_clock_that_jumps_by_an_hour_is_not_seen_by_who_watches(show: Show, film: Path) -> None:
    """Pictures and sound leap after two seconds; ffmpeg sends them on as if nothing had happened."""
    jump = "setts=pts=PTS+gte(N\\,{0})*3600000:dts=DTS+gte(N\\,{0})*3600000"
    show.publish(film, options=["-bsf:v", jump.format(60), "-bsf:a", jump.format(94)])
    viewer = show.watch()
    viewer.wait_for(3)
    text = viewer.playlist()
    assert "#EXT-X-DISCONTINUITY\n" not in text
    lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF:")]
    assert all(1.4 < length < 2.2 for length in lengths)
    assert (show.stream() or {}).get("health") == "HEALTHY"


def test_a_publisher_that_stalls_is_starving_and_recovers(show: Show, film: Path) -> None:
    publisher = show.publish(film)
    publisher.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: (show.stream() or {}).get("health") == "STARVING")
    publisher.process.send_signal(signal.SIGCONT)
    wait_until(lambda: (show.stream() or {}).get("health") == "HEALTHY")


def test_a_silent_publisher_makes_room_for_the_next_connection(shows: Callable[..., Show], film: Path) -> None:
    show = shows(timing=replace(QUICK, silent=0.3))
    silent = show.publish(film)
    stream, viewer = show.stream_id, show.watch()
    silent.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: (show.stream() or {}).get("health") == "STARVING")
    show.publish(film, live=False)
    wait_until(lambda: "#EXT-X-DISCONTINUITY\n" in viewer.playlist())
    silent.process.send_signal(signal.SIGCONT)
    assert silent.wait() != 0
    assert show.stream_id == stream


def test_one_that_stays_silent_is_let_go(shows: Callable[..., Show], film: Path) -> None:
    show = shows(timing=replace(QUICK, idle=1.0, grace=0.5))
    publisher = show.publish(film)
    publisher.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: show.stream() is None)
    publisher.process.send_signal(signal.SIGCONT)
    assert publisher.wait() != 0


def test_a_deleted_key_is_dead_at_once_and_the_next_one_works(show: Show, film: Path) -> None:
    publisher, old = show.publish(film), show.key
    show.ivs.delete_stream_key(arn=show.key_arn)
    assert publisher.wait() != 0
    assert show.stream() is None
    assert show.publish(film, key=old, live=False).wait() != 0
    new = show.ivs.create_stream_key(channelArn=show.channel)["streamKey"]["value"]
    assert new != old
    assert show.publish(film, key=old, live=False).wait() != 0
    show.publish(film)
    assert old not in show.log
    assert new not in show.log


def test_a_stopped_stream_ends_and_the_key_still_works(show: Show, film: Path) -> None:
    publisher, stream = show.publish(film), show.stream_id
    show.ivs.stop_stream(channelArn=show.channel)
    assert publisher.wait() != 0
    assert show.stream() is None
    show.publish(film)
    assert show.stream_id != stream
