"""Pages of the demo, of an account and of its studio within their budget: what counts. What takes time is measured by `make bench`."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.bench import pages
from tests.e2e.browser import a_browser
from tests.e2e.demo import demo
from tests.e2e.local_platform import LocalPlatform

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with demo(tmp_path_factory.mktemp("home")) as platform:
        yield platform


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def cookies(browser: Browser, platform: LocalPlatform) -> Sequence[Any]:
    return pages.owners_cookies(browser, platform)


@pytest.mark.parametrize("path", [*pages.PAGES, *pages.ENTERING])
def test_a_page_keeps_its_budget(browser: Browser, platform: LocalPlatform, path: str) -> None:
    keeps_its_budget(pages.weigh(browser, platform, path))


@pytest.mark.parametrize("path", [*pages.OWN, *pages.STUDIO])
def test_a_page_of_ones_own_keeps_its_budget(
    browser: Browser, platform: LocalPlatform, cookies: Sequence[Any], path: str
) -> None:
    keeps_its_budget(pages.weigh(browser, platform, path, cookies=cookies))


def keeps_its_budget(weight: pages.Weight) -> None:
    assert weight.sizes["html"] > 0, "the page was seen"
    assert weight.sizes["fonts"] > 0, "its fonts came"
    beyond = [f"{f.name}: {f.measured:g} {f.unit}, at most {f.limit:g}" for f in weight.figures() if not f.holds]
    assert beyond == []
