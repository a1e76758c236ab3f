"""Take the pictures of docs/pictures/: what the templates look like in three brands, on a desk and on a phone.

`make pictures` does it anew. Two runs on one machine give the same pictures.
"""

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from frontend_template.build import build_site
from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.core.creator import Creator, Locale
from lambdas.core.errors import FieldError
from lambdas.core.forms import Form
from lambdas.features.creator_files import new_creator, read_creator
from lambdas.features.registry import active_features
from tests.e2e.browser import a_browser, open_site

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "pictures"
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

Theme = Literal["dark", "light"]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: a page of a brand's site; `whole` has all of it, else what the eye meets first."""

    name: str
    says: str
    brand: str
    path: str
    theme: Theme
    view: ViewportSize
    whole: bool = False


SHOTS = (
    Shot(name="home-dark", says="Home: the picture is the light", brand="demo", path="/", theme="dark", view=DESK),
    Shot(name="home-light", says="By day, in German", brand="demo", path="/de/", theme="light", view=DESK, whole=True),
    Shot(name="home-phone", says="On a phone", brand="demo", path="/", theme="dark", view=PHONE, whole=True),
    Shot(
        name="contact-faults",
        says="The contact form after an error, without JavaScript",
        brand="demo",
        path="/de/api/contact",
        theme="dark",
        view=DESK,
    ),
    Shot(name="contact-phone", says="The contact form", brand="demo", path="/contact/", theme="light", view=PHONE),
    Shot(name="offline-phone", says="Without a network", brand="demo", path="/de/offline/", theme="dark", view=PHONE),
    Shot(name="letter", says="The mail a creator gets", brand="demo", path="/letter", theme="light", view=PHONE),
    Shot(
        name="keramik-home",
        says="A light brand with a long name",
        brand="keramik",
        path="/",
        theme="light",
        view=DESK,
        whole=True,
    ),
    Shot(name="keramik-phone", says="The same on a phone", brand="keramik", path="/en/", theme="dark", view=PHONE),
    Shot(
        name="fauxcast-home",
        says="A dark brand in one language, with links and no words",
        brand="fauxcast",
        path="/",
        theme="dark",
        view=DESK,
        whole=True,
    ),
    Shot(name="fauxcast-phone", says="The same on a phone", brand="fauxcast", path="/", theme="dark", view=PHONE),
    Shot(
        name="bare-home",
        says="Nothing but a name: no picture, no text",
        brand="bare",
        path="/",
        theme="dark",
        view=DESK,
    ),
)


def brands() -> Mapping[str, tuple[Creator, Path]]:
    """The demo, the examples of docs/examples/ and one with nothing but a name; each with its folder of pictures."""
    files = [ROOT / "creators" / "demo.yaml", *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]
    found = {file.stem: (read_creator(file), file.with_suffix("")) for file in files}
    bare = new_creator({"id": "bare", "name": "Nobody", "domain": "nobody.example", "email": "post@nobody.example"})
    return {**found, "bare": (bare, ROOT / "creators" / "bare")}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, a_browser() as browser:
        sites = {
            name: _built(creator, source, Path(folder) / name, Path(folder) / "cache")
            for name, (creator, source) in brands().items()
        }
        for shot in SHOTS:
            size = _take(browser, shot, *sites[shot.brand])
            print(f"docs/pictures/{shot.name}.webp  {size / 1000:.0f} kB")
    lines = [f"## {shot.says}\n\n![{shot.says}]({shot.name}.webp)\n" for shot in SHOTS]
    (OUT / "README.md").write_text("# Pictures\n\nTaken by `make pictures`.\n\n" + "\n".join(lines), encoding="utf-8")


def _built(creator: Creator, source: Path, out: Path, cache: Path) -> tuple[Path, Mapping[str, str]]:
    """The site's folder, and what only the API renders: a form with faults, a letter."""
    features = active_features(creator)
    build_site(creator, features=features, source=source, out=out, cache=cache)
    renderer = Renderer(
        creator, features, AssetManifest.model_validate_json((out / "assets/manifest.json").read_bytes())
    )
    message = SimpleNamespace(
        name="Ada Fan",
        email="ada@fan.example",
        subject="Thursday",
        body="Dear Mira,\n\nwill there be a song about lighthouses this week? I would bring my own foghorn.\n\nAda",
        received_at=datetime(2027, 3, 4, 19, 30, tzinfo=UTC),
    )
    rendered = {"/letter": renderer.letter("contact/received", creator.locale, {"message": message}).html}
    for locale in creator.languages:
        path = f"/{locale}/api/contact"
        rendered[path] = renderer.page("/contact/", locale, {"form": _faulty(locale)})
    return out, rendered


def _faulty(locale: Locale) -> Form:
    typed = {"name": "Ada Fan", "email": "ada@fan", "subject": "", "message": "Ahoi!", "language": locale}
    return Form(
        values=typed,
        errors=(
            FieldError(path="email", code="invalid_email", message="This is no e-mail address."),
            FieldError(path="message", code="too_short", message="Write more.", params={"min": 10}),
        ),
    )


def _take(browser: Browser, shot: Shot, site: Path, rendered: Mapping[str, str]) -> int:
    """Write the picture; its size in bytes."""
    context = browser.new_context(
        viewport=shot.view,
        color_scheme=shot.theme,
        device_scale_factor=2 if shot.view is PHONE else 1,
        reduced_motion="reduce",
        service_workers="block",
    )
    page = context.new_page()
    page.goto(open_site(context, site, name=shot.brand, pages=rendered) + shot.path, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    taken = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole)))
    context.close()
    path = OUT / f"{shot.name}.webp"
    taken.convert("RGB").save(path, quality=84, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    main()
