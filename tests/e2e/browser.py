"""The real browser, and built sites opened in it as visitors get them: the edge's headers, no network."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright

from cli.machine_checks import chromium
from lambdas.platform.storage import SITE_INDEX
from lambdas.web import edge
from tests.e2e.brands import Brand

# A promise of HTTPS means nothing on a laptop, and browsers would not listen to it over plain HTTP.
HEADERS = {
    name: value
    for name, value in edge.security_headers(edge.MediaOrigins(player=True)).items()
    if name != "strict-transport-security"
}

LIVE_STATE = "/media/public/live/state.json"
NOTHING_ON_AIR = {
    "state": "offline",
    "show": None,
    "viewers": None,
    "since": None,
    "next": None,
    "last": None,
    "chat": False,
    "version": 1,
}

# It talks to this machine only, whatever a page or Chromium itself would like to have.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--font-render-hinting=none",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium of this machine; RuntimeError with the fix where there is none."""
    found = chromium()
    if found.state != "ok":
        raise RuntimeError(f"chromium {found.found}; {found.fix}")
    arguments = list(ARGUMENTS)
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to be root's
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.found, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def open_site(context: BrowserContext, brand: Brand) -> str:
    """Let the context see a brand's site, and what the API answers of it, at the address returned."""
    origin = f"http://{brand.creator.id}.localhost"
    objects: dict[str, Any] = json.loads((brand.site / SITE_INDEX).read_text(encoding="utf-8"))

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        key = path.removeprefix("/") + ("index.html" if path.endswith("/") else "")
        if path in brand.answers:
            route.fulfill(
                status=200, body=brand.answers[path], headers=HEADERS, content_type="text/html; charset=utf-8"
            )
        elif path == LIVE_STATE:
            route.fulfill(status=200, json=NOTHING_ON_AIR, headers=HEADERS)
        elif path == "/api/contact/token":
            route.fulfill(status=200, json={"token": "token"}, headers=HEADERS)
        elif key in objects:
            body, kind = (brand.site / key).read_bytes(), objects[key]["content_type"]
            route.fulfill(status=200, body=body, headers=HEADERS, content_type=kind)
        else:
            route.fulfill(status=404, body="", headers=HEADERS, content_type="text/plain")

    context.route(f"{origin}/**", answer)
    return origin
