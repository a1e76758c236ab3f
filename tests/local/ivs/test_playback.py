"""Playback as IVS does it: a token opens a session, and nothing opens without."""

import io
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from botocore.exceptions import ClientError

from tests.local.ivs.streaming import SITE, Show, Viewer, claims_for, signed
from tests.local.requests_here import ask, wait_until
from tests.publisher import clip

EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Iterator[Show]:
    """A show that goes on while the tests watch."""
    show = Show(folder=tmp_path_factory.mktemp("live"))
    show.publish(film)
    yield show
    show.close()


def test_what_is_watched_is_what_was_published(live: Show) -> None:
    viewer = live.watch()
    viewer.wait_for(2)
    with av.open(io.BytesIO(viewer.media()), mode="r") as media:
        pictures = len(list(media.decode(video=0)))
        picture = media.streams.video[0]
        sound = media.streams.audio[0]
        assert (picture.width, picture.height) == (640, 360)
        assert sound.rate == 48_000
    assert pictures >= 3 * 45


def test_the_main_playlist_says_what_the_stream_is(live: Show) -> None:
    text = live.open().text
    assert 'CODECS="avc1.42c01e,mp4a.40.2"' in text
    assert "RESOLUTION=640x360" in text
    assert "FRAME-RATE=30.000" in text
    assert "CLOSED-CAPTIONS" not in text


def test_the_playlist_is_of_low_latency(live: Show) -> None:
    lines = live.watch().playlist().splitlines()
    assert "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.900" in lines
    assert "#EXT-X-PART-INF:PART-TARGET=0.300" in lines
    assert "#EXT-X-TARGETDURATION:2" in lines
    assert any(line.startswith("#EXT-X-PART:") and line.endswith("INDEPENDENT=YES") for line in lines)
    assert lines[-1].startswith("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=")
    assert sum(line.startswith("#EXT-X-PROGRAM-DATE-TIME:") for line in lines) >= 1


def test_a_request_for_what_comes_next_is_held_until_it_is_there(live: Show) -> None:
    viewer = live.watch()
    number, part = (int(word) for word in hint(viewer).split(".")[:2])
    held = viewer.playlist(_HLS_msn=number, _HLS_part=part)
    assert f'URI="{number}.{part}.m4s"' in held
    assert "#EXT-X-PRELOAD-HINT" in held
    announced = hint(viewer)
    assert viewer.get(announced).status == 200
    whole = viewer.playlist(_HLS_msn=number + 1)
    assert f"{number + 1}.m4s" in whole.splitlines()


def hint(viewer: Viewer) -> str:
    return viewer.playlist().splitlines()[-1].split('"')[1]


@pytest.mark.parametrize("query", ["_HLS_msn=999999", "_HLS_part=1", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_msn=1e3"])
def test_an_impossible_request_is_refused_at_once(live: Show, query: str) -> None:
    assert live.watch().get(f"index.m3u8?{query}").status == 400


@pytest.mark.parametrize("name", ["999999.m4s", "0.99.m4s", "init99.mp4"])
def test_what_is_not_there_is_not_found(live: Show, name: str) -> None:
    assert live.watch().get(name).status == 404


@pytest.mark.parametrize("name", ["../x", "..%2Findex.m3u8", "0.m4s.m4s", "key.json", "", "index.m3u8/x"])
def test_names_that_nobody_gave_are_refused(live: Show, name: str) -> None:
    assert live.watch().get(name).status == 403


def test_without_a_good_token_there_is_nothing(live: Show) -> None:
    other = claims_for(live.channel[:-1] + "x")
    for token in ("", "x.y.z", live.token(exp=int(time.time()) - 1), signed(other)):
        reply = live.open(token)
        assert (reply.status, reply.body) == (403, b"")


@pytest.mark.parametrize("name", ["index.m3u8", "init0.mp4", "0.m4s", "0.0.m4s"])
def test_a_copied_address_without_a_session_gives_nothing(live: Show, name: str) -> None:
    for session in ("x" * 32, "", "a"):
        reply = live.get(f"/v1/{session}/{name}")
        assert (reply.status, reply.body) == (403, b"")


def test_a_single_use_token_opens_one_session(live: Show) -> None:
    token = live.token(**{"aws:single-use-uuid": str(uuid.uuid4())})
    first = live.open(token)
    assert first.status == 200
    assert live.open(token).status == 403
    assert Viewer(live, first.text.splitlines()[-1]).playlist()


def test_two_who_use_one_token_at_once_do_not_both_get_in(live: Show) -> None:
    token, statuses = live.token(**{"aws:single-use-uuid": str(uuid.uuid4())}), []
    together = threading.Barrier(8)

    def open_it() -> None:
        together.wait()
        statuses.append(live.open(token).status)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [403] * 7


def test_an_expired_token_does_not_end_what_plays(live: Show) -> None:
    viewer = live.watch(exp=int(time.time()) + 1)
    wait_until(lambda: live.open(live.token(exp=int(time.time()))).status == 403)
    time_to_pass = int(time.time()) + 2
    wait_until(lambda: time.time() >= time_to_pass)
    assert viewer.playlist()


def test_a_page_of_another_site_gets_nothing(live: Show) -> None:
    viewer = live.watch(**{"aws:access-control-allow-origin": "*"})
    for origin in (EVIL, "null"):
        assert live.open(live.token(**{"aws:access-control-allow-origin": "*"}), origin=origin).status == 403
        reply = live.get(viewer.variant, origin=origin)
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers
    embedded = live.get(viewer.variant, origin=None, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert embedded.status == 403
    assert ask(live.media.port, viewer.variant, headers={"Host": "evil.example"}).status == 403


def test_a_token_for_another_origin_opens_nothing_here(live: Show) -> None:
    assert live.open(live.token(**{"aws:access-control-allow-origin": "https://mira.example"})).status == 403


def test_strict_tokens_are_strict_with_every_request(live: Show) -> None:
    strict = {"aws:strict-origin-enforcement": True}
    assert live.open(live.token(**strict), origin=None).status == 403
    viewer = live.watch(**strict)
    assert live.get(viewer.variant, origin=None).status == 403
    assert live.get(viewer.variant).status == 200
    lenient = live.watch()
    assert live.get(lenient.variant, origin=None).status == 200


def test_the_answers_may_be_read_where_the_token_says(live: Show) -> None:
    named, anywhere = live.open(), live.open(live.token(**{"aws:access-control-allow-origin": None}))
    assert named.headers["access-control-allow-origin"] == SITE
    assert anywhere.headers["access-control-allow-origin"] == "*"
    viewer = live.watch()
    for name in ("index.m3u8", "init0.mp4", viewer.segments()[-1]):
        reply = viewer.get(name)
        assert reply.headers["access-control-allow-origin"] == SITE
        assert reply.headers["cache-control"] == "no-store"
    # A player must see the status to know that it should ask for a new token.
    assert live.open("x").headers["access-control-allow-origin"] == SITE


def test_a_revoked_viewer_is_cut_off_at_once_and_a_newer_token_lets_them_in_again(live: Show) -> None:
    name = f"psn_{uuid.uuid4().hex[:8]}"
    viewer = {"aws:viewer-id": name, "aws:viewer-session-version": 3}
    watching, other = live.watch(**viewer), live.watch(**{"aws:viewer-id": "someone"})
    live.ivs.start_viewer_session_revocation(
        channelArn=live.channel, viewerId=name, viewerSessionVersionsLessThanOrEqualTo=3
    )
    for file in ("index.m3u8", "init0.mp4", "0.m4s"):
        assert watching.get(file).status == 403
    assert live.open(live.token(**viewer)).status == 403
    assert other.playlist()
    assert live.watch(**{**viewer, "aws:viewer-session-version": 4}).playlist()


def test_a_viewer_is_cut_off_while_a_request_is_held(live: Show) -> None:
    viewer = live.watch(**{"aws:viewer-id": "holder"})
    number = int(hint(viewer).split(".")[0])
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(viewer.get(f"index.m3u8?_HLS_msn={number + 1}").status))
    asking.start()
    live.ivs.batch_start_viewer_session_revocation(
        viewerSessions=[{"channelArn": live.channel, "viewerId": "holder", "viewerSessionVersionsLessThanOrEqualTo": 0}]
    )
    asking.join()
    assert statuses == [403]


def test_who_asked_lately_is_counted(live: Show) -> None:
    before = live.stream()
    for _ in range(3):
        live.watch()
    after = live.stream()
    assert before
    assert after
    assert after["viewerCount"] >= 3


def test_nothing_can_be_sent_here(live: Show) -> None:
    path = live.watch().variant
    assert ask(live.media.port, path, method="POST", body=b"x", headers={"Origin": SITE}).status == 405
    preflight = ask(live.media.port, path, method="OPTIONS", headers={"Origin": SITE})
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"


def test_metadata_reaches_who_watches(live: Show) -> None:
    viewer = live.watch()
    live.ivs.put_metadata(channelArn=live.channel, metadata="goal 1:0")
    number = int(hint(viewer).split(".")[0])
    viewer.wait_for(number + 1)
    assert any(b"goal 1:0" in viewer.get(name).body for name in viewer.segments())


def test_metadata_is_small_and_not_too_often(live: Show) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        live.ivs.put_metadata(channelArn=live.channel, metadata="ü" * 513)
    wait_until(lambda: put_often(live) == "ThrottlingException")


def put_often(live: Show) -> str:
    try:
        live.ivs.put_metadata(channelArn=live.channel, metadata="x")
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def test_twenty_who_watch_keep_up_with_real_time(live: Show) -> None:
    """Each follows the newest part for four seconds of the show, as a player does."""
    viewers = [live.watch() for _ in range(20)]
    first = int(hint(viewers[0]).split(".")[0]) + 1
    begin, behind = time.monotonic(), []

    def follow(viewer: Viewer) -> None:
        number, part = first, 0
        while number < first + 3:
            text = viewer.playlist(_HLS_msn=number, _HLS_part=part)
            reply = viewer.get(f"{number}.{part}.m4s")
            if reply.status == 404 or (f"\n{number}.m4s" in text and f'"{number}.{part + 1}.m4s"' not in text):
                number, part = number + 1, 0
            else:
                part += 1
        behind.append(int(hint(viewer).split(".")[0]) - number)

    threads = [threading.Thread(target=follow, args=(viewer,)) for viewer in viewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(behind) == 20
    assert max(behind) <= 1
    assert time.monotonic() - begin < 12


def test_a_channel_that_is_offline_is_not_found_for_a_good_token_only(show: Show) -> None:
    assert show.open().status == 404
    assert show.open("x").status == 403


def test_captions_are_declared_and_passed_on(show: Show, films: Path) -> None:
    show.publish(clip(films, gop=15, with_captions="HELLO FANS"))
    assert 'CLOSED-CAPTIONS="captions"' in show.open().text
    viewer = show.watch()
    data = viewer.get(viewer.segments()[0]).body
    # One with every picture of the one and a half seconds.
    assert data.count(b"\xb5\x00\x31GA94\x03") == 45
