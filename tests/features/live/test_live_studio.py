"""The desk of live and its shows, as the team uses them: with forms, without scripts."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from lambdas.core.entitlements import MEMBERSHIP
from lambdas.features.live.models import CANCELLED, ENDED, LIVE, SCHEDULED, Show
from lambdas.platform import entitlements
from lambdas.platform.audit import AuditEntry
from lambdas.platform.broadcast import broadcast
from lambdas.platform.ivs import Channel, Health
from lambdas.platform.people import Person
from tests.features.live.live_platform import Live
from tests.people import a_person
from tests.platform_under_test import Answer

DESK = "/studio/live/"
SHOWS = "/studio/live/shows/"


@pytest.fixture
def owner(live: Live) -> Person:
    return a_person(live.platform, name="Olga Owner", role="owner")


def see(live: Live, who: Person, path: str, query: str = "") -> Answer:
    return live.platform.call("GET", path, query=query, cookies=live.platform.sign_in(who.id))


def send(live: Live, who: Person, path: str, **fields: Any) -> Answer:
    """As a browser without JavaScript does."""
    return live.platform.call("POST", path, form=urlencode(fields), cookies=live.platform.sign_in(who.id))


def program(live: Live, who: Person, path: str, **fields: Any) -> Answer:
    return live.platform.call("POST", path, json_body=fields, cookies=live.platform.sign_in(who.id))


def planned(live: Live, who: Person, **fields: Any) -> str:
    sent = {"title": "Thursday", "starts_at": "2026-03-05T20:00", "minutes": 90} | fields
    answer = program(live, who, f"{SHOWS}new/", **sent)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def logged() -> list[str]:
    return sorted(entry.action for entry in AuditEntry.scan())


def everything_kept(live: Live) -> str:
    return live.platform.log.getvalue() + json.dumps([row.to_simple_dict() for row in AuditEntry.scan()], default=str)


def test_a_key_is_in_no_page_until_it_is_asked_for_and_in_no_log_ever(live: Live, owner: Person) -> None:
    assert live.channel.key not in see(live, owner, DESK).body
    shown = send(live, owner, "/studio/live/key")
    assert (shown.status, shown.headers["cache-control"]) == (200, "no-store")
    assert live.channel.key in shown.body
    assert logged() == ["live.key.revealed"]
    assert live.channel.key not in everything_kept(live)
    assert see(live, owner, "/studio/live/key").headers["location"] == DESK


@pytest.mark.parametrize("role", ["editor", "moderator"])
def test_who_may_not_have_the_key_sees_neither_it_nor_its_button(live: Live, role: str) -> None:
    person = a_person(live.platform, role=role)
    page = see(live, person, DESK)
    assert page.status == 200
    assert not any(
        word in page.body for word in ("/studio/live/key", live.channel.key, live.channel.ingest, "/studio/live/stop")
    )
    assert send(live, person, "/studio/live/key").status == 403
    assert send(live, person, "/studio/live/key/rotate").status == 403
    assert logged() == []


def test_a_new_key_ends_the_old_one_and_is_noted_without_it(live: Live, owner: Person) -> None:
    before = live.channel.key
    assert send(live, owner, "/studio/live/key/rotate").headers["location"] == f"{DESK}?done=rotated"
    assert live.channel.key != before
    assert logged() == ["live.key.rotated"]
    assert before not in everything_kept(live)
    assert live.channel.key not in everything_kept(live)


def test_of_two_who_make_a_new_key_at_once_one_is_told(live: Live, owner: Person) -> None:
    def somebody_else() -> None:
        live.channel.key += "_of_somebody_else"

    live.channel.meanwhile = somebody_else
    answer = program(live, owner, "/studio/live/key/rotate")
    assert (answer.status, answer.json["code"]) == (409, "stream_key_changed")
    page = send(live, owner, "/studio/live/key/rotate")
    assert (page.status, "Someone else has just made a new key" in page.body) == (409, True)


def test_what_the_next_show_is_called_is_what_a_stream_becomes(live: Live, owner: Person) -> None:
    sent = {
        "version": 0,
        "title": "Night <shift>",
        "audience": "signed-in",
        "description": "*Late*",
        "category": "Talk",
    }
    assert send(live, owner, "/studio/live/next", **sent).status == 303
    assert (broadcast().title, broadcast().audience) == ("Night <shift>", "signed-in")
    live.start()
    (show,) = Show.scan()
    assert (show.title, show.audience, show.category) == ("Night <shift>", "signed-in", "Talk")
    page = see(live, owner, DESK)
    assert "Night &lt;shift&gt;" in page.body


def test_two_who_save_the_next_show_at_once_see_each_other(live: Live, owner: Person) -> None:
    assert send(live, owner, "/studio/live/next", version=0, title="First", audience="everyone").status == 303
    late = send(live, owner, "/studio/live/next", version=0, title="Second", audience="everyone")
    assert late.status == 412
    assert "First" in late.body
    assert "Second" in late.body
    with ThreadPoolExecutor(max_workers=4) as several:
        answers = list(
            several.map(lambda n: program(live, owner, "/studio/live/next", version=1, title=f"T{n}"), range(4))
        )
    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]


def test_a_show_is_planned_where_the_creator_lives(live: Live, owner: Person) -> None:
    id = planned(live, owner)
    show = Show.get(id)
    # Berlin is an hour ahead in winter.
    assert show.starts_at == datetime(2026, 3, 5, 19, tzinfo=UTC)
    assert show.state == SCHEDULED
    for path in (DESK, SHOWS, f"{SHOWS}{id}/"):
        assert "Thursday" in see(live, owner, path).body, path
    assert 'value="2026-03-05T20:00"' in see(live, owner, f"{SHOWS}{id}/").body


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        ("2026-03-29T02:30", "skipped"),
        ("2026-02-27T20:00", "over"),
        ("2029-01-01T20:00", "too_far"),
        ("tomorrow", "no_time"),
        ("", "missing"),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(
    live: Live, owner: Person, starts_at: str, code: str
) -> None:
    fields = {"title": "X", "starts_at": starts_at, "audience": "everyone"}
    answer = program(live, owner, f"{SHOWS}new/", **fields)
    assert [(one["path"], one["code"]) for one in answer.json["errors"]] == [("starts_at", code)]
    page = send(live, owner, f"{SHOWS}new/", **fields)
    assert (page.status, 'id="starts_at-error"' in page.body) == (422, True)


def test_a_show_is_moved_renamed_and_called_off_by_whom_has_seen_it(live: Live, owner: Person) -> None:
    id = planned(live, owner)
    path = f"{SHOWS}{id}/"
    moved = {"title": "Friday", "starts_at": "2026-03-06T20:00", "minutes": "", "audience": "members", "tiers": "gold"}
    assert send(live, owner, path, version=1, **moved).status == 303
    late = send(live, owner, path, version=1, title="Other", starts_at="2026-03-07T20:00", audience="everyone")
    assert late.status == 412
    assert "Friday" in late.body
    assert send(live, owner, f"{path}cancel", version=1).status == 412
    assert send(live, owner, f"{path}cancel", version=2).status == 303
    show = Show.get(id)
    assert (show.state, show.title, list(show.tiers)) == (CANCELLED, "Friday", ["gold"])
    assert program(live, owner, path, version=3, title="Back").json["code"] == "show_over"
    assert logged() == ["live.show.called_off", "live.show.changed", "live.show.planned"]


def test_a_show_that_is_due_takes_the_stream_and_is_not_called_off_any_more(live: Live, owner: Person) -> None:
    id = planned(live, owner, starts_at="2026-03-01T13:30")
    live.platform.clock.forward(minutes=15)
    live.start()
    assert (Show.get(id).state, broadcast().show_id) == (LIVE, id)
    assert program(live, owner, f"{SHOWS}{id}/cancel", version=1).json["code"] == "show_begun"


def test_what_began_without_a_title_is_changed_without_one_and_what_is_announced_is_not(
    live: Live, owner: Person
) -> None:
    id = planned(live, owner)
    missing = program(live, owner, f"{SHOWS}{id}/", version=1, title="", starts_at="2026-03-05T20:00")
    assert (missing.status, missing.json["errors"][0]["path"]) == (422, "title")
    live.start()
    show = next(one for one in Show.scan() if one.id != id)
    assert (show.state, show.title) == (LIVE, "")
    assert send(live, owner, f"{SHOWS}{show.id}/", version=1, title="", audience="members").status == 303
    assert Show.get(show.id).audience == "members"


def test_only_so_many_are_planned(live: Live, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdas.features.live.shows.MOST_PLANNED", 2)
    planned(live, owner)
    planned(live, owner)
    answer = program(live, owner, f"{SHOWS}new/", title="Third", starts_at="2026-03-05T20:00")
    assert (answer.status, answer.json["code"]) == (409, "plan_full")


def test_what_nobody_streamed_is_put_away_after_its_time(live: Live, owner: Person) -> None:
    id = planned(live, owner, starts_at="2026-03-01T14:00", minutes=30)
    for minutes, state in ((60, SCHEDULED), (45, CANCELLED)):
        live.platform.clock.forward(minutes=minutes)
        live.worker.handle({"prism": "schedule", "name": "live.sweep"})
        assert Show.get(id).state == state
    assert "Did not take place" in see(live, owner, SHOWS).body


def test_a_moment_is_marked_while_something_is_on(live: Live, owner: Person) -> None:
    nothing = send(live, owner, "/studio/live/markers", label="Intro")
    assert nothing.status == 409
    live.start()
    live.platform.clock.forward(minutes=3)
    assert send(live, owner, "/studio/live/markers", label="The song").status == 303
    (show,) = Show.scan()
    assert [(one.at, one.label) for one in show.markers] == [(live.platform.clock(), "The song")]
    assert "The song" in see(live, owner, DESK).body


def test_two_who_mark_at_once_both_do(live: Live, owner: Person) -> None:
    live.start()
    with ThreadPoolExecutor(max_workers=4) as several:
        answers = list(several.map(lambda n: program(live, owner, "/studio/live/markers", label=f"m{n}"), range(4)))
    assert [answer.status for answer in answers] == [200] * 4
    (show,) = Show.scan()
    assert sorted(one.label for one in show.markers) == ["m0", "m1", "m2", "m3"]


def test_ending_a_show_ends_it_though_the_program_tries_again(live: Live, owner: Person) -> None:
    live.start()
    live.platform.clock.forward(minutes=5)
    assert send(live, owner, "/studio/live/end").headers["location"] == f"{DESK}?done=ended"
    assert live.channel.stopped == 1
    (show,) = Show.scan()
    assert (show.state, show.ended_at) == (ENDED, live.platform.clock())
    live.platform.clock.forward(seconds=10)
    live.start("st-2")
    assert broadcast().on_air is False
    assert "nobody sees" in see(live, owner, DESK).body
    live.stop("st-2")
    live.platform.clock.forward(minutes=2)
    live.start("st-3")
    assert broadcast().show_id != show.id
    assert program(live, owner, "/studio/live/end").status == 200
    assert program(live, owner, "/studio/live/end").json["code"] == "nothing_on"


def test_a_stream_that_nobody_told_of_is_found_by_who_looks(live: Live, owner: Person) -> None:
    now = live.platform.clock()
    live.channel.stream = Health(stream_id="st-1", started_at=now, starving=True, viewers=7)
    numbers = see(live, owner, "/studio/live/numbers").json
    assert (numbers["word"], numbers["viewers"], numbers["since"]) == ("starving", 7, now.isoformat())
    assert broadcast().stream_id == "st-1"


def test_the_desk_is_there_while_ivs_is_not(live: Live, owner: Person) -> None:
    vars(live.platform.services)["channel"] = Channel(arn=live.channel.arn, playback="", ingest="rtmps://x/")
    page = see(live, owner, DESK)
    assert page.status == 200
    assert "does not answer" in page.body


def test_links_elsewhere_are_addresses_and_nothing_else(live: Live, owner: Person) -> None:
    bad = send(live, owner, "/studio/live/links", version=0, label_0="Tube", url_0="javascript:alert(1)")
    assert bad.status == 422
    assert "Write a whole address" in bad.body
    good = {"label_0": "Tube", "url_0": "https://tube.example/k", "label_1": "", "url_1": ""}
    assert send(live, owner, "/studio/live/links", version=0, **good).status == 303
    assert send(live, owner, "/studio/live/links", version=0, **good).status == 412
    assert "https://tube.example/k" in see(live, owner, DESK).body


def _a_picture(width: int = 2000, height: int = 2000) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (width, height), "#6A0DAD").save(buffer, "JPEG")
    return buffer.getvalue()


def _upload(live: Live, who: Person, id: str, content: bytes) -> Answer:
    boundary = "----a-boundary"
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="c.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return live.platform.call(
        "POST",
        f"{SHOWS}{id}/cover",
        body=body,
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
        cookies=live.platform.sign_in(who.id),
    )


def test_a_cover_is_cut_sixteen_to_nine_in_two_widths_and_goes_with_all_of_it(live: Live, owner: Person) -> None:
    id = planned(live, owner)
    before = Show.get(id)
    assert _upload(live, owner, id, b"GIF87a no picture").status == 303
    live.follow("live-shows", before, Show.get(id))
    assert Show.get(id).upload_fault == "no_picture"
    assert _upload(live, owner, id, b"nonsense").status == 422
    before = Show.get(id)
    assert _upload(live, owner, id, _a_picture()).status == 303
    uploaded = Show.get(id)
    live.follow("live-shows", before, uploaded)
    show = Show.get(id)
    media = live.platform.services.media
    sizes = [
        Image.open(BytesIO(media.read(f"{show.cover}-{n}.webp".removeprefix("/")) or b"")).size for n in (640, 1280)
    ]
    assert sizes == [(640, 360), (1280, 720)]
    live.follow("live-shows", before, uploaded)
    assert Show.get(id).cover == show.cover, "told twice"
    assert f"{show.cover}-640.webp" in see(live, owner, f"{SHOWS}{id}/").body
    assert send(live, owner, f"{SHOWS}{id}/cover/remove").status == 303
    live.follow("live-shows", show, Show.get(id))
    assert media.keys_below("media/public/live/covers/") == []


@pytest.mark.parametrize("id", ["nothing", "shw_00000000000000000000000000", "%2e%2e", "x" * 300])
def test_what_nobody_has_is_not_found(live: Live, owner: Person, id: str) -> None:
    for path in (f"{SHOWS}{id}/", f"/studio/live/sessions/{id}/"):
        assert see(live, owner, path).status == 404, path
    for path, fields in (
        (f"{SHOWS}{id}/", {"title": "x", "version": 1}),
        (f"{SHOWS}{id}/cancel", {"version": 1}),
        (f"{SHOWS}{id}/cover/remove", {}),
    ):
        assert program(live, owner, path, **fields).status == 404, path


def test_how_a_stream_went_is_drawn_and_said(live: Live, owner: Person) -> None:
    live.start(viewers=5)
    live.hear(
        live.event("IVS Stream Health Change", live.at(minutes=1), event_name="Starvation Start", stream_id="st-1")
    )
    live.hear(live.event("IVS Stream Health Change", live.at(minutes=2), event_name="Starvation End", stream_id="st-1"))
    for _ in range(3):
        live.watch(minutes=1)
    assert "polyline" in see(live, owner, DESK).body
    live.stop()
    live.watch(minutes=2)
    assert "/studio/live/sessions/st-1/" in see(live, owner, "/studio/live/sessions/").body
    page = see(live, owner, "/studio/live/sessions/st-1/").body
    assert "polyline" in page
    assert "1 min" in page
    assert "<strong>5</strong>" in page


@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_screen_is_there_in_every_language_while_empty_and_while_on(live: Live, locale: str) -> None:
    person = a_person(live.platform, role="owner", locale=locale)
    screens = [DESK, SHOWS, f"{SHOWS}new/", "/studio/live/sessions/", "/studio/", "/studio/search/"]
    assert {path: see(live, person, path).status for path in screens} == dict.fromkeys(screens, 200)
    id = planned(live, person, audience="members")
    live.start(viewers=2)
    live.watch(minutes=1)
    screens += [f"{SHOWS}{id}/", "/studio/live/sessions/st-1/"]
    assert {path: see(live, person, path).status for path in screens} == dict.fromkeys(screens, 200)
    assert "Thursday" in see(live, person, "/studio/search/", query="q=thursday").body


def test_a_narrower_audience_reaches_what_is_on_at_once(live: Live, owner: Person) -> None:
    live.start()
    (show,) = Show.scan()
    assert send(live, owner, f"{SHOWS}{show.id}/", version=1, title="Now for members", audience="members").status == 303
    row = broadcast()
    assert (row.audience, row.title, row.stream_id) == ("members", "Now for members", "st-1")
    fan = a_person(live.platform)
    asked = live.platform.call("POST", "/api/live/playback", json_body={}, cookies=live.platform.sign_in(fan.id))
    assert (asked.status, asked.json["code"]) == (403, "members_only")
    now = live.platform.clock()
    entitlements.given(fan.id, kind=MEMBERSHIP, of="*", source="test", since=now, until=None).save()
    assert (
        live.platform.call("POST", "/api/live/playback", json_body={}, cookies=live.platform.sign_in(fan.id)).status
        == 200
    )
