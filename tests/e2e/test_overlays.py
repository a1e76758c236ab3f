"""Browser sources in a real browser, as OBS shows them: over nothing, with the room's events as they come."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.features.overlays.content import Goal, OverlaySettings
from lambdas.features.overlays.events import told
from lambdas.features.overlays.feature import FEATURE
from tests.e2e.brands import Brand
from tests.e2e.browser import HEADERS, open_site
from tests.e2e.chatting import RoomInPlay, a_room
from tests.e2e.visitor import Visitor, a_visitor

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="document.title=1"><b>'
TOKENS = "**/api/overlays/secret/token"


@dataclass
class Source:
    """A source, open and in the room. `answer` is what the next token says, None where the address is gone."""

    visitor: Visitor
    room: RoomInPlay
    settings: dict[str, str]
    goal: dict[str, str]
    gone: bool = False

    @property
    def page(self) -> Page:
        return self.visitor.page

    def token(self, route: Route) -> None:
        if self.gone:
            route.fulfill(status=404, json={"code": "not_found"}, headers=HEADERS)
            return
        made, grant = self.room.do(
            lambda: self.room.app.room.make_token("overlay_1", {"role": "overlay"}, frozenset(), 180)
        )
        answer = {
            "token": made.token,
            "endpoint": self.room.endpoint,
            "expires_at": made.expires_at.isoformat(),
            "session_until": grant.session_until.isoformat(),
            "settings": self.settings,
            "goal": self.goal,
        }
        route.fulfill(json=answer, headers=HEADERS)

    @property
    def messages(self) -> Any:
        return expect(self.page.locator(".overlay-message p"))

    def pixels(self) -> Image.Image:
        return Image.open(io.BytesIO(self.page.screenshot(omit_background=True))).convert("RGBA")


@pytest.fixture
def room() -> Iterator[RoomInPlay]:
    with a_room() as room:
        yield room


@pytest.fixture
def source(browser: Browser, built: dict[str, Brand], room: RoomInPlay) -> Iterator[Callable[..., Source]]:
    """Opens a source of a kind, with settings and a goal."""
    brand = built["demo"]
    manifest = AssetManifest.model_validate_json((brand.site / "assets/manifest.json").read_bytes())
    features = brand.features if FEATURE in brand.features else (*brand.features, FEATURE)
    renderer = Renderer(brand.creator, features, manifest)
    policy = HEADERS["content-security-policy"].replace("connect-src 'self'", f"connect-src 'self' {room.endpoint}")
    visitors: list[tuple[Any, Visitor]] = []

    def open_one(kind: str, *, goal: Goal | None = None, **settings: Any) -> Source:
        coming = a_visitor(browser, still=True)
        visitor = coming.__enter__()
        visitors.append((coming, visitor))
        origin = open_site(visitor.context, brand)
        visitor.context.grant_permissions(["local-network-access"])
        page = visitor.page
        opened = Source(visitor, room, told(OverlaySettings(**settings), 1), told(goal or Goal(), 1))
        shown = {"kind": kind, "settings": opened.settings, "goal": opened.goal}
        html = renderer.page("/overlays/", "en", shown)
        headers = {**HEADERS, "content-security-policy": policy}
        page.route(
            f"{origin}/api/overlays/secret/{kind}",
            lambda route: route.fulfill(body=html, headers=headers, content_type="text/html"),
        )
        page.route(TOKENS, opened.token)
        page.route("**/api/chat/room", lambda route: route.fulfill(json={"emotes": []}, headers=HEADERS))
        page.set_viewport_size({"width": 480, "height": 400})
        page.goto(f"{origin}/api/overlays/secret/{kind}")
        room.until_there("overlay_1", page)
        return opened

    yield open_one
    faults = [fault for _, visitor in visitors for fault in visitor.unforgiven()]
    for coming, _ in visitors:
        coming.__exit__(None, None, None)
    assert faults == []


@pytest.mark.parametrize("look", ["brand", "dark", "light", "plain"])
def test_the_stream_is_seen_wherever_nothing_is_said(
    source: Callable[..., Source], room: RoomInPlay, look: str
) -> None:
    chat = source("chat", look=look)
    empty = chat.pixels()
    assert empty.getchannel("A").getextrema() == (0, 0), "not a pixel of an empty overlay is its own"
    room.say("Hello stream")
    chat.messages.to_have_text(["Ada Fan Hello stream"])
    shown = chat.pixels()
    assert shown.getpixel((470, 10))[3] == 0  # type: ignore[index]
    assert max(shown.getchannel("A").tobytes()) > 200, "and what is said is to be read"


def test_what_is_said_on_stream_is_text_and_what_is_deleted_is_gone(
    source: Callable[..., Source], room: RoomInPlay
) -> None:
    chat = source("chat", messages=3)
    room.say(EVIL, name=EVIL, id="evilevilevil")
    chat.messages.to_have_count(1)
    assert chat.page.locator(".overlay img, .overlay b, .overlay a").count() == 0
    for number in range(4):
        room.say(f"number {number} https://example.com/", user="per_b", name="Ben", id=f"number{number}aaaaa")
    chat.messages.to_have_text([f"Ben number {number} https://example.com/" for number in (1, 2, 3)])
    room.delete("number2aaaaa")
    chat.messages.to_have_count(2)
    room.say("mine", user="per_c", name="Cleo")
    room.disconnect("per_b", "ban")
    chat.messages.to_have_text(["Cleo mine"])


def test_settings_change_on_stream_at_once_and_old_news_changes_nothing(
    source: Callable[..., Source], room: RoomInPlay
) -> None:
    chat = source("chat")
    overlay = chat.page.locator(".overlay")
    room.say("Hello", role="member")
    expect(chat.page.locator(".chat-name .icon")).to_have_count(1)
    room.tell("prism:overlays", **told(OverlaySettings(look="plain", side="right", scale=200, badges=False), 7))
    expect(overlay).to_have_attribute("data-look", "plain")
    expect(overlay).to_have_attribute("data-side", "right")
    expect(chat.page.locator(".chat-name .icon")).to_have_count(0)
    room.tell("prism:overlays", **told(OverlaySettings(look="light"), 6))
    room.say("Again")
    chat.messages.to_have_count(2)
    expect(overlay).to_have_attribute("data-look", "plain")


def test_messages_go_after_their_time(source: Callable[..., Source], room: RoomInPlay) -> None:
    chat = source("chat", fade_seconds=1)
    room.say("soon gone")
    chat.messages.to_have_count(1)
    chat.messages.to_have_count(0)


def test_alerts_come_one_after_another_each_once_and_name_who_has_spoken(
    source: Callable[..., Source], room: RoomInPlay
) -> None:
    alerts = source("alerts", alert_seconds=3)
    card = alerts.page.locator(".overlay-alert")
    room.say("Hello", user="per_known", name=EVIL)
    room.tell("prism:alert", id="alr_1", kind="member", person="per_known")
    room.tell("prism:alert", id="alr_1", kind="member", person="per_known")
    room.tell("prism:alert", id="alr_2", kind="member", person="per_silent")
    room.tell("prism:alert", id="alr_3", kind="unheard of")
    expect(card).to_have_text([f"New member{EVIL} has become a member. Thank you!"])
    expect(card).to_have_text(["New memberSomebody has become a member. Thank you!"])
    expect(card).to_have_count(0)


def test_the_goal_moves_as_soon_as_it_is_told(source: Callable[..., Source], room: RoomInPlay) -> None:
    goal = source("goal", goal=Goal(text="A new microphone", current=1000, target=4000))
    box = goal.page.locator(".overlay-goal-box")
    expect(box).to_have_text("A new microphone 1,000 / 4,000")
    room.tell("prism:goal", **told(Goal(text=EVIL, current=5000, target=4000), 2))
    expect(box).to_have_text(f"{EVIL} 5,000 / 4,000")
    widths = goal.page.evaluate(
        "['-bar', '-fill'].map((part) => document.querySelector(`.overlay-goal${part}`).getBoundingClientRect().width)"
    )
    assert widths[0] == widths[1]
    room.tell("prism:goal", **told(Goal(), 3))
    expect(box).to_be_hidden()


def test_what_an_address_showed_is_gone_when_it_is(source: Callable[..., Source], room: RoomInPlay) -> None:
    chat = source("chat")
    room.say("Hello")
    chat.messages.to_have_count(1)
    chat.visitor.forgive("404")  # the browser notes each answer that is none
    chat.gone = True
    room.disconnect("overlay_1", "address")
    expect(chat.page.locator(".overlay")).to_be_hidden()
    assert chat.pixels().getchannel("A").getextrema() == (0, 0)
