"""Take the pictures of docs/pictures/: what the templates look like in three brands, on a desk and on a phone.

`make pictures` does it anew. Two runs on one machine give the same pictures.
"""

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from tests.e2e.brands import ROOT, Brand, brands
from tests.e2e.browser import a_browser, open_site

OUT = ROOT / "docs" / "pictures"
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LETTER = ""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of a brand: the page at `path` (LETTER for a mail); `whole` has all of it, else what the eye meets first."""

    name: str
    says: str
    path: str
    brand: str = "demo"
    theme: Literal["dark", "light"] = "dark"
    view: ViewportSize
    whole: bool = False


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
)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, a_browser() as browser:
        known = brands(Path(folder), cache=Path(folder) / "cache")
        for shot in SHOTS:
            print(f"docs/pictures/{shot.name}.webp  {_take(browser, shot, known[shot.brand]) / 1000:.0f} kB")
    lines = [f"## {shot.says}\n\n![{shot.says}]({shot.name}.webp)\n" for shot in SHOTS]
    (OUT / "README.md").write_text("# Pictures\n\nTaken by `make pictures`.\n\n" + "\n".join(lines), encoding="utf-8")


def _take(browser: Browser, shot: Shot, brand: Brand) -> int:
    """Write the picture; its size in bytes."""
    context = browser.new_context(
        viewport=shot.view,
        color_scheme=shot.theme,
        device_scale_factor=2 if shot.view is PHONE else 1,
        reduced_motion="reduce",
        service_workers="block",
    )
    page = context.new_page()
    if shot.path == LETTER:
        page.set_content(brand.letter)  # a mail program knows nothing of the site's security policy
    else:
        page.goto(open_site(context, brand) + shot.path, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    taken = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole)))
    context.close()
    path = OUT / f"{shot.name}.webp"
    taken.convert("RGB").save(path, quality=84, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    main()
