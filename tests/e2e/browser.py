"""The real browser, and built sites opened in it as visitors get them: the edge's headers, no network."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright

from cli.machine_checks import chromium
from lambdas.platform.storage import SITE_INDEX
from lambdas.web import edge

# A promise of HTTPS means nothing on a laptop, and browsers would not listen to it over plain HTTP.
HEADERS = {name: value for name, value in edge.SECURITY_HEADERS.items() if name != "strict-transport-security"}


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium of this machine; RuntimeError with the fix where there is none."""
    found = chromium()
    if found.state != "ok":
        raise RuntimeError(f"chromium {found.found}; {found.fix}")
    arguments = ["--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to be root's
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.found, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def open_site(context: BrowserContext, folder: Path, *, name: str, pages: Mapping[str, str] | None = None) -> str:
    """Let the context see a built site at the address returned; `pages` are more HTML by path, as the API renders it."""
    origin = f"http://{name}.localhost"
    objects: dict[str, Any] = json.loads((folder / SITE_INDEX).read_text(encoding="utf-8"))

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        key = path.removeprefix("/") + ("index.html" if path.endswith("/") else "")
        if pages and path in pages:
            route.fulfill(status=200, body=pages[path], headers=HEADERS, content_type="text/html; charset=utf-8")
        elif key in objects:
            body, kind = (folder / key).read_bytes(), objects[key]["content_type"]
            route.fulfill(status=200, body=body, headers=HEADERS, content_type=kind)
        else:
            route.fulfill(status=404, body="", headers=HEADERS, content_type="text/plain")

    context.route(f"{origin}/**", answer)
    return origin
