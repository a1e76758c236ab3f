"""Every page of every example brand in a real browser: nothing overflows, shifts, fails or shuts anyone out."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from lambdas.core.feature import Page
from lambdas.features.registry import FEATURES, active_features
from tests.e2e.brands import Brand
from tests.e2e.browser import open_site
from tests.e2e.visitor import MOST_SHIFT, Theme, a_visitor

pytestmark = pytest.mark.browser

IDS = ("demo", "fauxcast", "keramik", "bare", "longest")


def everywhere(brand: Brand) -> tuple[str, ...]:
    return (*brand.pages, *brand.answers)


def unseen(brand: Brand) -> tuple[str, ...]:
    """All but what `test_every_page.py` looks at: the demo's pages, in both languages and themes."""
    return tuple(brand.answers) if brand.creator.id == "demo" else everywhere(brand)


def test_all_example_brands_are_looked_at(built: dict[str, Brand]) -> None:
    assert set(IDS) == set(built)


@pytest.mark.parametrize(
    ("name", "theme"),
    [
        ("demo", "dark"),
        ("demo", "light"),
        ("bare", "light"),
        ("fauxcast", "dark"),
        ("keramik", "light"),
        ("longest", "dark"),
    ],
)
def test_pages_shut_nobody_out_and_break_no_rule(
    browser: Browser, built: dict[str, Brand], name: str, theme: Theme
) -> None:
    with a_visitor(browser, theme=theme, still=True) as visitor:
        origin = open_site(visitor.context, built[name])
        for path in unseen(built[name]):
            visitor.go(origin + path)
            # A word too long for its line may break elsewhere in the fallback font than in the real one.
            assert name == "longest" or visitor.shift() <= MOST_SHIFT, path
            assert visitor.barriers() == [], path
        assert visitor.unforgiven() == []


@pytest.mark.parametrize("name", IDS)
def test_pages_fit_every_screen(browser: Browser, built: dict[str, Brand], name: str) -> None:
    brand = built[name]
    context = browser.new_context()
    page, origin = context.new_page(), open_site(context, brand)
    for path in everywhere(brand):
        page.goto(origin + path, wait_until="load")
        for width in (320, 390, 831, 832, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


def test_the_narrowest_screen_shuts_nobody_out(browser: Browser, built: dict[str, Brand]) -> None:
    with a_visitor(browser, still=True) as visitor:
        origin = open_site(visitor.context, built["demo"])
        visitor.page.set_viewport_size({"width": 320, "height": 640})
        for path in everywhere(built["demo"]):
            visitor.go(origin + path)
            assert visitor.barriers() == [], path


def test_a_form_with_faults_puts_the_reader_at_their_sum(browser: Browser, built: dict[str, Brand]) -> None:
    context = browser.new_context()
    page, origin = context.new_page(), open_site(context, built["demo"])
    for path in ("/en/faults/", "/de/review/", "/de/refused/"):
        page.goto(origin + path, wait_until="load")
        assert _focused(page) == "summary", path
    page.goto(origin + "/en/faults/")
    page.click(".summary a >> nth=1")
    assert page.evaluate("document.activeElement.id") == "message"
    context.close()


@pytest.mark.parametrize("name", IDS)
def test_home_shows_no_empty_block(browser: Browser, built: dict[str, Brand], name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(open_site(context, built[name]) + "/")
    empty = page.eval_on_selector_all(
        "section, ul, p, h1, h2", "all => all.filter(e => !e.textContent.trim()).map(e => e.outerHTML)"
    )
    assert empty == []
    context.close()


@pytest.fixture(scope="module")
def busy(built: dict[str, Brand], tmp_path_factory: pytest.TempPathFactory) -> Brand:
    """The demo with more pages in its navigation than a header holds."""
    more = tuple(Page(path=f"/more-{n}/", template="site/offline.html.j2", nav="contact") for n in range(6))
    known = tuple(replace(f, pages=f.pages + more) if f.name == "contact" else f for f in FEATURES)
    return replace(built["demo"], work=tmp_path_factory.mktemp("busy"), known=known)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_full_navigation_is_a_menu_on_a_phone(browser: Browser, busy: Brand, scripts: bool) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 700}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(open_site(context, busy) + "/")
    links = page.locator("header .menu a")
    expect(links).to_have_count(5)
    expect(links.first).to_be_hidden()
    page.focus("header summary")
    page.keyboard.press("Enter")
    expect(links.first).to_be_visible()
    if scripts:
        page.keyboard.press("Escape")
        expect(links.first).to_be_hidden()
        expect(page.locator("header summary")).to_be_focused()
    named = [page for feature in active_features(busy.creator, busy.known) for page in feature.pages if page.nav]
    expect(page.locator("footer a")).to_have_count(len(named) + 2)
    context.close()


def _focused(page: Tab) -> str:
    return str(page.evaluate("document.activeElement.classList[0]"))
