"""A browser, visitors in it, and fresh creators with their platforms running."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cli.machine_checks import chromium
from frontend_template.cache import cache_folder
from tests.e2e.brands import Brand, brands
from tests.e2e.browser import a_browser
from tests.e2e.local_platform import LocalPlatform, prism, running
from tests.e2e.visitor import Visitor, a_visitor

Visit = Callable[..., Visitor]


# One a module: while Playwright runs, asyncio does not in the same process, which tests of other rooms need.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Without one these tests are skipped, but never in CI."""
    found = chromium()
    if found.state != "ok" and not os.environ.get("CI"):
        pytest.skip(f"chromium {found.found}; {found.fix}")
    # As long as Playwright waits for everything else; five seconds are short where functions start afresh.
    expect.set_options(timeout=30_000)
    with a_browser() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Makes visitors; what went wrong before their eyes fails the test."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def come(**wishes: object) -> Visitor:
            visitor = stack.enter_context(a_visitor(browser, **wishes))  # type: ignore[arg-type]
            visitors.append(visitor)
            return visitor

        yield come
        assert [fault for visitor in visitors for fault in visitor.unforgiven()] == []


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where these tests have their creators, and `prism` its state."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def built(home: Path) -> dict[str, Brand]:
    """The brands by id, each built when it is first looked at."""
    return dict(brands(home / "built", cache=cache_folder(home)))


@contextmanager
def onboarded(home: Path, creator_id: str, name: str) -> Iterator[LocalPlatform]:
    """A fresh creator by `prism add-creator`, served by `prism dev`."""
    prism(home, "add-creator", creator_id, name, f"{creator_id}.example")
    with running(home, creator_id) as platform:
        yield platform
