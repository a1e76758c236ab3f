"""Frames become segments and parts that follow each other without a hole."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from local.ivs import mp4
from local.ivs.flv import Frame
from local.ivs.mp4 import AUDIO_TRACK, VIDEO_TRACK
from local.ivs.packager import SEGMENT_BYTES
from local.ivs.timeline import WRAP
from local.ivs.window import BYTES_KEPT, SECONDS_KEPT
from tests.local.ivs.boxes import TrackRun, boxes, child, runs
from tests.local.ivs.frames import AUDIO, KEY_PICTURE, OTHER_VIDEO, SOUND, VIDEO, Camera

SCALES = {VIDEO_TRACK: 90_000, AUDIO_TRACK: 48_000}


def of_track(camera: Camera, track: int) -> list[TrackRun]:
    return [run for segment in camera.whole for run in runs(segment.data) if run.track == track]


def holes(all_runs: list[TrackRun]) -> list[int]:
    """What is missing (or too much, below zero) between runs, in the track's scale."""
    return [after.at - before.end for before, after in pairwise(all_runs)]


def test_a_segment_is_a_group_of_pictures_and_a_part_at_most_three_tenths() -> None:
    camera = Camera().run(9)
    assert [round(segment.seconds, 2) for segment in camera.whole] == [2.0] * 4
    for segment in camera.whole:
        assert segment.independent
        assert all(0.05 < part.seconds <= 0.3 for part in segment.parts)
        # Near the end of a segment a part may be shorter; all others are nearly full.
        assert all(part.seconds >= 0.85 * 0.3 for part in segment.parts[:-1])


def test_no_track_has_a_hole() -> None:
    camera = Camera().run(9)
    assert set(holes(of_track(camera, VIDEO_TRACK))) == {0}
    assert set(holes(of_track(camera, AUDIO_TRACK))) == {0}


def test_every_frame_comes_out_once() -> None:
    camera = Camera().run(7.99)
    camera.packager.flush()
    assert sum(len(run.sizes) for run in of_track(camera, VIDEO_TRACK)) == camera.pictures
    assert sum(len(run.sizes) for run in of_track(camera, AUDIO_TRACK)) == camera.sounds


@pytest.mark.parametrize(("begin", "seconds"), [((1 << 24) - 5_000_000, 3 * 3600), (WRAP - 300_000, 600)])
def test_three_hours_stay_whole_over_24_and_32_bits(begin: int, seconds: int) -> None:
    camera = Camera(rate=1, sound_rate=8_000, begin=begin).run(seconds)
    assert len(camera.whole) == seconds / 2 - 1
    for track, scale in {**SCALES, AUDIO_TRACK: 8_000}.items():
        through = of_track(camera, track)
        assert set(holes(through)) == {0}
        assert through[-1].end / scale == pytest.approx(1 + seconds, abs=2.1)
    assert len(camera.window.segments) <= SECONDS_KEPT / 2 + 2


def test_sound_alone_and_picture_alone_are_packaged() -> None:
    for camera, track in ((Camera(video=False), AUDIO_TRACK), (Camera(audio=False), VIDEO_TRACK)):
        camera.run(9)
        assert len(camera.whole) >= 3
        assert all(part.independent for part in camera.whole[0].parts) is (track == AUDIO_TRACK)
        assert {run.track for segment in camera.whole for run in runs(segment.data)} == {track}
        assert set(holes(of_track(camera, track))) == {0}
        kinds = [kind for kind, _ in boxes(child(camera.whole[0].epoch.init, b"moov"))]
        assert kinds == [b"mvhd", b"trak", b"mvex"]


def test_what_is_announced_but_never_comes_is_not_waited_for() -> None:
    camera = Camera(audio=False)
    camera.packager.expect(video=True, audio=True)
    camera.run(6)
    assert len(camera.whole) >= 2


def test_sound_that_comes_a_little_later_belongs_to_the_same_epoch() -> None:
    camera = Camera(audio=False).run(0.5)
    camera.packager.configure(AUDIO)
    camera.audio, camera.sounds = True, 24
    camera.run(5)
    assert len(camera.window.epochs) == 1
    assert camera.whole[0].epoch.audio == AUDIO


@pytest.mark.parametrize("jump", [-3_600_000, -400, 7_000, 1 << 30])
def test_a_clock_that_jumps_leaves_no_mark(jump: int) -> None:
    camera = Camera().run(4.5).run(4.5, jump=jump)
    for track in SCALES:
        assert max(abs(hole) for hole in holes(of_track(camera, track))) <= SCALES[track] * 0.06
    assert sum(segment.seconds for segment in camera.whole) == pytest.approx(8, abs=0.1)
    assert not any(segment.breaks for segment in camera.whole)


@settings(max_examples=25, deadline=None)
@given(some.lists(some.tuples(some.floats(0.2, 3), some.integers(-10_000_000, 10_000_000)), max_size=5))
def test_whatever_the_clock_does_time_goes_forward(moves: list[tuple[float, int]]) -> None:
    camera = Camera().run(2.5)
    for seconds, jump in moves:
        camera.run(seconds, jump=jump)
    camera.packager.flush()
    filmed = camera.now
    assert sum(segment.seconds for segment in camera.whole) == pytest.approx(filmed, abs=0.2 + 1.1 * len(moves))
    for track in SCALES:
        # Pictures of one and the same millisecond are given a moment each.
        assert all(hole >= -SCALES[track] / 1000 for hole in holes(of_track(camera, track)))


def test_other_codecs_begin_an_epoch_behind_a_break() -> None:
    camera = Camera().run(4.01)
    camera.packager.configure(OTHER_VIDEO)
    camera.run(5)
    camera.packager.flush()
    assert [segment.epoch.number for segment in camera.whole] == [0, 0, 0, 1, 1]
    assert [segment.breaks for segment in camera.whole] == [False, False, False, True, False]
    assert camera.whole[-1].epoch.video == OTHER_VIDEO


def test_the_same_codecs_again_change_nothing() -> None:
    camera = Camera().run(4.01)
    camera.packager.configure(VIDEO)
    camera.packager.configure(AUDIO)
    camera.run(6)
    assert len(camera.window.epochs) == 1


def test_a_publisher_that_is_back_goes_on_behind_a_break_where_the_first_ended() -> None:
    first = Camera().run(5)
    first.packager.flush()
    again = Camera(window=first.window, begin=77_000, start=round(first.window.ends_at)).run(5)
    again.packager.flush()
    breaks = [segment.breaks for segment in first.whole]
    assert breaks == [False, False, False, True, False, False]
    assert all(hole >= 0 for hole in holes(of_track(first, VIDEO_TRACK)))


def test_pictures_without_a_key_frame_are_cut_anyway() -> None:
    camera = Camera(gop=3600).run(40)
    assert len(camera.whole) == 3
    assert not camera.whole[1].independent
    assert camera.window.target_seconds == 12


def test_short_groups_of_pictures_share_a_segment_and_each_begins_a_part() -> None:
    camera = Camera(gop=0.5).run(7)
    assert {round(segment.seconds, 2) for segment in camera.whole} == {1.5}
    assert sum(part.independent for part in camera.whole[0].parts) == 3


def test_sound_goes_on_where_pictures_stop() -> None:
    camera = Camera().run(3)
    camera.video = False
    camera.run(5)
    assert camera.window.ends_at >= 6_000


def test_more_sound_than_time_does_not_run_away() -> None:
    camera = Camera(video=False).run(4)
    for _ in range(500):
        camera.packager.frame(AUDIO_TRACK, Frame(SOUND, key=True), 4_000, now=camera.now)
    camera.packager.flush()
    assert camera.window.ends_at <= 5_200


def test_a_picture_whose_units_do_not_add_up_is_left_out() -> None:
    camera = Camera(audio=False).run(2.0)
    camera.packager.frame(VIDEO_TRACK, Frame(b"\0\0\1\0\x65", key=False), 2_010, now=2.0)
    camera.run(4)
    camera.packager.flush()
    assert sum(len(run.sizes) for run in of_track(camera, VIDEO_TRACK)) == camera.pictures


def test_metadata_goes_out_with_the_next_part_once() -> None:
    camera = Camera().run(3)
    camera.packager.announce("Tor! ⚽")
    camera.run(3)
    tags = [body for segment in camera.whole for kind, body in boxes(segment.data) if kind == b"emsg"]
    assert len(tags) == 1
    assert mp4.id3("Tor! ⚽") in tags[0]
    assert b"https://aomedia.org/emsg/ID3" in tags[0]


def test_the_window_is_bounded_in_bytes_too() -> None:
    camera = Camera(audio=False).run(1)
    camera.packager.frame(VIDEO_TRACK, Frame(KEY_PICTURE, key=True), 1_001, now=1)
    big = (20 * 1024 * 1024).to_bytes(4, "big") + bytes(20 * 1024 * 1024)
    for number in range(1, 8):
        camera.packager.frame(VIDEO_TRACK, Frame(big, key=True), 1_000 + number * 2000, now=1 + number * 2)
    assert sum(segment.size for segment in camera.window.segments) <= BYTES_KEPT + len(big)


def test_a_clock_that_stands_still_fills_no_memory() -> None:
    camera = Camera(audio=False).run(1)
    big = (512 * 1024).to_bytes(4, "big") + bytes(512 * 1024)
    for number in range(250):
        camera.packager.frame(VIDEO_TRACK, Frame(big, key=False), 1_000, now=1 + number / 30)
    assert sum(segment.size for segment in camera.window.segments) <= BYTES_KEPT + SEGMENT_BYTES
    assert all(part.seconds > 0 for segment in camera.whole for part in segment.parts)


def test_dates_follow_the_clock_on_the_wall() -> None:
    camera = Camera().run(9)
    seconds = [(after.begins - before.begins).total_seconds() for before, after in pairwise(camera.whole)]
    assert seconds == pytest.approx([2.0, 2.0, 2.0])
