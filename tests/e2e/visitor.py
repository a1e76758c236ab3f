"""A visitor: a page in a browser of their own, with everything noted that must not happen while they look around."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

Theme = Literal["dark", "light"]

_AXE = Path(__file__).with_name("vendor") / "axe-core" / "axe.min.js"
MOST_SHIFT = 0.001
_DESK = (1280, 800)
_PHONE = (320, 640)

# Runs before the page's own: what is refused by the policy, and how far things moved while the page loaded.
_NOTE = """
globalThis.noted = { refused: [], shift: 0 };
addEventListener("securitypolicyviolation", (event) =>
  noted.refused.push(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) noted.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

_PICTURES_ARE_THERE = """() => new Promise((done) => {
  const look = () => [...document.images].every(({ complete }) => complete) ? done() : requestAnimationFrame(look);
  look();
})"""
_LINKS = "() => [...document.querySelectorAll('main a[href]')].map((link) => link.getAttribute('href'))"


@dataclass(kw_only=True)
class Visitor:
    """`page` is what they look at. `faults` are messages of the console, refusals and failed requests, in order."""

    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)

    def forgive(self, pattern: str) -> None:
        """Faults that match are what this test is about."""
        self._forgiven.append(pattern)

    def unforgiven(self) -> list[str]:
        """All faults so far, those of the page shown included."""
        faults = self.faults + [f"{self.page.url}: {refused}" for refused in self.refusals()]
        return [fault for fault in faults if not any(re.search(pattern, fault) for pattern in self._forgiven)]

    def go(self, address: str, *, status: int = 200) -> None:
        """Open the address, which answers with this status, and wait until all of the page is there."""
        response = self.page.goto(address, wait_until="load")
        assert response is not None
        assert response.status == status, f"{address} answered {response.status}"
        self.page.evaluate("document.fonts.ready.then(() => true)")

    def shift(self) -> float:
        """How far what was shown moved while the page came (CLS), fonts and pictures further down included.

        The least of three loads where the first has moved: on a busy machine a font can come too late for its
        fallback once. What moves by its making moves each time.
        """
        moved = self._moved()
        for _ in range(2):
            if moved > MOST_SHIFT:
                self.page.reload(wait_until="load")
                moved = min(moved, self._moved())
        return moved

    def _moved(self) -> float:
        self.page.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
        self._complete()
        self.page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        self._painted()
        return float(self.page.evaluate("noted.shift"))

    def width_on_a_phone(self) -> int:
        """How wide the page is on a screen of 320 pixels."""
        self.page.set_viewport_size({"width": _PHONE[0], "height": _PHONE[1]})
        width = int(self.page.evaluate("document.scrollingElement.scrollWidth"))
        self._complete()  # a phone gets pictures of its own: do not leave while they come
        self.page.set_viewport_size({"width": _DESK[0], "height": _DESK[1]})
        self._complete()
        return width

    def barriers(self) -> list[str]:
        """What axe finds, each with the elements concerned."""
        # By evaluate: the page's policy rightly refuses a script element. Once a page: it is half a megabyte.
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(_axe())
        found: dict[str, Any] = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def links(self) -> set[str]:
        """The paths that the links in the main part of the page shown lead to."""
        return {urlsplit(link).path for link in self.page.evaluate(_LINKS)}

    def refusals(self) -> list[str]:
        """What the policy of the page shown has refused."""
        return list(self.page.evaluate("globalThis.noted?.refused ?? []"))

    def _complete(self) -> None:
        """Wait for the pictures of what is shown now."""
        self._painted()
        # Not by wait_for_function: it evaluates in the page, whose policy rightly forbids that.
        self.page.evaluate(_PICTURES_ARE_THERE)

    def _painted(self) -> None:
        """Wait until the page is painted anew: pictures are chosen and shifts told of in that step."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        # What answers with an error is noted below; the browser says it once more.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"{self.page.url}: console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # Aborted is what nobody waits for any more, such as the icon of a page just left.
        if request.failure == "net::ERR_ABORTED":
            return
        self.faults.append(f"{self.page.url}: {request.method} {request.url} failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.faults.append(f"{self.page.url}: {response.request.method} {response.url} answered {response.status}")


@contextmanager
def a_visitor(
    browser: Browser,
    *,
    javascript: bool = True,
    theme: Theme = "dark",
    still: bool = False,
    service_worker: bool = False,
) -> Iterator[Visitor]:
    """Someone with nothing in their cache; `still` where they asked their system for less motion.

    The site's service worker comes along where a test is about it: with one in each visitor's browser, on a busy machine, a
    page was seen to stay in the middle of a navigation for ever.
    """
    context = browser.new_context(
        viewport={"width": _DESK[0], "height": _DESK[1]},
        java_script_enabled=javascript,
        color_scheme=theme,
        reduced_motion="reduce" if still else "no-preference",
        service_workers="allow" if service_worker else "block",
    )
    if javascript:
        context.add_init_script(_NOTE)
    visitor = Visitor(context=context, page=context.new_page())
    visitor.watch()
    if not service_worker:
        visitor.forgive("Service Worker registration blocked by Playwright$")
    if not javascript:
        visitor.forgive(r"\.js failed: csp$")  # Chromium's way to say that it has not fetched a script
    try:
        yield visitor
    finally:
        context.close()


def one_of(path: str, linked: set[str]) -> str:
    """The path; of one with names in braces, of which there are many, the first that is `linked`."""
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
    found = [path] if "{" not in path else sorted(filter(pattern.fullmatch, linked))
    assert found, f"nothing leads to {path}"
    return found[0]


@cache
def _axe() -> str:
    return _AXE.read_text(encoding="utf-8")
