"""What the team does with videos, and what everyone sees of it."""

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from lambdas.core.errors import NotFound
from lambdas.features.videos.inputs import chapters, written
from lambdas.features.videos.intake import chapters_of
from lambdas.features.videos.news import news, searches, steps
from lambdas.platform.audit import AuditEntry
from tests.features.videos.cutting_room import CuttingRoom, a_jpeg
from tests.platform_under_test import Answer


def _entries(room: CuttingRoom) -> list[tuple[str, Any, Any]]:
    rows = AuditEntry.query(f"{room.platform.clock():%Y-%m}")
    return [(row.action, json.loads(row.before), json.loads(row.after)) for row in rows]


def _screen(room: CuttingRoom, path: str = "", query: str = "", role: str = "editor") -> Answer:
    return room.platform.call("GET", f"/studio/videos/{path}", cookies=room.team(role), query=query)


def _page(room: CuttingRoom, path: str, locale: Any = "en") -> str:
    return room.services.renderer().page(path, locale)


def _published(room: CuttingRoom, **told: Any) -> str:
    room.ready(**told)
    assert room.put_state("published").status == 200
    room.drain()
    return str(room.video().id)


def test_what_is_said_of_a_video_is_saved_and_noted(room: CuttingRoom) -> None:
    room.ready()
    saved = room.details(
        title="A better name", description="**All** of it.", chapters="0:00 Hello\n1:02:03 - The encore"
    )
    assert saved.status == 200, saved.body
    video = room.video()
    assert (video.title, video.description, int(video.version)) == ("A better name", "**All** of it.", 2)
    assert [(int(mark.ms), mark.label) for mark in video.marks] == [(0, "Hello"), (3_723_000, "The encore")]
    action, before, after = _entries(room)[-1]
    assert (action, before["title"], after["title"]) == ("videos.video.described", "An evening", "A better name")
    assert "audience" not in after


def test_who_saves_second_is_told_and_nothing_is_lost(room: CuttingRoom) -> None:
    room.ready()
    assert room.details(title="First").status == 200
    second = room.details(title="Second", version=1)
    assert (second.status, second.json["code"]) == (412, "changed_meanwhile")
    assert room.video().title == "First"
    form = "title=Second&description=&audience=members&chapters=&version=1"
    page = room.platform.call("POST", f"/studio/videos/{room.video().id}/details", form=form, cookies=room.team())
    assert page.status == 412
    assert 'value="Second"' in page.body
    assert "has changed this video" in page.body
    assert 'name="version" value="2"' in page.body


def test_what_the_worker_does_meanwhile_is_in_nobodys_way(room: CuttingRoom) -> None:
    room.record()
    room.tell("ended")
    version = int(room.video().version)
    assert room.details(title="While it is prepared", version=version).status == 200
    assert room.put_state("published").status == 200
    room.drain()
    assert (room.video().state, room.video().title) == ("published", "While it is prepared")
    assert room.video().place.startswith("media/public/")


@pytest.mark.parametrize(
    "text",
    ["nonsense", "1:2 short", "0:60 no such second", "1:60:00 no such minute", "0:00", "0:10 " + "x" * 81],
)
def test_a_line_that_is_no_chapter_is_named(room: CuttingRoom, text: str) -> None:
    room.ready()
    refused = room.details(chapters=f"0:00 Fine\n{text}")
    assert refused.status == 422
    assert refused.json["errors"][0]["path"] == "chapters"
    assert refused.json["errors"][0]["code"] == "chapter_line"
    form = "title=&description=&audience=everyone&chapters=nonsense&version=1"
    page = room.platform.call("POST", f"/studio/videos/{room.video().id}/details", form=form, cookies=room.team())
    assert "Write each chapter on a line of its own" in page.body
    assert "nonsense" in page.body


def test_chapters_are_written_as_they_are_read() -> None:
    marks = chapters_of(
        [{"at_ms": 65_000, "label": "Song"}, {"at_ms": 0, "label": " Hello \n you"}, {"at_ms": 5, "label": " "}]
    )
    assert written(tuple(marks)) == "0:00 Hello you\n1:05 Song"
    assert chapters(written(tuple(marks))) == [(0, "Hello you"), (65_000, "Song")]


def test_states_lead_where_they_should_and_twice_is_once(room: CuttingRoom) -> None:
    room.ready()
    team = room.team()
    assert room.put_state("finished", cookies=team).status == 409
    for wanted in ("published", "draft", "deleted"):
        version = int(room.video().version)
        assert room.put_state(wanted, cookies=team).json["state"] == wanted
        assert room.put_state(wanted, cookies=team, version=version).status == 200
        room.drain()
        assert int(room.video().version) == version + 1
    assert [action for action, _, _ in _entries(room)] == [
        "videos.video.published",
        "videos.video.draft",
        "videos.video.deleted",
    ]


def test_a_thumbnail_is_chosen_from_the_recording_or_uploaded(room: CuttingRoom) -> None:
    room.ready()
    first = room.video().picture
    team = room.team()
    chosen = room.ask(f"/studio/videos/{room.video().id}/frame", {"frame": 0, "version": 1}, team)
    assert chosen.status == 200, chosen.body
    room.drain()
    second = room.video().picture
    assert second != first
    assert room.keys("media/public/posters/") == {f"{second}-640.webp", f"{second}-1280.webp"}
    assert f"/{first}-640.webp" in room.press.forgotten
    sent = _upload(room, a_jpeg(size=(3000, 3000)), version=2)
    assert sent.status == 303, sent.body
    room.drain()
    made = Image.open(BytesIO(room.read(f"{room.video().picture}-1280.webp")))
    assert (made.format, made.size) == ("WEBP", (1280, 720))
    assert Image.open(BytesIO(room.read(f"{room.video().picture}-640.webp"))).size == (640, 360)


def test_an_upload_that_is_no_picture_is_said_and_the_one_before_stays(room: CuttingRoom) -> None:
    room.ready()
    before = room.video().picture
    refused = _upload(room, b"<svg onload=alert(1)>", version=1)
    assert refused.status == 422
    assert "This file is no picture that can be used" in refused.body
    assert _upload(room, b"\xff\xd8\xff and then nonsense", version=1).status == 303
    room.drain()
    assert (room.video().picture, room.video().picture_fault) == (before, True)
    assert "The last picture could not be used" in _screen(room, f"{room.video().id}/").body


def _upload(room: CuttingRoom, content: bytes, *, version: int) -> Answer:
    boundary = "a-boundary"
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="version"\r\n\r\n{version}\r\n'.encode()
        + f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="p.jpg"\r\n'.encode()
        + b"Content-Type: image/jpeg\r\n\r\n"
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return room.platform.call(
        "POST",
        f"/studio/videos/{room.video().id}/picture",
        body=parts,
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
        cookies=room.team(),
    )


def test_the_studio_lists_filters_and_finds(room: CuttingRoom) -> None:
    empty = _screen(room)
    assert "No videos yet" in empty.body
    room.ready()
    assert "An evening" in _screen(room).body
    assert "An evening" in _screen(room, query="state=draft").body
    assert "Nothing published" in _screen(room, query="state=published").body
    assert "An evening" in _screen(room, query="q=EVEN song").body
    assert "Nothing found" in _screen(room, query="q=morning").body
    assert _screen(room, query="state=%3Cb%3E&page=99999&q=%00").status == 200
    assert 'name="recordings"' not in _screen(room, role="moderator").body


def test_who_may_look_but_not_write_sees_no_button_and_changes_nothing(room: CuttingRoom) -> None:
    room.ready()
    page = _screen(room, f"{room.video().id}/", role="moderator")
    assert page.status == 200
    assert 'method="post" action="/studio/videos/' not in page.body
    assert room.put_state("published", cookies=room.team("moderator")).status == 403
    assert room.details(title="x", cookies=room.team("support")).status == 403
    assert _screen(room, role="support").status == 403


def test_the_page_of_a_draft_lends_the_cookies_that_its_frames_need(room: CuttingRoom) -> None:
    room.ready()
    page = _screen(room, f"{room.video().id}/")
    assert f"/{room.video().place}frames/2.jpg" in page.body
    assert sum(cookie.startswith("CloudFront-") for cookie in page.cookies) == 3


def test_a_choice_is_made_once_and_the_second_is_told(room: CuttingRoom) -> None:
    team = room.team()
    assert room.ask("/studio/videos/choices", {"recordings": "published", "version": 0}, team).json["version"] == 1
    late = room.ask("/studio/videos/choices", {"recordings": "draft", "version": 0}, team)
    assert late.status == 412
    assert room.ask("/studio/videos/choices", {"recordings": "draft", "version": 1}, team).json["version"] == 2
    assert "That holds" not in _screen(room).body


def test_the_overview_and_the_search_know_of_drafts(room: CuttingRoom) -> None:
    room.ready()
    visit: Any = type("Looks", (), {"standing": type("S", (), {"permissions": {"videos.read"}})()})()
    (told,) = news(visit, None)
    assert (told.count, told.new, told.lines[0].title) == (1, 1, "An evening")
    assert steps(visit)
    assert [found.title for found in searches(visit, "evening")] == ["An evening"]
    visit.standing.permissions = set()
    assert (news(visit, None), steps(visit), searches(visit, "evening")) == ((), (), ())


def test_everyone_sees_what_is_published_and_nothing_else(room: CuttingRoom) -> None:
    assert "Nothing to watch yet" in _page(room, "/videos/")
    room.ready()
    id = room.video().id
    with pytest.raises(NotFound):
        _page(room, f"/videos/{id}/")
    assert "An evening" not in _page(room, "/videos/")
    assert "Newest videos" not in _page(room, "/")
    room.put_state("published")
    room.drain()
    listed, home, german = _page(room, "/videos/"), _page(room, "/"), _page(room, "/videos/", "de")
    for page in (listed, home):
        assert "An evening" in page
        assert "0:14" in page
    assert f'href="/de/videos/{id}/"' in german
    assert "Members" not in listed


def test_a_public_page_plays_without_a_script_and_tells_search_engines(room: CuttingRoom) -> None:
    id = _published(room)
    page = _page(room, f"/videos/{id}/")
    assert f'src="{room.video().master}"' in page
    told = json.loads(page.partition('<script type="application/ld+json">')[2].partition("</script>")[0])
    assert (told["@type"], told["name"], told["duration"]) == ("VideoObject", "An evening", "PT14S")
    assert told["contentUrl"].endswith(room.video().master)
    assert "The song" in page
    assert 'href="#t=65"' in page


def test_a_page_for_members_says_so_and_gives_nothing_away(room: CuttingRoom) -> None:
    id = _published(room, audience="members")
    page, listed = _page(room, f"/videos/{id}/"), _page(room, "/videos/")
    assert "Members" in listed
    assert "Members" in page
    assert "m3u8" not in page
    assert room.video().place not in page
    assert "application/ld+json" not in page
    assert room.video().picture in page


def test_what_people_write_is_text_on_every_page(room: CuttingRoom) -> None:
    evil = "</script><script>alert(1)</script>'\""
    id = _published(room)
    assert room.details(title=evil, description=evil, chapters=f"0:00 {evil}").status == 200
    for page in (
        _page(room, f"/videos/{id}/"),
        _page(room, "/videos/"),
        _page(room, "/"),
        _screen(room).body,
        _screen(room, f"{id}/").body,
    ):
        assert "<script>alert" not in page
        assert 'data-chapters=\'[{"at"' in page or "data-chapters" not in page


def test_a_show_without_a_name_is_called_by_its_day(room: CuttingRoom) -> None:
    id = _published(room, title="")
    assert "Show of" in _page(room, f"/videos/{id}/")
    assert "Sendung vom" in _page(room, f"/videos/{id}/", "de")
