"""Take the pictures of docs/pictures/: what the templates look like in three brands, on a desk and on a phone, and the demo's studio.

`make pictures` does it anew. Two runs on one machine give the same pictures.
"""

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from frontend_template.cache import cache_folder
from tests.bench.pages import owners_cookies
from tests.e2e.brands import ROOT, brands
from tests.e2e.browser import a_browser, open_site
from tests.e2e.demo import demo

OUT = ROOT / "docs" / "pictures"
DESK: ViewportSize = {"width": 1440, "height": 900}
TALL: ViewportSize = {"width": 1440, "height": 1320}
PHONE: ViewportSize = {"width": 390, "height": 844}
LETTER = ""
RUNNING = ("/account/", "/studio/")
"""Below these the demo's platform answers, and its owner looks."""

# Moments are those of the run: two runs give the same pictures.
_ONE_MOMENT = """(text) => {
  for (const time of document.querySelectorAll("time")) time.textContent = text;
}"""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of a brand: the page at `path` (LETTER for a mail); `whole` has all of it, else what the eye meets first.

    `guest` sees a page of the way in.
    """

    name: str
    says: str
    path: str
    brand: str = "demo"
    theme: Literal["dark", "light"] = "dark"
    view: ViewportSize
    whole: bool = False
    guest: bool = False


SHOTS = (
    Shot(name="home-dark", says="Home: the picture is the light", path="/", view=DESK),
    Shot(name="home-light", says="By day, in German", path="/de/", theme="light", view=DESK, whole=True),
    Shot(name="home-phone", says="On a phone", path="/", view=PHONE, whole=True),
    Shot(name="contact-faults", says="After an error, without JavaScript", path="/de/faults/", view=DESK, whole=True),
    Shot(name="contact-phone", says="The contact form", path="/contact/", theme="light", view=PHONE),
    Shot(name="offline-phone", says="Without a network", path="/de/offline/", view=PHONE),
    Shot(name="letter", says="The mail a creator gets", path=LETTER, theme="light", view=PHONE),
    Shot(name="keramik-home", says="A light brand, a long name", brand="keramik", path="/", view=DESK, whole=True),
    Shot(name="keramik-phone", says="The same on a phone", brand="keramik", path="/en/", view=PHONE),
    Shot(name="fauxcast-home", says="A dark brand, one language", brand="fauxcast", path="/", view=DESK, whole=True),
    Shot(name="fauxcast-phone", says="The same on a phone", brand="fauxcast", path="/", view=PHONE),
    Shot(name="bare-home", says="Nothing but a name", brand="bare", path="/", view=DESK),
    Shot(name="sign-in", says="Signing in", path="/account/sign-in/", view=DESK, guest=True),
    Shot(name="security-phone", says="What guards an account", path="/account/security/", theme="light", view=PHONE),
    Shot(name="studio", says="The studio", path="/studio/", view=DESK),
    Shot(name="studio-phone", says="The studio on a phone", path="/studio/", view=PHONE),
    Shot(name="studio-inbox", says="Messages", path="/studio/contact/", theme="light", view=DESK),
    Shot(name="studio-team", says="The team", path="/studio/team/", view=DESK),
    Shot(name="studio-team-phone", says="The team on a phone", path="/studio/team/", theme="light", view=PHONE),
    Shot(name="studio-brand", says="Colours, tried out", path="/studio/settings/brand/", theme="light", view=TALL),
)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, a_browser() as browser, demo(Path(folder) / "home") as platform:
        known = brands(Path(folder), cache=cache_folder(Path(folder)))
        cookies = owners_cookies(browser, platform)
        for shot in SHOTS:
            context = _looking(browser, shot)
            if shot.path.startswith(RUNNING):
                context.add_cookies([] if shot.guest else cookies)
                page = _opened(context, platform.origin + shot.path)
                page.evaluate(_ONE_MOMENT, "4 March 2027, 20:30 CET")
            elif shot.path == LETTER:
                page = context.new_page()
                page.set_content(known[shot.brand].letter)  # a mail program knows nothing of the site's security policy
            else:
                page = _opened(context, open_site(context, known[shot.brand]) + shot.path)
            print(f"docs/pictures/{shot.name}.webp  {_take(page, shot) / 1000:.0f} kB")
            context.close()
    lines = [f"## {shot.says}\n\n![{shot.says}]({shot.name}.webp)\n" for shot in SHOTS]
    (OUT / "README.md").write_text("# Pictures\n\nTaken by `make pictures`.\n\n" + "\n".join(lines), encoding="utf-8")


def _looking(browser: Browser, shot: Shot) -> BrowserContext:
    return browser.new_context(
        viewport=shot.view,
        color_scheme=shot.theme,
        device_scale_factor=2 if shot.view is PHONE else 1,
        reduced_motion="reduce",
        service_workers="block",
    )


def _opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    return page


def _take(page: Page, shot: Shot) -> int:
    """Write the picture; its size in bytes."""
    page.evaluate("document.fonts.ready")
    taken = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole)))
    path = OUT / f"{shot.name}.webp"
    taken.convert("RGB").save(path, quality=84, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    main()
