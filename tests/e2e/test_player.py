"""Watching live in a real browser: it plays, it says why not, and it comes back by itself."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.brands import Brand
from tests.e2e.browser import open_site
from tests.e2e.visitor import Visitor, a_visitor
from tests.e2e.watching import Air, Film, colours, film, planned, refusal, second, show, ticket

pytestmark = pytest.mark.browser

LAST = {"id": "shw_0", "title": "Songs for a dark Thursday", "ended_at": "2027-03-04T20:00:00+00:00", "video": None}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return film(tmp_path_factory.mktemp("film"))


class Seat:
    """Somebody before a page of the demo, and what is on air there."""

    def __init__(self, visitor: Visitor, origin: str, air: Air) -> None:
        self.visitor, self.page, self.origin, self.air = visitor, visitor.page, origin, air

    def sit(self, path: str = "/live/") -> None:
        self.visitor.go(self.origin + path)

    def until(self, found: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
        """Waits as a browser does: what it asks for meanwhile is answered."""
        end = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
            self.page.wait_for_timeout(50)

    @property
    def player(self) -> Locator:
        return self.page.locator("[data-player]")

    @property
    def title(self) -> Locator:
        return self.page.locator("[data-slot=title]")

    def plays(self) -> None:
        """The picture moves, and is one."""
        expect(self.player).to_have_attribute("data-state", "playing")
        begun = second(self.page)
        self.until(lambda: second(self.page) > begun + 0.5, what="time goes by")
        self.until(lambda: colours(self.page) > 5, what="a picture of more than one colour")

    def button(self, name: str) -> Locator:
        return self.player.get_by_role("button", name=name, exact=True)


@pytest.fixture
def seat(browser: Browser, built: dict[str, Brand], plain: Film) -> Iterator[Callable[..., Seat]]:
    visitors: list[tuple[Visitor, object]] = []

    def take(**wishes: object) -> Seat:
        coming = a_visitor(browser, **wishes)  # type: ignore[arg-type]
        visitor = coming.__enter__()
        visitors.append((visitor, coming))
        origin = open_site(visitor.context, built["demo"])
        visitor.context.route(
            f"{origin}/api/chat/**", lambda route: route.fulfill(status=409, json={"code": "off_air"})
        )
        visitor.forgive("/api/chat/")
        air = Air(plain)
        air.over(visitor.context, origin)
        return Seat(visitor, origin, air)

    yield take
    faults = [fault for visitor, _ in visitors for fault in visitor.unforgiven()]
    for _, coming in visitors:
        coming.__exit__(None, None, None)  # type: ignore[attr-defined]
    assert faults == []


def test_a_page_that_is_open_begins_to_play_when_the_show_begins(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.sit()
    expect(viewer.title).to_have_text("Mira Demo is not live right now")
    assert viewer.page.evaluate("typeof Hls") == "undefined"
    viewer.air.go_live()
    expect(viewer.title).to_have_text("Late songs, live from the attic")
    viewer.plays()
    expect(viewer.page.locator(".live-line")).to_contain_text("128 watching")
    expect(viewer.page.locator(".live-line")).to_contain_text("for 1 h 12 min")
    assert viewer.air.asked == 1
    assert viewer.page.evaluate("document.querySelector('.nav a[data-on-air]') !== null")


def test_the_worker_of_the_library_is_let_in_and_nothing_else_is_refused(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    assert any("hls.worker" in worker.url for worker in viewer.page.workers)
    assert viewer.visitor.refusals() == []


def test_what_begins_without_sound_says_so_and_a_press_turns_it_on(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit("/")
    viewer.plays()
    assert viewer.page.evaluate("document.querySelector('video').muted")
    viewer.player.locator(".player-sound").click()
    assert not viewer.page.evaluate("document.querySelector('video').muted")
    expect(viewer.player.locator(".player-sound")).to_be_hidden()


def test_the_keyboard_does_what_the_buttons_do(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    page = viewer.page

    def video(expression: str) -> object:
        return page.evaluate(f"document.querySelector('video').{expression}")

    viewer.button("Pause").focus()
    muted = video("muted")
    page.keyboard.press("m")
    assert video("muted") is not muted
    page.keyboard.press("k")
    expect(viewer.button("Play")).to_be_visible()
    assert video("paused")
    page.keyboard.press("Space")
    expect(viewer.button("Pause")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")
    assert float(str(video("volume"))) < 1


def test_keys_are_left_to_whoever_types(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.page.evaluate(
        "document.querySelector('#main').append(Object.assign(document.createElement('input'), { id: 'typing' }))"
    )
    viewer.page.focus("#typing")
    viewer.page.keyboard.type("km")
    assert viewer.page.input_value("#typing") == "km"
    assert not viewer.page.evaluate("document.querySelector('video').paused")


def test_controls_leave_after_a_while_but_never_from_under_the_focus(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    expect(viewer.player).to_have_attribute("data-idle", "")
    viewer.page.keyboard.press("Tab")
    viewer.button("Pause").focus()
    viewer.page.keyboard.press("Shift")
    expect(viewer.player).not_to_have_attribute("data-idle", "")
    with pytest.raises(AssertionError):
        expect(viewer.player).to_have_attribute("data-idle", "", timeout=4000)


@pytest.mark.parametrize(
    ("answer", "words", "action"),
    [
        (refusal("not_signed_in", 401), "Sign in to watch", "Sign in"),
        (refusal("members_only"), "This show is for members", None),
        (refusal("other_tier"), "This show is for another membership", None),
        (refusal("ended"), "Your membership has ended", None),
    ],
)
def test_who_may_not_watch_reads_why_and_what_to_do(
    seat: Callable[..., Seat], answer: tuple[int, dict[str, str]], words: str, action: str | None
) -> None:
    viewer = seat()
    viewer.visitor.forgive("/api/live/playback answered 40[13]")
    viewer.air.answer = answer
    viewer.air.go_live()
    viewer.sit()
    expect(viewer.page.locator(".live-wall h2")).to_have_text(words)
    expect(viewer.title).to_have_text("Late songs, live from the attic")
    if action:
        link = viewer.page.locator(".live-wall").get_by_role("link", name=action)
        expect(link).to_have_attribute("href", "/account/sign-in/?next=/live/")
    expect(viewer.page.locator("video")).to_have_count(0)
    assert viewer.air.asked == 1
    assert viewer.visitor.barriers() == []


def test_a_show_without_a_title_has_the_creators_name(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live(show=show(title=""))
    viewer.sit()
    expect(viewer.title).to_have_text("Mira Demo")
    viewer.air.tell("offline", last={**LAST, "title": ""})
    expect(viewer.title).to_have_text("That was “Mira Demo”")


def test_who_loses_access_in_mid_show_is_told_and_not_asked_for_again(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.visitor.forgive("answered 403")
    viewer.air.go_live(show=show(audience="members"))
    viewer.sit()
    viewer.plays()
    viewer.air.answer, viewer.air.fault = refusal("ended"), 403
    expect(viewer.page.locator(".live-wall h2")).to_have_text("Your membership has ended")
    asked = viewer.air.asked
    viewer.air.go_live(show=show(audience="members"), viewers_more=1)
    expect(viewer.page.locator(".live-wall")).to_be_visible()
    assert viewer.air.asked == asked == 2


def test_a_wall_falls_when_the_show_is_opened(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.visitor.forgive("answered 403")
    viewer.air.answer = refusal("members_only")
    viewer.air.go_live(show=show(audience="members"))
    viewer.sit()
    expect(viewer.page.locator(".live-wall")).to_be_visible()
    viewer.air.answer = ticket()
    viewer.air.go_live()
    viewer.plays()


def test_a_wall_falls_where_the_show_was_closed_for_a_moment_that_nobody_told_of(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.visitor.forgive("answered 403")
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.air.answer, viewer.air.fault = refusal("members_only"), 403
    expect(viewer.page.locator(".live-wall")).to_be_visible()
    viewer.air.answer, viewer.air.fault = ticket(), 0
    viewer.air.go_live(viewers_more=1)
    viewer.plays()


def test_a_refused_session_asks_for_another_token_and_goes_on(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.visitor.forgive("answered 403")
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.air.fault = 403
    expect(viewer.player).to_have_attribute("data-state", "reconnecting")
    viewer.until(lambda: viewer.air.asked >= 3, what="another token")
    viewer.air.fault = 0
    viewer.plays()
    # Later and later: not a loop.
    assert viewer.air.asked < 10


def test_a_publisher_who_is_gone_leaves_the_picture_and_comes_back(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.air.still = datetime.now(UTC).timestamp()
    viewer.air.tell("reconnecting", show=show(), since=show()["started_at"])
    expect(viewer.player).to_have_attribute("data-state", "reconnecting")
    expect(viewer.player.locator(".player-note")).to_contain_text("Reconnecting")
    expect(viewer.title).to_have_text("Late songs, live from the attic")
    viewer.air.still = 0
    viewer.air.go_live()
    viewer.plays()


def test_a_network_that_was_gone_is_made_up_for(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.visitor.forgive("net::ERR|answered 503")
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.visitor.context.set_offline(True)
    viewer.air.fault = 503
    expect(viewer.player).to_have_attribute("data-state", "reconnecting")
    assert viewer.page.evaluate(
        "!document.querySelector('.player-still').hidden || document.querySelector('video').readyState >= 2"
    )
    viewer.air.fault = 0
    viewer.visitor.context.set_offline(False)
    viewer.plays()


def test_the_end_thanks_and_says_what_comes_next(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.air.tell("upcoming", next=planned(), last=LAST)
    expect(viewer.title).to_have_text("That was “Late songs, live from the attic”")
    expect(viewer.page.locator(".live-rest")).to_contain_text("Next: The lighthouse record")
    expect(viewer.page.locator("video")).to_have_count(0)
    assert viewer.page.locator(".live-rest .button").count() == 0
    viewer.air.tell("upcoming", next=planned(), last={**LAST, "video": "/videos/vid_1/"})
    expect(viewer.page.get_by_role("link", name="Watch the recording")).to_have_attribute("href", "/videos/vid_1/")


@pytest.mark.parametrize("path", ["/live/", "/"])
def test_what_comes_is_counted_down_to_and_can_be_put_into_a_calendar(seat: Callable[..., Seat], path: str) -> None:
    viewer = seat()
    viewer.air.tell("upcoming", next=planned())
    viewer.sit(path)
    expect(viewer.title).to_have_text("The lighthouse record")
    counted = viewer.page.locator("[data-countdown]")
    before = counted.inner_text()
    assert before.startswith("2 days 03:59:")
    viewer.until(lambda: counted.inner_text() != before, what="the seconds")
    expect(viewer.page.get_by_role("link", name="Remind me")).to_have_attribute("href", "/live/shw_2.ics")
    assert viewer.visitor.barriers() == []


def test_a_stage_that_is_not_used_is_not_there(seat: Callable[..., Seat]) -> None:
    viewer = seat()
    viewer.sit("/")
    expect(viewer.page.locator(".live-home")).to_be_hidden()
    expect(viewer.page.locator(".hero-picture")).to_be_visible()
    assert viewer.air.fetched == 0
    assert viewer.air.asked == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("path", ["/live/", "/de/live/", "/"])
def test_a_page_that_plays_shuts_nobody_out_and_fits(seat: Callable[..., Seat], path: str, theme: str) -> None:
    viewer = seat(theme=theme, still=True)
    viewer.air.go_live(show=show(title="Donaudampfschifffahrtsgesellschaftskapitänsmützen and other very long songs"))
    viewer.sit(path)
    viewer.plays()
    assert viewer.visitor.barriers() == []
    assert viewer.visitor.width_on_a_phone() <= 320


def test_captions_that_a_stream_carries_can_be_shown(
    seat: Callable[..., Seat], tmp_path_factory: pytest.TempPathFactory
) -> None:
    viewer = seat()
    viewer.air.film = film(tmp_path_factory.mktemp("captioned"), with_captions="WHISTLING WIND")
    viewer.air.go_live()
    viewer.sit()
    viewer.plays()
    viewer.player.hover()
    viewer.button("Captions").click()
    menu = viewer.player.get_by_role("menu", name="Captions")
    expect(menu.get_by_role("menuitemradio", name="Off")).to_have_attribute("aria-checked", "true")
    menu.get_by_role("menuitemradio").nth(1).click()
    said = """() => [...document.querySelector("video").textTracks]
      .filter(({ mode }) => mode === "showing").flatMap(({ cues }) => [...(cues ?? [])].map(({ text }) => text)).join(" ")"""
    viewer.until(lambda: "WHISTLING WIND" in str(viewer.page.evaluate(said)), what="the caption")
    viewer.page.keyboard.press("c")
    assert viewer.page.evaluate(
        "[...document.querySelector('video').textTracks].every(({ mode }) => mode !== 'showing')"
    )
