"""A page with the chat panel, and a room for it: the local stand-in for IVS Chat, in this process, with what the API answers made up.

So a test says who a visitor is and what the room does, and everything between is real: browser, socket, protocol, panel.
"""

import asyncio
import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import BrowserContext, Page, Route

from frontend_template.manifest import AssetManifest
from frontend_template.render import ROOT, Renderer
from lambdas.core.creator import Locale
from lambdas.core.feature import Feature, FeatureConfig
from lambdas.core.feature import Page as SitePage
from local.ivschat import frames
from local.ivschat.app import ChatApp
from local.ivschat.settings import ChatSettings
from tests.e2e.brands import Brand
from tests.e2e.browser import HEADERS, open_site
from tests.e2e.local_platform import until

T = TypeVar("T")

_PAGE = """{% extends "layouts/base.html.j2" %}
{% from "components/chat.html.j2" import chat_panel with context %}
{% block title %}Chat{% endblock %}
{% block head %}{{ stylesheet("css/chat.css") }}{% endblock %}
{% block main %}<h1 class="hidden">Chat</h1><div data-script="{{ asset("js/parts/chat.js") }}">{{ chat_panel() }}</div>{% endblock %}
"""
_TRYOUT: Feature[Any] = Feature(
    name="tryout", config=FeatureConfig, optional=False, pages=(SitePage(path="/tryout/", template="tryout.html.j2"),)
)

ROOM: dict[str, Any] = {
    "slow_seconds": 0,
    "members_only": False,
    "links": "everyone",
    "badges": {"team": True, "member": True},
    "pinned": None,
    "emotes": [],
    "settable": False,
}
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
CAPABILITIES = frozenset({"SEND_MESSAGE"})


@dataclass
class RoomInPlay:
    """A room that runs. `review` may be set at any time: it decides about messages as the review handler does."""

    app: ChatApp
    loop: asyncio.AbstractEventLoop
    port: int
    denied: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ivschat/socket"

    def do(self, what: Callable[[], T]) -> T:
        """Run something in the room's own thread."""

        async def run() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(timeout=30)

    def say(
        self, content: str, *, user: str = "per_ada", name: str = "Ada Fan", role: str = "fan", id: str = ""
    ) -> str:
        """A message of somebody else; its id."""
        request = frames.Request("SEND_MESSAGE", "", content)
        said = frames.message(
            id=id or frames.new_id(),
            request=request,
            content=content,
            attributes={},
            user_id=user,
            sender={"name": name, "role": role},
            at=self.app.settings.clock(),
        )
        return self.do(lambda: self.app.room.publish(said))

    def tell(self, event: str, **attributes: str) -> None:
        self.do(lambda: self.app.room.send_event(event, attributes))

    def delete(self, id: str) -> None:
        self.do(lambda: self.app.room.delete(id, "moderated"))

    def disconnect(self, user: str, reason: str) -> None:
        self.do(lambda: self.app.room.disconnect(user, reason))

    def drop(self) -> None:
        """Everybody loses their connection, and nobody is told why."""

        def end() -> None:
            for connection in tuple(self.app.room.connections):
                connection.end("")

        self.do(end)

    def until_there(self, user: str, page: Page) -> None:
        """Return when somebody is in the room; meanwhile the page gets its answers, which come from this thread too."""
        self._until(page, lambda: user in self.people, what=f"{user} in the room")

    def until_gone(self, user: str, page: Page) -> None:
        """As `until_there`, until they are not there any more."""
        self._until(page, lambda: user not in self.people, what=f"{user} out of the room")

    def _until(self, page: Page, condition: Callable[[], bool], *, what: str) -> None:
        def so() -> bool:
            page.wait_for_timeout(20)
            return condition()

        until(so, what=what)

    @property
    def people(self) -> list[str]:
        return self.do(lambda: sorted(one.grant.user_id for one in self.app.room.connections))


@contextmanager
def a_room() -> Iterator[RoomInPlay]:
    """A room on loopback. What it denies is said by `denied`: words in a message, and the reason that is given."""
    denied: dict[str, str] = {}

    async def review(invocation: Mapping[str, Any]) -> dict[str, Any]:
        content = str(invocation["Content"])
        for word, reason in denied.items():
            if word in content:
                return {"ReviewResult": "DENY", "Content": content, "Attributes": {"Reason": reason}}
        return {"ReviewResult": "ALLOW", "Content": content, "Attributes": {}}

    settings = ChatSettings(
        arn="arn:aws:ivschat:eu-central-1:123456789012:room/tEsTrOoM0001",
        name="tryout",
        secret="secret",
        review=review,
        review_seconds=5,
        rate=1000,
    )
    app = ChatApp(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio", lifespan="off")
    )
    started = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        found["loop"] = asyncio.get_running_loop()
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        found["port"] = server.servers[0].sockets[0].getsockname()[1]
        started.set()
        await serving
        await app.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield RoomInPlay(app=app, loop=found["loop"], port=found["port"], denied=denied)
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass
class Chatter:
    """A visitor at the panel. `me` and `room` are what the next token says of them; `asked` what their panel asked of the API.

    `answers` by path are what it answers, where that is not an empty 200.
    """

    page: Page
    origin: str
    play: RoomInPlay
    me: dict[str, Any]
    room: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    refused: tuple[int, str] | None = None
    minutes: int = 60
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def open(self, locale: Locale = "en") -> None:
        self.page.goto(f"{self.origin}/{'de/' if locale == 'de' else ''}tryout/")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        # As the live page does when a show begins.
        begin = "import(document.querySelector('[data-script]').dataset.script).then(({ mount }) => { mount(document.querySelector('[data-chat]')).start(); })"
        self.page.evaluate(begin)

    @property
    def field(self) -> Any:
        return self.page.locator("#chat-message")

    @property
    def said(self) -> list[str]:
        """The messages shown, as they are read."""
        return [text.strip() for text in self.page.locator(".chat-message p").all_inner_texts()]

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def asked_for(self, path: str) -> list[Any]:
        return [sent for asked, sent in self.asked if asked == path]

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.removeprefix("/api/chat/")
        self.asked.append((path, route.request.post_data_json if route.request.post_data else None))
        if path == "token":
            self._token(route)
        elif path == "room" and route.request.method == "GET" and self.refused:
            route.fulfill(status=self.refused[0], json={"code": self.refused[1]}, headers=HEADERS)
        elif path == "history":
            route.fulfill(json={"messages": self.history}, headers=HEADERS)
        elif path == "room" and route.request.method == "GET":
            route.fulfill(json=self.room, headers=HEADERS)
        else:
            status, body = self.answers.get(path, (200, {}))
            route.fulfill(status=status, json=body, headers={**HEADERS, "retry-after": "1"})

    def _token(self, route: Route) -> None:
        if self.refused:
            status, code = self.refused
            route.fulfill(status=status, json={"code": code}, headers=HEADERS)
            return
        attributes = {"name": self.me["name"], "role": self.me["role"]}
        may = CAPABILITIES if self.me["may_send"] else frozenset()
        made, grant = self.play.do(
            lambda: self.play.app.room.make_token(self.me["id"], attributes, frozenset(may), self.minutes)
        )
        answer = {
            "token": made.token,
            "endpoint": self.play.endpoint,
            "expires_at": made.expires_at.isoformat(),
            "session_until": grant.session_until.isoformat(),
            "me": self.me,
            "room": self.room,
        }
        route.fulfill(json=answer, headers=HEADERS)


def someone(id: str = "per_me", name: str = "Mira Moss", role: str = "fan", **more: Any) -> dict[str, Any]:
    """What a token says of who asked for it."""
    return {
        "id": id,
        "name": name,
        "role": role,
        "may_send": True,
        "why_not": "",
        "muted_until": None,
        "moderator": False,
        **more,
    }


GUEST = someone(id="guest_1", name="", role="guest", may_send=False, why_not="sign_in")


class Pages:
    """The page with the panel, rendered with a brand's own assets."""

    def __init__(self, brand: Brand, folder: Path) -> None:
        (folder / "pages").mkdir(parents=True, exist_ok=True)
        (folder / "pages" / "tryout.html.j2").write_text(_PAGE, encoding="utf-8")
        manifest = AssetManifest.model_validate_json((brand.site / "assets/manifest.json").read_bytes())
        self.brand = brand
        self._renderer = Renderer(brand.creator, (*brand.features, _TRYOUT), manifest, roots=(ROOT, folder))

    def html(self, locale: Locale) -> str:
        return self._renderer.page("/tryout/", locale)

    def chatter(
        self,
        context: BrowserContext,
        play: RoomInPlay,
        *,
        me: dict[str, Any] | None = None,
        history: list[dict[str, Any]] | None = None,
        refused: tuple[int, str] | None = None,
        pictures: tuple[str, ...] = (),
        **room: Any,
    ) -> Chatter:
        """A visitor of this context at the panel; not opened yet. `room` is how the room is set, `pictures` are addresses of some."""
        origin = open_site(context, self.brand)
        # A page that a test answers comes from nowhere; one from nowhere may not open sockets here unless it is allowed to.
        context.grant_permissions(["local-network-access"])
        # The room is on another origin, as in the cloud: without its own word in the policy no socket is opened.
        policy = HEADERS["content-security-policy"].replace(
            "connect-src 'self'", f"connect-src 'self' ws://127.0.0.1:{play.port}"
        )
        headers = {**HEADERS, "content-security-policy": policy}
        chatter = Chatter(
            page=context.new_page(),
            origin=origin,
            play=play,
            me=me or someone(),
            room={**ROOM, **room},
            history=history or [],
            refused=refused,
        )
        for picture in pictures:
            context.route(
                f"{origin}{picture}", lambda route: route.fulfill(body=PIXEL, content_type="image/gif", headers=HEADERS)
            )

        def show(locale: Locale) -> Callable[[Route], None]:
            shown = self.html(locale)
            return lambda route: route.fulfill(body=shown, headers=headers, content_type="text/html")

        context.route(f"{origin}/tryout/", show("en"))
        context.route(f"{origin}/de/tryout/", show("de"))
        context.route(f"{origin}/api/chat/**", chatter.answer)
        return chatter
