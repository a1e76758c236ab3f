"""What everybody is told of the moment: the state file, the pages' context, and calendars."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.feature import PageContext
from lambdas.features.live import pages, state
from lambdas.features.live.calendar import calendar
from lambdas.features.live.ledger import settle, standing
from lambdas.features.live.models import SCHEDULED, Show
from lambdas.features.live.reckoning import Planned
from lambdas.features.live.state import STATE_FILE, publish_state
from lambdas.platform.publishing import Published, Publisher
from lambdas.platform.storage import MediaBucket
from tests.features.live.live_platform import Live
from tests.platform_under_test import START


def told(live: Live) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live.platform.services.media.read(STATE_FILE) or b"null")
    return found


def plan(live: Live, *, minutes: float, title: str = "Planned", **fields: Any) -> str:
    starts = live.at(minutes=minutes)
    id = f"shw_{title.upper()}"

    def work(desk: Any) -> None:
        desk.add(Show(id, at=starts, state=SCHEDULED, title=title, starts_at=starts, **fields))
        desk.books = desk.books.with_plan(Planned(id, starts, 0, since=live.at(minutes=-5)))

    settle(live.platform.services, work)
    return id


def publish(live: Live) -> dict[str, Any]:
    with live.platform.in_the_role_of("worker"):
        publish_state(live.platform.services)
    return told(live)


def test_before_anything_was_ever_on(live: Live) -> None:
    assert publish(live) == {
        "state": "offline",
        "show": None,
        "viewers": None,
        "since": None,
        "next": None,
        "last": None,
        "chat": any(feature.name == "chat" for feature in live.platform.services.features),
        "version": 0,
    }


def test_it_is_there_from_the_first_publishing_on(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    # The site has no bucket here: what counts is that its pages find the file when they come.
    def pages(publisher: Publisher) -> Published:
        seen.append(told(live))
        return Published(written=frozenset(), removed=frozenset())

    monkeypatch.setattr(Publisher, "publish_all", pages)
    for _ in range(2):
        with live.platform.in_the_role_of("worker"):
            live.worker.handle({"prism": "publish"})
    assert [one["state"] for one in seen] == ["offline", "offline"]
    assert told(live)["version"] == 0


def test_it_follows_what_happens(live: Live) -> None:
    id = plan(live, minutes=50, description="*Hello*", category="Music")
    said = publish(live)
    assert (said["state"], said["next"]["id"], said["show"]) == ("upcoming", id, None)
    live.start(viewers=4)
    live.follow_the_air()
    said = told(live)
    assert (said["state"], said["show"]["title"], said["since"]) == ("live", "Planned", live.at().isoformat())
    assert (said["show"]["description"], said["show"]["audience"], said["next"]) == ("*Hello*", "everyone", None)
    live.watch(minutes=1)
    assert told(live)["viewers"] == 4
    live.stop()
    live.follow_the_air()
    assert (told(live)["state"], told(live)["viewers"]) == ("reconnecting", None)
    live.watch(minutes=2)
    said = told(live)
    assert (said["state"], said["show"]) == ("offline", None)
    assert said["last"] == {"id": id, "title": "Planned", "ended_at": live.at(minutes=1).isoformat(), "video": None}


def test_versions_only_grow(live: Live) -> None:
    seen = [publish(live)["version"]]
    live.start()
    seen.append(publish(live)["version"])
    live.stop()
    seen.append(publish(live)["version"])
    live.start("st-2")
    seen.append(publish(live)["version"])
    live.watch(minutes=1)
    seen.append(publish(live)["version"])
    assert seen[:4] == sorted(set(seen[:4])), "each changes what is told"
    assert seen[4] >= seen[3]


def test_who_read_before_and_writes_after_leaves_no_older_one(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower of two workers has read the older state, and its write comes last."""
    live.start()
    really = MediaBucket.put
    slow: list[str] = []

    def put(bucket: MediaBucket, key: str, content: bytes, **options: Any) -> None:
        if not slow:
            slow.append(json.loads(content)["state"])
            live.stop()
            publish_state(live.platform.services)
            assert told(live)["state"] == "reconnecting"
        really(bucket, key, content, **options)

    monkeypatch.setattr(MediaBucket, "put", put)
    publish_state(live.platform.services)
    assert slow == ["live"]
    assert told(live)["state"] == "reconnecting"
    assert told(live)["version"] == standing(live.platform.services).version


def test_what_is_older_than_what_lies_there_is_not_written(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.start()
    publish_state(live.platform.services)
    before, really = standing(live.platform.services), standing
    live.stop()
    publish_state(live.platform.services)
    newest, looks = told(live), [before]
    monkeypatch.setattr(state, "standing", lambda services: looks.pop() if looks else really(services))
    written: list[bytes] = []
    monkeypatch.setattr(MediaBucket, "put", lambda bucket, key, content, **options: written.append(content))
    publish_state(live.platform.services)
    assert (written, told(live)) == ([], newest)


def test_many_workers_at_once_end_with_what_is_stored(live: Live) -> None:
    live.start()

    def one(number: int) -> None:
        settle(live.platform.services, lambda desk: setattr(desk, "books", desk.books._replace(viewers=number)))
        publish_state(live.platform.services)

    with ThreadPoolExecutor(max_workers=4) as several:
        list(several.map(one, range(8)))
    how = standing(live.platform.services)
    assert (told(live)["version"], told(live)["viewers"]) == (how.version, how.books.viewers)


def test_tables_that_were_brought_back_from_an_earlier_day_are_told_again(live: Live) -> None:
    live.platform.services.media.put(
        STATE_FILE, b'{"version":9999}', content_type="application/json", cache_control="no-store"
    )
    live.start()
    assert publish(live)["state"] == "live"


def _context(live: Live, **parameters: str) -> PageContext:
    services = live.platform.services
    return PageContext(creator=services.creator, features=services.features, locale="en", parameters=parameters)


def test_pages_show_what_is_stored(live: Live) -> None:
    later, sooner = plan(live, minutes=300, title="Later"), plan(live, minutes=200, title="Sooner")
    given_to_pages = pages.live(_context(live))
    assert [show["id"] for show in given_to_pages["upcoming"]] == [sooner, later]
    assert given_to_pages["upcoming"][0]["starts_at"] == live.at(minutes=200)
    assert given_to_pages["upcoming"][0]["calendar"] == f"/live/{sooner}.ics"
    assert given_to_pages["state"]["state"] == "upcoming"
    assert [one["show"] for one in pages.planned(_context(live))] == [sooner, later]
    without = _context(live)._replace(stored=False)
    assert (pages.live(without)["upcoming"], pages.live(without)["state"]["state"]) == ([], "offline")


def test_a_calendar_of_a_show_goes_with_it(live: Live) -> None:
    from lambdas.core.errors import NotFound

    id = plan(live, minutes=200)
    assert "SUMMARY:Planned\r\n" in pages.calendar_of_one(_context(live, show=id))["calendar"]
    assert pages.calendar(_context(live))["calendar"].count("BEGIN:VEVENT") == 1

    def call_off(desk: Any) -> None:
        desk.show(id).state = "cancelled"
        desk.books = desk.books.without_plan(id)

    settle(live.platform.services, call_off)
    with pytest.raises(NotFound):
        pages.calendar_of_one(_context(live, show=id))


def test_links_elsewhere_bring_the_pages_up_to_date_and_what_is_counted_does_not(live: Live) -> None:
    from lambdas.core.events import Change
    from lambdas.features.live.books import Links
    from lambdas.features.live.events import LIVE_PAGES, of_the_ledger, touched
    from lambdas.features.live.models import CHANNEL, Ledger

    def told_of(**changed: Any) -> list[str]:
        old = Ledger.get(CHANNEL)
        settle(live.platform.services, lambda desk: setattr(desk, "books", desk.books._replace(**changed)))
        change = Change(table="live-ledger", old=old, new=Ledger.get(CHANNEL), at=live.at(), sequence="1")
        return [page for event in of_the_ledger(change) for page in touched(event, live.platform.services)]

    live.start()
    assert told_of(viewers=9) == []
    assert told_of(links=Links(links=(("Tube", "https://tube.example/k"),), version=1)) == list(LIVE_PAGES)
    assert pages.live(_context(live))["links"] == [{"label": "Tube", "url": "https://tube.example/k"}]


def _unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_a_calendar_says_when_it_is_in_utc() -> None:
    show = Show(
        "shw_X",
        state=SCHEDULED,
        title="A; B, C\\D",
        starts_at=datetime(2026, 3, 5, 19, tzinfo=UTC),
        minutes=90,
        version=3,
    )
    text = calendar([show], name="Kasper", domain="kasper.example", url="https://kasper.example/live/")
    lines = _unfolded(text)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert {
        "UID:shw_X@kasper.example",
        "DTSTART:20260305T190000Z",
        "DTEND:20260305T203000Z",
        "SEQUENCE:3",
        "SUMMARY:A\\; B\\, C\\\\D",
        "STATUS:CONFIRMED",
    } <= set(lines)


@given(title=st.text(min_size=1, max_size=300), words=st.text(max_size=600))
def test_no_line_of_a_calendar_is_longer_than_75_octets_and_no_text_ends_one(title: str, words: str) -> None:
    show = Show("shw_X", state=SCHEDULED, title=title, description=words, starts_at=START, minutes=0, version=1)
    text = calendar([show], name="K", domain="k.example", url="https://k.example/live/")
    folded = text.split("\r\n")
    assert all(len(line.encode(errors="surrogatepass")) <= 75 for line in folded)
    assert not any("\n" in line or "\r" in line for line in folded)
    names = [line.partition(":")[0] for line in _unfolded(text) if line]
    assert names.count("SUMMARY") == 1
    assert names[-2:] == ["END", "END"]
    summary = next(line for line in _unfolded(text) if line.startswith("SUMMARY:")).removeprefix("SUMMARY:")
    read = (
        summary.replace("\\\\", "\0").replace("\\;", ";").replace("\\,", ",").replace("\\n", "\n").replace("\0", "\\")
    )
    if not {"\r", "\0"} & set(title):
        assert read == title


def test_two_days_are_enough_for_a_row_and_four_for_the_ledger() -> None:
    from lambdas.features.live.books import KEPT
    from lambdas.features.live.playback import ROWS_KEPT

    assert ROWS_KEPT + timedelta(days=1) < KEPT
