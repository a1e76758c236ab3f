"""Every page of one's account and every screen of the studio, as the manifests have them, with something in each to look at."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from lambdas.core.creator import Locale
from lambdas.features.registry import FEATURES
from local.demo_people import PEOPLE
from tests.e2e.conftest import Visit
from tests.e2e.demo import demo
from tests.e2e.local_platform import LocalPlatform
from tests.e2e.people import LINK, App, Mailbox, Someone, add_passkey, ask, sign_in, with_a_fingerprint
from tests.e2e.visitor import MOST_SHIFT, Theme, Visitor, a_visitor, one_of

pytestmark = pytest.mark.browser

ACCOUNT = tuple(page.path for feature in FEATURES for page in feature.pages if page.path.startswith("/account/"))
# How a stream went can be seen when there was one: `test_live.py` looks at that.
SCREENS = tuple(
    screen.path for feature in FEATURES for screen in feature.screens if screen.path != "/studio/live/sessions/{id}/"
)
SECTIONS: Mapping[str, tuple[str, ...]] = {
    section or "overview": tuple(path for path in SCREENS if path.split("/")[2] == section)
    for section in dict.fromkeys(path.split("/")[2] for path in SCREENS)
}
"""The screens of each part of the studio, in the order in which they lead to one another."""
KNOWN = frozenset(path for path in SCREENS if "{" not in path)
ENTERING = ("sign-up", "confirm", "sign-in", "second-factor", "forgot")
"""Below /account/: pages for those who are not signed in."""

STEP = "__Host-step"
DESK, PHONE = (1440, 900), (390, 844)


@dataclass(kw_only=True)
class House:
    """The demo, furnished. `cookies` are the owner's.

    Some pages show one step of something: `steps` are the cookies that hold it, and `queries` what
    their address says, by path.
    """

    platform: LocalPlatform
    cookies: list[Any]
    steps: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    language: str = ""

    def enter(self, visitor: Visitor) -> None:
        """As the owner."""
        visitor.context.add_cookies(self.cookies)

    def open(self, visitor: Visitor, path: str, locale: Locale) -> None:
        """This page of an account in this language, at the step that it shows."""
        if step := self.steps.get(path):
            visitor.context.add_cookies([step])
        visitor.go(self.platform.origin + ("" if locale == "en" else f"/{locale}") + path + self.queries.get(path, ""))
        assert urlsplit(visitor.page.url).path.endswith(path), f"{path} led to {visitor.page.url}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    # A folder of its own: what is furnished here is not what other modules find in the demo.
    with (
        demo(tmp_path_factory.mktemp("studio")) as platform,
        a_visitor(browser) as owners,
        a_visitor(browser) as guests,
    ):
        yield _furnished(platform, owners.page, guests.page)


def _furnished(platform: LocalPlatform, page: Page, guests: Page) -> House:
    """With an app, a passkey, an invitation, a role and a version of the colours; and halfway into every step there is."""
    mira = PEOPLE[0]
    owner = Someone(name=mira.name, email="mira@demo.example", password=mira.password)
    with_a_fingerprint(page)
    page.goto(f"{platform.origin}/account/security/passkeys/")
    sign_in(page, owner)
    add_passkey(page, owner, name="Mira's phone")
    passkey = page.get_by_role("list", name="Your passkeys").get_by_role("link").get_attribute("href") or ""
    colours = {"primary": "#0B5D3B", "accent": "#FF7A1A", "theme": "auto", "version": 0}
    ask(page, "/studio/settings/brand", colours)
    ask(page, "/studio/team/roles/new/", {"name": "Front of house", "permissions": ["contact.messages.read"]})
    mailbox = Mailbox(platform=platform, address="front@house.example")
    ask(page, "/studio/team/invite/", {"email": mailbox.address, "role": "support", "locale": "en"})

    house = House(platform=platform, cookies=[])
    setup = ask(page, "/api/auth/totp/begin", {"password": owner.password})
    house.steps["/account/security/totp/confirm/"] = _step(page)
    ask(page, "/api/auth/totp/confirm", {"code": App(secret=setup["secret"]).code()})
    house.steps["/account/security/recovery/codes/"] = _step(page)
    ask(page, "/api/auth/email", {"password": owner.password, "email": "mira@elsewhere.example"})
    house.steps["/account/security/email/code/"] = _step(page)
    house.cookies = [cookie for cookie in page.context.cookies() if cookie["name"] != STEP]

    guests.goto(f"{platform.origin}/account/sign-in/")
    ask(guests, "/api/auth/sign-in", {"email": owner.email, "password": owner.password})
    house.steps["/account/second-factor/"] = _step(guests)
    ask(guests, "/api/auth/forgot", {"email": owner.email})
    house.steps["/account/confirm/"] = _step(guests)

    house.queries["/account/security/passkeys/one/"] = f"?{urlsplit(passkey).query}"
    house.queries["/account/invitation/"] = f"?{urlsplit(mailbox.next(LINK)).query}"
    return house


def _step(page: Page) -> Any:
    return next(cookie for cookie in page.context.cookies() if cookie["name"] == STEP)


@pytest.mark.parametrize(("locale", "theme", "size"), [("en", "dark", DESK), ("de", "light", DESK)])
def test_every_page_of_an_account_is_without_fault(
    house: House, locale: Locale, theme: Theme, size: tuple[int, int], visit: Visit
) -> None:
    guest, owner = visit(theme=theme), visit(theme=theme)
    house.enter(owner)
    wrong: list[str] = []
    for path in ACCOUNT:
        visitor = guest if path.split("/")[2] in ENTERING else owner
        _resize(visitor, size)
        house.open(visitor, path, locale)
        wrong += [f"{path}: {fault}" for fault in faults(visitor, locale, theme, size)]
    assert wrong == []


# German words are the longest, and both themes are looked at on each screen.
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(("locale", "theme", "size"), [("de", "dark", PHONE)])
def test_every_screen_of_the_studio_is_without_fault(
    house: House, section: str, locale: Locale, theme: Theme, size: tuple[int, int], visit: Visit
) -> None:
    visitor = visit(theme=theme)
    enter_in(visitor, house, locale)
    wrong: list[str] = []
    linked: set[str] = set()
    for path in SECTIONS[section]:
        _resize(visitor, size)
        visitor.go(house.platform.origin + one_of(path, linked - KNOWN))
        linked |= visitor.links()
        wrong += [f"{path}: {fault}" for fault in faults(visitor, locale, theme, size)]
    assert wrong == []


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("locale", ["en"])
def test_every_screen_of_the_studio_speaks_the_other_language_too(
    house: House, section: str, locale: Locale, visit: Visit
) -> None:
    visitor = visit()
    enter_in(visitor, house, locale)
    wrong: list[str] = []
    linked: set[str] = set()
    _resize(visitor, (320, 700))
    for path in SECTIONS[section]:
        visitor.go(house.platform.origin + one_of(path, linked - KNOWN))
        linked |= visitor.links()
        if (spoken := visitor.page.locator("html").get_attribute("lang")) != locale:
            wrong.append(f"{path}: speaks {spoken}")
        if (wide := visitor.page.evaluate("document.scrollingElement.scrollWidth")) > 320:
            wrong.append(f"{path}: {wide} px wide on a screen of 320")
        if (shift := visitor.shift()) > MOST_SHIFT:
            wrong.append(f"{path}: what is shown moves by {shift} while it loads")
        wrong += [f"{path}: {refused}" for refused in visitor.refusals()]
    assert wrong == []


def enter_in(visitor: Visitor, house: House, locale: Locale) -> None:
    """As the owner, who reads this language from now on: it is the studio's too."""
    house.enter(visitor)
    if house.language == locale:
        return
    page = visitor.page
    visitor.go(f"{house.platform.origin}/account/preferences/")
    page.locator(f"input[name=language][value={locale}]").check()
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile(r"\?done=preferences$"))
    house.language = locale


def faults(visitor: Visitor, locale: Locale, theme: Theme, size: tuple[int, int]) -> list[str]:
    """Of the page shown, as it came; then in the other theme, on the other screen, and on the narrowest."""
    page = visitor.page
    found: list[str] = []
    if (spoken := page.locator("html").get_attribute("lang")) != locale:
        found.append(f"speaks {spoken}")
    if (shift := visitor.shift()) > MOST_SHIFT:
        found.append(f"what is shown moves by {shift} while it loads")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found += [f"{theme}: {barrier}" for barrier in visitor.barriers()]
    other: Theme = "light" if theme == "dark" else "dark"
    _resize(visitor, PHONE if size == DESK else DESK)
    page.emulate_media(color_scheme=other, reduced_motion="reduce")
    found += [f"{other}: {barrier}" for barrier in visitor.barriers()]
    for width in (PHONE[0], DESK[0], 320):
        _resize(visitor, (width, 700))
        if (wide := page.evaluate("document.scrollingElement.scrollWidth")) > width:
            found.append(f"{wide} px wide on a screen of {width}")
    page.emulate_media(color_scheme=theme, reduced_motion="no-preference")
    return found + visitor.refusals()


def _resize(visitor: Visitor, size: tuple[int, int]) -> None:
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
