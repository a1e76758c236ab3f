"""From a recording to a video, whatever comes late, twice, at once, or not at all."""

import threading
from typing import Any

import pytest

from lambdas.features.videos import moving
from lambdas.features.videos.models import SHELF, Video
from lambdas.features.videos.moving import advance, is_settled
from tests.features.videos.cutting_room import MASTER, PREFIX, CuttingRoom

SECOND = "ivs/v1/123456789012/tEsTcHaNnEl1/2026/3/2/11/0/rEcOrDiNg002"


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "MOST", 3)


def _is_whole(room: CuttingRoom, video: Video, *, segments: int = 7) -> None:
    """All of it can be played, from its place and from nowhere else."""
    below = room.keys(video.place)
    assert {key for key in below if key.endswith(".ts")} == {f"{video.place}360p30/{n}.ts" for n in range(segments)}
    assert room.read(f"{video.place}360p30/3.ts") == b"segment 3.ts"
    assert room.read(f"{video.place}master.m3u8") == MASTER
    assert b"#EXT-X-ENDLIST" in room.read(f"{video.place}360p30/playlist.m3u8")
    posters = {f"{video.picture}-{width}.webp" for width in (640, 1280)} if video.picture else set()
    assert room.keys() == below | posters
    assert is_settled(video)
    assert room.buried() == 0


def test_a_recording_becomes_a_draft_with_all_that_is_known_of_it(room: CuttingRoom) -> None:
    room.record()
    room.tell("started")
    assert room.video().state == "recording"
    room.drain()
    room.tell("ended")
    room.drain()
    video = room.video()
    assert (video.state, video.title, video.audience) == ("draft", "An evening", "everyone")
    assert int(video.duration_ms) == 14_000
    assert [(int(mark.ms), mark.label) for mark in video.marks] == [(0, "Hello"), (65_000, "The song")]
    assert video.place.startswith(f"media/videos/{video.id}/")
    assert int(video.frames) == 3
    assert video.picture
    _is_whole(room, video)
    assert not room.press.pages


def test_it_is_published_at_once_where_the_creator_chose_so(room: CuttingRoom) -> None:
    chosen = room.ask("/studio/videos/choices", {"recordings": "published", "version": 0}, room.team())
    assert chosen.status == 200, chosen.body
    video = room.ready()
    assert video.state == "published"
    assert video.place.startswith(f"media/public/videos/{video.id}/")
    assert video.published_at == room.platform.clock()
    _is_whole(room, video)
    assert room.press.pages == {"/", "/videos/", f"/videos/{video.id}/"}


def test_one_for_members_is_never_in_public_on_its_way(room: CuttingRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.ask("/studio/videos/choices", {"recordings": "published", "version": 0}, room.team())
    seen: set[str] = set()
    advanced = moving._write

    def looked(*args: Any, **kwargs: Any) -> bool:
        seen.update(room.keys("media/public/videos/"))
        return advanced(*args, **kwargs)

    monkeypatch.setattr(moving, "_write", looked)
    video = room.ready(audience="members")
    assert video.state == "published"
    assert video.place.startswith("media/videos/")
    assert not seen


@pytest.mark.parametrize(
    "order",
    [
        ("ended", "started"),
        ("ended", "ended"),
        ("started", "started", "ended", "ended", "started"),
        ("failed", "ended"),
        ("ended", "failed"),
        ("started", "failed", "started", "ended", "failed"),
    ],
)
def test_events_in_any_order_and_told_again_are_one_video(room: CuttingRoom, order: tuple[str, ...]) -> None:
    room.record()
    for what in order:
        room.tell(what)
        room.drain()
    for what in order:
        room.tell(what)
    room.drain()
    assert len(room.videos()) == 1
    assert room.video().state == "draft"
    _is_whole(room, room.video())


def test_two_recordings_are_two_videos(room: CuttingRoom) -> None:
    room.record()
    room.record(prefix=SECOND, segments=2)
    room.tell("ended")
    room.tell("ended", prefix=SECOND)
    room.drain()
    assert room.video().id != room.video(SECOND).id
    assert {room.video().state, room.video(SECOND).state} == {"draft"}


def test_what_was_written_while_it_was_recorded_stays(room: CuttingRoom) -> None:
    room.record()
    room.tell("started")
    assert room.details(title="Named meanwhile", audience="members").status == 200
    room.tell("ended")
    room.drain()
    assert (room.video().title, room.video().audience) == ("Named meanwhile", "members")


def test_what_was_for_members_in_the_end_is_published_by_a_person_where_somebody_wrote_into_it(
    room: CuttingRoom,
) -> None:
    room.ask("/studio/videos/choices", {"recordings": "published", "version": 0}, room.team())
    room.record()
    room.tell("started", audience="everyone")
    assert room.details(title="Named meanwhile", audience="everyone").status == 200
    room.tell("ended", audience="members")
    room.drain()
    assert (room.video().state, room.video().audience) == ("draft", "everyone")


def test_a_show_that_was_renamed_and_made_one_for_members_in_the_middle_is_recorded_as_that(room: CuttingRoom) -> None:
    room.record()
    room.tell("started", title="", audience="everyone")
    told: dict[str, Any] = {"title": "What it became", "audience": "members", "tiers": ["gold"]}
    room.tell("ended", **told)
    room.tell("started", title="", audience="everyone")
    room.drain()
    video = room.video()
    assert {"title": video.title, "audience": video.audience, "tiers": list(video.tiers)} == told
    assert video.place.startswith(f"media/videos/{video.id}/")


class Killed(BaseException):
    """The function was stopped, in the middle of whatever it did."""


@pytest.mark.parametrize("after", [1, 4, 8, 13, 19, 25])
def test_a_worker_that_is_killed_anywhere_loses_nothing(
    room: CuttingRoom, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Killed after so many calls of S3, and the next one goes on from the row."""
    left = after
    media = room.services.media
    for name in ("copy", "put", "delete"):
        really = getattr(media, name)

        def counted(*args: Any, really: Any = really, **kwargs: Any) -> Any:
            nonlocal left
            if left == 0:
                left = -1
                raise Killed
            left -= left > 0
            return really(*args, **kwargs)

        monkeypatch.setattr(media, name, counted)
    room.record()
    room.tell("ended")
    with pytest.raises(Killed):
        room.drain()
    assert not is_settled(room.video())
    room.drain()
    assert room.video().state == "draft"
    _is_whole(room, room.video())


def test_a_step_that_nobody_followed_is_begun_again_within_the_hour(room: CuttingRoom) -> None:
    room.record()
    room.tell("ended")
    video = room.video()
    for _ in range(3):
        advance(video.id, int(room.video().step), room.services)
    # What the stream brings now are steps that were done: as if its records had been lost for those after.
    stale = room.video()
    room.platform.clock.forward(minutes=9)
    room.work({"prism": "schedule", "name": "videos.look-after"})
    assert room.video().step == stale.step
    room.platform.clock.forward(minutes=2)
    room.hour()
    assert room.video().state == "draft"
    _is_whole(room, room.video())


def test_two_workers_at_once_do_no_harm(room: CuttingRoom) -> None:
    room.record(segments=20)
    room.tell("ended")
    id, failures = room.video().id, []

    def work() -> None:
        try:
            while not is_settled(now := Video.get(SHELF, id, consistent_read=True)):
                advance(id, int(now.step), room.services)
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    _is_whole(room, room.video(), segments=20)


def test_a_worker_that_was_overtaken_takes_back_what_it_copied(
    room: CuttingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was to be public when its worker began to copy, and for members when that worker had copied."""
    room.ask("/studio/videos/choices", {"recordings": "published", "version": 0}, room.team())
    room.record()
    room.tell("ended")
    while room.video().phase != "segments" or room.video().wanted_picture:
        advance(room.video().id, int(room.video().step), room.services)
    began = room.video()
    assert began.to.startswith("media/public/")
    really = moving._take_along
    done: list[list[str]] = []

    def overtaken(*args: Any, **kwargs: Any) -> list[str]:
        copied = really(*args, **kwargs)
        if not done:
            done.append(copied)
            assert room.details(audience="members").status == 200
            room.drain()
        return copied

    monkeypatch.setattr(moving, "_take_along", overtaken)
    advance(began.id, int(began.step), room.services)
    assert done[0]
    video = room.video()
    assert (video.state, video.audience) == ("published", "members")
    assert not room.keys("media/public/videos/")
    _is_whole(room, video)


def test_a_recording_that_never_ended_is_said_after_a_day_and_can_be_finished(room: CuttingRoom) -> None:
    room.record(ended=False, endlist=False)
    room.tell("started")
    room.drain()
    team = room.team()
    early = room.put_state("finished", cookies=team)
    assert (early.status, early.json["code"]) == (409, "video_not_now")
    assert room.put_state("deleted", cookies=team).status == 409
    room.platform.clock.forward(hours=24)
    team = room.team()
    page = room.platform.call("GET", f"/studio/videos/{room.video().id}/", cookies=team)
    assert "This recording never got an end" in page.body
    assert room.put_state("finished", cookies=team).status == 200
    room.drain()
    assert room.video().state == "draft"
    assert int(room.video().duration_ms) == 14_000
    _is_whole(room, room.video())


def test_one_without_anything_to_play_says_so(room: CuttingRoom) -> None:
    room.put(f"{PREFIX}/events/recording-started.json", b"{}")
    room.tell("ended")
    room.drain()
    assert (room.video().state, room.video().why_failed) == ("failed", "nothing_there")
    page = room.platform.call("GET", f"/studio/videos/{room.video().id}/", cookies=room.team())
    assert "There is nothing in it that could be played." in page.body


def test_one_that_never_began_is_no_video(room: CuttingRoom) -> None:
    room.tell("failed", prefix="")
    assert not room.videos()


def test_a_prefix_that_is_no_recordings_is_refused(room: CuttingRoom) -> None:
    for prefix in ("media/public/people", "ivs/v1/", "ivs/v1/../../media/public", "/"):
        with pytest.raises(ValueError, match="prefix"):
            room.tell("ended", prefix=prefix)
    assert not room.videos()


def test_a_broken_end_file_is_no_reason_to_fail(room: CuttingRoom) -> None:
    room.record()
    room.put(f"{PREFIX}/events/recording-ended.json", b"{not json")
    room.tell("ended", duration_ms=0)
    room.drain()
    assert room.video().state == "draft"
    assert int(room.video().duration_ms) == 14_000


def test_a_frame_that_is_no_picture_leaves_the_video_without_one(room: CuttingRoom) -> None:
    room.record(thumbs=1)
    room.put(f"{PREFIX}/media/thumbnails/thumb0.jpg", b"\xff\xd8\xff no picture at all")
    room.tell("ended")
    room.drain()
    video = room.video()
    assert (video.state, video.picture, video.picture_fault) == ("draft", "", True)
    _is_whole(room, video)


def test_of_many_frames_twelve_are_offered_over_the_whole_of_it(room: CuttingRoom) -> None:
    room.record(thumbs=40)
    room.tell("ended")
    room.drain()
    video = room.video()
    assert int(video.frames) == 12
    assert len(room.keys(f"{video.place}frames/")) == 12
    assert room.read(f"{video.place}frames/0.jpg") != room.read(f"{video.place}frames/11.jpg")
