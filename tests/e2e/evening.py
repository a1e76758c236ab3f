"""An evening on a creator's platform, as `prism dev` serves it: who is there, what they see, and a publisher that sends real video."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.local_platform import LocalPlatform, until
from tests.e2e.people import LINK, Mailbox, Someone, ask, sign_up
from tests.e2e.visitor import Visitor
from tests.e2e.watching import colours, second
from tests.publisher import Publisher

OWNER = Someone(name="Nora Example", email="hello@nora.example", password="nora sings at night")
MODERATOR = Someone(name="Mo Example", email="mo@fan.example", password="mo keeps it friendly")
FAN = Someone(name="Fanny Fan", email="fanny@fan.example", password="fanny in the front row")

DESK = "/studio/live/"
STATE = "/media/public/live/state.json"
MINUTES = 240_000
"""Milliseconds for what is looked at once a minute, on a machine at other work."""


@dataclass(kw_only=True)
class Evening:
    """`cookies` are of those who are signed in, by their name; `publisher` is who streams, where anybody does."""

    platform: LocalPlatform
    film: Path
    cookies: dict[str, Sequence[Any]] = field(default_factory=dict)
    publisher: Publisher | None = None
    ingest: str = ""
    key: str = field(default="", repr=False)

    def joins(self, page: Page, who: Someone, *, invited_by: Page | None = None) -> None:
        """With an account of their own, and as a moderator where the owner invites them."""
        if invited_by:
            ask(invited_by, "/studio/team/invite/", {"email": who.email, "role": "moderator", "locale": "en"})
            page.goto(self.platform.origin + Mailbox(platform=self.platform, address=who.email, read=0).next(LINK))
            page.get_by_role("link", name="Make an account").click()
        else:
            page.goto(f"{self.platform.origin}/account/sign-up/")
        sign_up(page, self.platform, who)
        if invited_by:
            page.get_by_role("button", name="Join the team").click()
            expect(page).to_have_url(f"{self.platform.origin}/studio/")
        else:
            expect(page).to_have_url(f"{self.platform.origin}/account/")
        self.cookies[who.name] = page.context.cookies()

    def let_in(self, visitor: Visitor, who: Someone) -> None:
        """Signed in."""
        visitor.context.add_cookies(list(self.cookies[who.name]))

    def read_key(self, desk: Page) -> None:
        """Server and stream key, as they stand on the owner's desk once the key is asked for."""
        desk.goto(self.platform.origin + DESK)
        expect(desk.locator("#stream-key")).to_have_count(0)
        desk.get_by_role("button", name="Show the key").click()
        self.key = desk.locator("#stream-key").input_value()
        self.ingest = desk.locator("#server").input_value()

    def publish(self) -> Publisher:
        """Stream; what streamed before is gone."""
        if self.publisher:
            self.publisher.kill()
        self.publisher = Publisher(self.film, self.ingest + self.key)
        return self.publisher

    def state(self) -> dict[str, Any]:
        """What pages are told of the moment; {} before anything was ever on."""
        status, _, body = self.platform.get(STATE)
        return dict(json.loads(body)) if status == 200 else {}

    def comes_to(self, state: str, **show: str) -> None:
        """Wait until this is what pages are told, of a show with these values."""

        def told() -> bool:
            now = self.state()
            return now.get("state") == state and show.items() <= (now.get("show") or {}).items()

        until(told, what=f"{state} with {show}: {self.state()}")

    def stop(self) -> None:
        if self.publisher:
            self.publisher.kill()


def plays(page: Page) -> None:
    """Time goes by in the video, and there is a picture in it."""
    expect(page.locator("[data-player]")).to_have_attribute("data-state", "playing", timeout=60_000)
    begun = second(page)
    until(lambda: second(page) > begun + 0.5 and colours(page) > 5, what=f"a moving picture from {begun} s on")


def title(page: Page) -> Locator:
    """Of what is on stage."""
    return page.locator("[data-slot=title]")


def wall(page: Page) -> Locator:
    """Why one may not watch."""
    return page.locator(".live-wall h2")


def says(page: Page, words: str) -> None:
    """Write in the chat, and see that the room has taken it."""
    box = page.locator("#chat-message")
    box.fill(words)
    box.press("Enter")
    expect(page.locator("[data-chat-list] > li:not([data-pending])", has_text=words)).to_be_visible()


def said(page: Page, words: str) -> Locator:
    """The message with these words."""
    return page.locator("[data-chat-list] > li", has_text=words)


def does(page: Page, words: str, what: str) -> None:
    """What a moderator does with the message that has these words."""
    said(page, words).hover()
    said(page, words).locator(".chat-do").click()
    page.get_by_role("menuitem", name=what).click()


def fetched(address: str, *, origin: str | None = None) -> tuple[int, bytes]:
    """Status and body, as a program gets them that has nothing but the address."""
    request = urllib.request.Request(address, headers={"origin": origin} if origin else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
