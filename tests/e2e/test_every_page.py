"""Every public page of every active feature as `prism dev` serves it, in every language and both themes; and every brand by keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from lambdas.core.creator import Creator, Locale
from lambdas.features.creator_files import read_creator
from lambdas.features.registry import active_features
from tests.e2e.brands import Brand
from tests.e2e.browser import open_site
from tests.e2e.conftest import Visit
from tests.e2e.demo import demo as its_platform
from tests.e2e.local_platform import LocalPlatform
from tests.e2e.visitor import MOST_SHIFT, Theme, Visitor, one_of

pytestmark = pytest.mark.browser

MISSING = "/nothing/is/here/"
MOST_STOPS = 60
BRANDS = ("demo", "fauxcast", "keramik", "bare", "longest")

# What the keyboard is at: where it is, whether it can be seen (of a large text box its beginning), and that nothing lies on it.
_STOP = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const middle = document.elementFromPoint(box.left + box.width / 2, (top + bottom) / 2);
  return {
    nth: [...document.querySelectorAll("*")].indexOf(element),
    name: element.outerHTML.slice(0, 120),
    seen: box.width > 0 && box.left >= 0 && bottom - top >= Math.min(box.height, 96) - 1,
    ring: element.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    covered: !(middle && (element.contains(middle) || middle.contains(element))),
  };
}"""
_STOPS = """() => [...document.querySelectorAll("a[href], button, input, textarea, summary")]
  .filter((element) => element.tabIndex >= 0 && element.checkVisibility()).length"""
_MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  const changes = style.transitionProperty !== "none" && style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
  return changes || style.animationName !== "none" || style.scrollBehavior === "smooth";
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with its_platform(tmp_path_factory.mktemp("demo")) as platform:
        yield platform


@pytest.fixture(scope="module")
def creator(demo: LocalPlatform) -> Creator:
    return read_creator(demo.creator_file)


def pages_of(creator: Creator) -> list[str]:
    """The paths of every public page that people read; at the end those of which there are many, with the names in braces."""
    pages = [page for feature in active_features(creator) for page in feature.pages]
    paths = [page.path for page in pages if not page.personal and page.path.endswith("/")]
    return sorted(paths, key=lambda path: "{" in path)


@pytest.mark.parametrize(("locale", "theme"), [("en", "light"), ("de", "dark")])
def test_every_page_is_without_fault(
    demo: LocalPlatform, creator: Creator, theme: Theme, locale: Locale, visit: Visit
) -> None:
    visitor = visit(theme=theme)
    linked: set[str] = set()
    wrong: list[str] = []
    for page in (*pages_of(creator), MISSING):
        path = one_of(creator.path(page, locale), linked)
        visitor.go(demo.origin + path, status=404 if page == MISSING else 200)
        linked |= visitor.links()
        assert visitor.page.locator("html").get_attribute("lang") == locale
        if (shift := visitor.shift()) > MOST_SHIFT:
            wrong.append(f"{path}: what is shown moves by {shift} while it loads")
        visitor.page.emulate_media(reduced_motion="reduce")
        wrong += [f"{path}: moves all the same: {element}" for element in visitor.page.evaluate(_MOVING)]
        visitor.page.emulate_media(reduced_motion="no-preference")
        wrong += [f"{path}: {barrier}" for barrier in visitor.barriers()]
        visitor.page.emulate_media(color_scheme="light" if theme == "dark" else "dark", reduced_motion="reduce")
        wrong += [f"{path}, in the other theme: {barrier}" for barrier in visitor.barriers()]
        visitor.page.emulate_media(color_scheme=theme, reduced_motion="no-preference")
        if (width := visitor.width_on_a_phone()) > 320:
            wrong.append(f"{path}: {width} px wide on a phone of 320")
        wrong += visitor.refusals()
    assert wrong == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_faults_of_the_form_are_told_beside_their_field_and_summed_up(
    demo: LocalPlatform, creator: Creator, theme: Theme, locale: Locale, visit: Visit
) -> None:
    visitor = visit(theme=theme)
    page = visitor.page
    visitor.go(demo.origin + creator.path("/contact/", locale))
    page.locator("#email").fill("nobody@nowhere")
    page.locator("button[type=submit]").click()
    faults_are_told(visitor)

    # And by the server, to a browser whose script has not come and that checks nothing itself.
    page.reload()
    page.locator("#email").fill("nobody@nowhere")
    page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('form'))")
    expect(page).to_have_url(f"{demo.origin}/api/contact")
    expect(page.locator("html")).to_have_attribute("lang", locale)
    faults_are_told(visitor)


def faults_are_told(visitor: Visitor) -> None:
    """Of a form with nothing in it but an address that is none."""
    page, names = visitor.page, ["name", "email", "message"]
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    for name in names:
        expect(page.locator(f"#{name}")).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{name}")).to_have_attribute("aria-describedby", f"{name}-error")
        expect(page.locator(f"#{name}-error")).to_be_visible()
    assert [link.get_attribute("href") for link in summary.get_by_role("link").all()] == [f"#{name}" for name in names]
    assert visitor.barriers() == []
    assert visitor.width_on_a_phone() <= 320
    summary.get_by_role("link").nth(1).click()
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.parametrize("name", BRANDS)
def test_a_theme_of_the_creators_choice_is_kept(built: dict[str, Brand], name: str, visit: Visit) -> None:
    brand, grounds = built[name], set()
    themes: tuple[Theme, Theme] = ("dark", "light")
    for theme in themes:
        visitor = visit(theme=theme)
        visitor.go(open_site(visitor.context, brand) + "/")
        grounds.add(visitor.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(grounds) == (2 if brand.creator.brand.theme == "auto" else 1)


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("name", BRANDS)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    built: dict[str, Brand], name: str, width: int, visit: Visit
) -> None:
    visitor = visit(still=True)
    page, origin = visitor.page, open_site(visitor.context, built[name])
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/contact/", f"/{built[name].creator.locale}/faults/"):
        visitor.go(origin + path)
        page.locator("body").evaluate(
            "(body) => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }"
        )
        stops = _stops(page)
        assert [stop for stop in stops if not (stop["seen"] and stop["ring"] and not stop["covered"])] == [], path
        assert len(stops) == page.evaluate(_STOPS), path


def test_the_first_stop_leads_past_the_header(built: dict[str, Brand], visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go(open_site(visitor.context, built["demo"]) + "/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def _stops(page: Page) -> list[dict[str, object]]:
    """Where the Tab key leads, from the top of the page to its end."""
    stops: list[dict[str, object]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        # After the last comes the browser itself, or the first again.
        if stop is None or (stops and stop["nth"] == stops[0]["nth"]):
            return stops
        stops.append(stop)
    raise AssertionError(f"more than {MOST_STOPS} stops, or a trap: {stops[-3:]}")
