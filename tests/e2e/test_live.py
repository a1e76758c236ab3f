"""A whole evening: from the studio over a real publisher to the fans' screens, with chat, guards, faults, and the recording afterwards.

The tests follow one another on one platform, as the evening does. Each waits for a show to be on, and begins one where none is.
"""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Visit, onboarded
from tests.e2e.evening import (
    DESK,
    FAN,
    MINUTES,
    MODERATOR,
    OWNER,
    Evening,
    does,
    fetched,
    plays,
    said,
    says,
    title,
    wall,
)
from tests.e2e.local_platform import until
from tests.e2e.people import Someone, ask, done
from tests.e2e.visitor import Visitor, a_visitor
from tests.e2e.watching import second
from tests.publisher import Publisher, clip

pytestmark = [pytest.mark.browser, pytest.mark.evening, pytest.mark.timeout(600)]

SHOW = "Songs for a dark Saturday"
CAPTION = "WHISTLING WIND"
ENCORE_SECONDS = 8
"""Between its beginning and the end of the show, so that there is something of it to watch in the recording."""

_CAPTIONS = """() => [...document.querySelector("video").textTracks]
  .filter(({ mode }) => mode === "showing").flatMap(({ cues }) => [...(cues ?? [])].map(({ text }) => text)).join(" ")"""

Come = Callable[..., Visitor]


@pytest.fixture(scope="module")
def evening(home: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    film = clip(tmp_path_factory.mktemp("film"), seconds=10, size="320x180", gop=30, with_captions=CAPTION)
    with onboarded(home, "nora", OWNER.name) as platform:
        evening = Evening(platform=platform, film=film)
        with a_visitor(browser) as owner, a_visitor(browser) as moderator, a_visitor(browser) as fan:
            evening.joins(owner.page, OWNER)
            evening.joins(moderator.page, MODERATOR, invited_by=owner.page)
            evening.joins(fan.page, FAN)
        try:
            yield evening
        finally:
            evening.stop()


@pytest.fixture
def come(evening: Evening, visit: Visit) -> Come:
    """Somebody comes to a page of the site, signed in or as a guest."""

    def come(path: str, who: Someone | None = None) -> Visitor:
        visitor = visit()
        if who:
            evening.let_in(visitor, who)
        visitor.go(evening.platform.origin + path)
        return visitor

    return come


@pytest.fixture
def on_air(evening: Evening, browser: Browser) -> Evening:
    """A show for everyone is on; what an earlier test has left is mended."""
    now = evening.state()
    running = evening.publisher is not None and evening.publisher.running
    if running and now.get("state") == "live" and now["show"]["audience"] == "everyone":
        return evening
    with a_visitor(browser) as desk:
        evening.let_in(desk, OWNER)
        evening.read_key(desk.page)
        if not running:
            evening.publish()
        until(lambda: evening.state().get("state") == "live", what="a show")
        is_for(desk.page, evening, "Everyone")
    evening.comes_to("live", audience="everyone")
    return evening


def is_for(desk: Page, evening: Evening, audience: str) -> None:
    """The owner makes the show that is on one for these."""
    desk.goto(evening.platform.origin + DESK)
    desk.locator(".on-air-title a").click()
    desk.get_by_label("Title").fill(SHOW)
    desk.get_by_role("radio", name=audience).check()
    desk.get_by_role("button", name="Save").click()
    expect(done(desk)).to_have_text("Saved.")


def test_pages_that_are_open_show_what_begins_without_a_reload(evening: Evening, come: Come) -> None:
    home, live = come("/").page, come("/live/", FAN).page
    expect(title(live)).to_have_text("Nora Example is not live right now")
    expect(home.locator(".live-home")).to_be_hidden()

    desk = come(DESK, OWNER).page
    desk.get_by_label("Title").fill(SHOW)
    desk.locator("#next").get_by_role("button", name="Save").click()
    expect(done(desk)).to_have_text("Saved. The next show is called that.")
    evening.read_key(desk)
    evening.publish()

    expect(title(live)).to_have_text(SHOW)
    expect(title(home)).to_have_text(SHOW)
    plays(live)
    plays(home)
    expect(home.locator(".nav a[data-on-air]").first).to_be_attached()
    switches_captions_on(live)
    expect(live.locator(".live-line")).to_contain_text(re.compile(r"[1-9]\d* watching"), timeout=MINUTES)


def switches_captions_on(page: Page) -> None:
    player = page.locator("[data-player]")
    player.hover()
    player.get_by_role("button", name="Captions").click()
    player.get_by_role("menu", name="Captions").get_by_role("menuitemradio").nth(1).click()
    until(lambda: CAPTION in str(page.evaluate(_CAPTIONS)), what="the caption")


def test_fans_talk_and_moderators_see_to_it(on_air: Evening, come: Come) -> None:
    fan, moderator, guest = come("/live/", FAN).page, come("/live/", MODERATOR).page, come("/live/").page
    for page in (fan, moderator, guest):
        expect(page.locator("[data-chat]")).to_have_attribute("data-state", "open")
    says(fan, "Good evening from the first row")
    says(moderator, "Welcome everybody")
    for page in (fan, guest):
        expect(said(page, "Welcome everybody")).to_be_visible()
    expect(said(guest, "Good evening from the first row")).to_contain_text(FAN.name)
    expect(guest.get_by_role("link", name="Sign in to chat")).to_be_visible()
    expect(guest.locator("#chat-message")).to_be_hidden()

    says(fan, "Something that should not stand here")
    does(moderator, "Something that should not stand here", "Delete")
    for page in (moderator, fan, guest):
        expect(said(page, "Something that should not stand here")).to_have_count(0)

    gate, writes = fan.locator("[data-chat-gate]"), fan.locator("#chat-message")
    does(moderator, "Good evening from the first row", "1 minute's break")
    expect(gate).to_contain_text("You are taking a break until")
    expect(writes).to_be_hidden()
    moderator.get_by_role("button", name="Undo").click()
    expect(writes).to_be_visible()

    does(moderator, "Good evening from the first row", "Ban from the chat")
    expect(gate).to_contain_text("You cannot write in this chat")
    expect(said(guest, "Good evening from the first row")).to_have_count(0)
    fan.reload()
    expect(gate).to_contain_text("You cannot write in this chat")
    expect(writes).to_be_hidden()
    expect(said(fan, "Welcome everybody")).to_be_visible()

    moderator.goto(f"{on_air.platform.origin}/studio/chat/people/")
    moderator.get_by_role("button", name="Let them write again").click()
    expect(writes).to_be_visible()
    says(fan, "I am back and behave")
    expect(said(guest, "I am back and behave")).to_be_visible()


def test_a_show_that_is_for_members_from_now_on_is_for_nobody_else(on_air: Evening, come: Come) -> None:
    guests, fans, owners = come("/live/"), come("/live/", FAN), come(DESK, OWNER)
    for refused in (guests, fans):
        refused.forgive(r"answered 40[13]")
    copied: list[str] = []
    guests.page.on("request", lambda request: copied.append(request.url) if "/index.m3u8" in request.url else None)
    plays(guests.page)
    plays(fans.page)
    address = ask(guests.page, "/api/live/playback", {})["url"]
    origin = on_air.platform.origin
    assert fetched(address, origin=origin)[0] == 200
    for nothing in (address.partition("?")[0], address[:-4] + "AAAA"):
        assert fetched(nothing, origin=origin)[0] == 403
    until(lambda: copied, what="the address of a playlist")

    is_for(owners.page, on_air, "Members")
    expect(wall(guests.page)).to_have_text("Sign in to watch")
    expect(wall(fans.page)).to_have_text("This show is for members")
    assert guests.page.locator("video").count() == 0
    assert fetched(copied[-1], origin=origin)[0] == 403

    gives_membership(owners.page, on_air, FAN)
    fans.page.reload()
    plays(fans.page)
    ends_membership(owners.page, on_air, FAN)
    expect(wall(fans.page)).to_have_text("Your membership has ended")

    # What opens for all opens by itself for those who wait.
    is_for(owners.page, on_air, "Everyone")
    plays(guests.page)
    plays(fans.page)


def gives_membership(page: Page, evening: Evening, whom: Someone) -> None:
    page.goto(f"{evening.platform.origin}/studio/access/give/")
    page.get_by_label("E-mail address").fill(whom.email)
    page.get_by_role("button", name="Give membership").click()
    expect(done(page)).to_have_text("Done. They are a member from now on.")


def ends_membership(page: Page, evening: Evening, whom: Someone) -> None:
    page.goto(f"{evening.platform.origin}/studio/access/")
    page.get_by_role("row", name=whom.name).get_by_role("button", name="End now").click()
    expect(done(page)).to_have_text("Ended. From now on they see what everyone sees.")


def test_what_is_lost_on_either_side_comes_back_by_itself(on_air: Evening, come: Come) -> None:
    visitor = come("/live/", FAN)
    visitor.forgive(r"net::ERR|WebSocket|answered 404")
    page = visitor.page
    plays(page)
    player = page.locator("[data-player]")
    page.evaluate("globalThis.stayed = true")
    assert on_air.publisher
    on_air.publisher.kill()
    expect(player).to_have_attribute("data-state", re.compile("reconnecting|buffering"))
    on_air.publish()
    plays(page)
    on_air.comes_to("live", title=SHOW)

    visitor.context.set_offline(True)
    expect(player).to_have_attribute("data-state", re.compile("reconnecting|buffering"), timeout=60_000)
    visitor.context.set_offline(False)
    plays(page)
    says(page, "Everything is back")
    assert page.evaluate("stayed"), "without a reload"


def test_a_key_that_was_replaced_is_worth_nothing_at_once(on_air: Evening, come: Come) -> None:
    desk = come(DESK, OWNER).page
    on_air.read_key(desk)
    stolen, dying = on_air.key, on_air.publisher
    assert dying
    desk.locator("details.way", has_text="Make a new key").first.locator("summary").click()
    desk.locator("form[action='/studio/live/key/rotate'] button").click()
    expect(done(desk)).to_contain_text("There is a new key.")
    assert dying.wait(30) != 0
    with Publisher(on_air.film, on_air.ingest + stolen) as thief:
        assert thief.wait(30) != 0
    on_air.read_key(desk)
    assert on_air.key != stolen
    on_air.publish()
    on_air.comes_to("live", title=SHOW)


def test_a_browser_source_shows_the_chat_on_nothing(on_air: Evening, come: Come) -> None:
    owners, fan = come("/studio/overlays/", OWNER).page, come("/live/", FAN).page
    owners.get_by_role("button", name="Make the addresses").click()
    address = owners.get_by_label("Address: Chat").get_attribute("value") or ""
    source = come(urlsplit(address).path).page
    plays(fan)
    says(fan, "Look, I am on stream")
    expect(source.get_by_text("Look, I am on stream")).to_be_visible()

    def seen() -> object:
        picture = Image.open(io.BytesIO(source.screenshot(omit_background=True)))
        return picture.getchannel("A").getextrema()

    until(lambda: seen() == (0, 255), what="words, and nothing behind them")


def test_the_studio_shows_how_the_show_goes(on_air: Evening, come: Come) -> None:
    desk = come("/studio/live/sessions/", OWNER)
    # The stream that was found first is the longest.
    desk.page.locator(
        "main a[href^='/studio/live/sessions/ses'], main a[href^='/studio/live/sessions/st']"
    ).last.click()
    expect(desk.page.locator(".figures")).to_contain_text("Most at once")

    def drawn() -> bool:
        desk.page.reload()
        return desk.page.locator(".curve polyline").count() == 1

    until(drawn, what="the curve", seconds=MINUTES / 1000, every=2)
    points = desk.page.locator(".curve polyline").get_attribute("points") or ""
    assert len(points.split()) >= 2
    assert desk.barriers() == []


def test_what_was_live_can_be_watched_afterwards(on_air: Evening, come: Come) -> None:
    fan, owners = come("/live/", FAN), come(DESK, OWNER)
    fan.forgive(r"answered 40[134]")
    desk = owners.page
    desk.get_by_label("What happens now").fill("The encore")
    desk.get_by_role("button", name="Mark this moment").click()
    expect(done(desk)).to_have_text("Marked.")
    plays(fan.page)
    begun = second(fan.page)
    until(lambda: second(fan.page) > begun + ENCORE_SECONDS, what="an encore to watch afterwards")

    assert on_air.publisher
    on_air.publisher.stop()
    desk.get_by_role("button", name="End the show").click()
    expect(done(desk)).to_have_text("The show is over.")
    expect(title(fan.page)).to_have_text(f"That was “{SHOW}”")
    video = appears(desk, on_air)
    expect(desk.locator(".shelf-facts")).to_contain_text(re.compile(r"\d:\d\d"))
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(done(desk)).to_have_text("Published.")

    films: list[str] = []  # the paths of what is fetched of it
    guest = come("/live/")
    guest.forgive(r"answered 40[13]")
    guest.page.on(
        "request", lambda request: films.append(urlsplit(request.url).path) if "/videos/" in request.url else None
    )
    until(lambda: on_air.platform.get(f"/videos/{video}/")[0] == 200, what="the page of the video")
    guest.go(f"{on_air.platform.origin}/videos/{video}/")
    # Until its files have moved to where everyone may fetch them, it plays from where they are guarded.
    playback = f"/api/videos/{video}/playback"
    until(lambda: ask(guest.page, playback, {})["url"].startswith("/media/public/"), what="files for everyone", every=2)
    films.clear()
    watches(guest.page)
    address = next(path for path in films if path.endswith(".m3u8"))
    part = next(path for path in films if re.search(r"\.(mp4|m4s|ts)$", path))
    for public in (address, part):
        assert public.startswith("/media/public/videos/")
        assert on_air.platform.get(public)[0] == 200

    desk.get_by_role("radio", name="Members").check()
    desk.get_by_role("button", name="Save").click()
    expect(done(desk)).to_have_text("Saved.")
    for old in (address, part):
        until(lambda old=old: on_air.platform.get(old)[0] in {403, 404}, what=f"nothing at {old}")  # type: ignore[misc]
        assert on_air.platform.get(old.replace("/media/public/", "/media/"))[0] == 403

    guest.page.reload()
    guest.page.locator(".player-large").click()
    expect(guest.page.locator("[data-refusal=sign_in]")).to_be_visible()


def appears(desk: Page, evening: Evening) -> str:
    """The recording with the encore, by itself under Videos, with a picture; its id.

    A publisher that was away for more than a minute has made another one of what was before.
    """

    def there() -> bool:
        desk.goto(f"{evening.platform.origin}/studio/videos/?state=draft")
        ready = desk.locator(".shelf-video", has=desk.locator("img"))
        for link in [row.get_attribute("href") for row in ready.locator("h2 a").all()]:
            desk.goto(f"{evening.platform.origin}{link}")
            if "The encore" in desk.locator("[name=chapters]").input_value():
                return True
        return False

    until(there, what="the recording as a draft", seconds=MINUTES / 1000, every=3)
    expect(desk.locator("[name=title]")).to_have_value(SHOW)
    video = urlsplit(desk.url).path.rstrip("/").rpartition("/")[2]
    desk.goto(f"{evening.platform.origin}/studio/videos/?state=draft")
    row = desk.locator(".shelf-video", has=desk.locator(f"a[href*={video}]"))
    assert row.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    row.locator("h2 a").click()
    return video


def watches(page: Page) -> None:
    """The recording from its chapter on."""
    assert page.locator(".player-poster img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    chapter = page.get_by_role("link", name="The encore")
    at = int(chapter.get_attribute("data-chapter") or 0)
    assert at > 0
    chapter.click()
    plays(page)
    assert page.evaluate("document.querySelector('video').currentTime") >= at
