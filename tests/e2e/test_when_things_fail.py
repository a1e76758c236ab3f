"""The site as an app, and what its visitors see while something behind it is edited, broken, killed or gone."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, onboarded
from tests.e2e.local_platform import LocalPlatform, until

pytestmark = pytest.mark.browser

_KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
  }
  return found;
}"""
_WORKER = """() => new Promise((done) => {
  navigator.serviceWorker.addEventListener("controllerchange", done, { once: true });
  if (navigator.serviceWorker.controller) done();
})"""


@pytest.fixture(scope="module")
def lyra(home: Path) -> Iterator[LocalPlatform]:
    with onboarded(home, "lyra", "Lyra Example") as platform:
        yield platform


def write(page: Page, subject: str) -> None:
    page.get_by_label("Your name").fill("Fan Tester")
    page.get_by_label("Your e-mail").fill("fan@example.org")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Your message").fill(f"Hello, this is about {subject}.")


def with_worker(page: Page) -> None:
    """Wait until the service worker answers for the page."""
    page.evaluate(_WORKER)


def test_the_site_can_be_installed(lyra: LocalPlatform, visit: Visit) -> None:
    visitor = visit(service_worker=True)
    for locale, start in (("en", "/"), ("de", "/de/")):
        visitor.go(lyra.origin + start)
        chromium = visitor.context.new_cdp_session(visitor.page)
        read = chromium.send("Page.getAppManifest")
        assert read["errors"] == []
        app = json.loads(read["data"])
        assert (app["lang"], app["start_url"], app["display"]) == (locale, start, "standalone")
        faults = chromium.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [fault["errorId"] for fault in faults if fault["errorId"] != "in-incognito"] == []
        sizes = visitor.page.evaluate(
            """(icons) => Promise.all(icons.map(async ({ src }) => {
                 const image = new Image();
                 image.src = src;
                 await image.decode();
                 return `${image.naturalWidth}x${image.naturalHeight}`;
               }))""",
            app["icons"],
        )
        assert sizes == [icon["sizes"] for icon in app["icons"]]


def test_the_worker_keeps_neither_what_is_personal_nor_pages(lyra: LocalPlatform, visit: Visit) -> None:
    visitor = visit(service_worker=True)
    page = visitor.page
    visitor.go(lyra.origin)
    with_worker(page)
    for path in ("/", "/contact/", "/de/", "/de/privacy/"):
        visitor.go(lyra.origin + path)
    assert (
        page.evaluate("fetch('/api/contact/token').then((answer) => answer.headers.get('cache-control'))") == "no-store"
    )
    kept = page.evaluate(_KEPT)
    assert {"/offline/", "/de/offline/"} <= set(kept)
    assert [path for path in kept if not path.startswith("/assets/") and not path.endswith("/offline/")] == []


def test_an_edit_of_the_creators_file_shows_and_a_fault_in_it_leaves_the_old_site(
    lyra: LocalPlatform, visit: Visit
) -> None:
    visitor = visit(service_worker=True)
    page = visitor.page
    sound = lyra.creator_file.read_text(encoding="utf-8")
    number = next(n for n, line in enumerate(sound.splitlines(), 1) if line.startswith("currency:"))

    before = len(lyra.said)
    lyra.creator_file.write_text(sound.replace("currency: EUR", "currency: EURO"), encoding="utf-8")
    lyra.hear(f"creators/lyra.yaml:{number}:", after=before)
    visitor.go(lyra.origin)
    expect(page.get_by_role("heading", level=1)).to_have_text("Lyra Example")

    before = len(lyra.said)
    edited = sound.replace('  tagline:\n    en: ""', "  tagline:\n    en: Seen at once.")
    assert edited != sound
    lyra.creator_file.write_text(edited, encoding="utf-8")
    lyra.hear("taken over", after=before)
    visitor.go(lyra.origin)
    expect(page.locator("h1 + .lead")).to_have_text("Seen at once.")


def test_a_message_sent_while_the_cloud_is_killed_arrives_once(lyra: LocalPlatform, visit: Visit) -> None:
    visitor = visit(service_worker=True)
    visitor.forgive(r"answered 50\d|failed")
    page = visitor.page
    visitor.go(f"{lyra.origin}/contact/")
    with page.expect_response("**/api/contact/token"):
        write(page, "a crash")
    before = len(lyra.said)
    os.kill(lyra.process_of("local.emulator_server"), signal.SIGKILL)
    status, headers, body = lyra.get("/api/contact/token")
    if status != 200:
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert json.loads(body)["code"] == "unavailable"

    def sent() -> bool:
        if page.url.endswith("/contact/sent/"):
            return True
        if page.get_by_role("alert").is_visible():
            assert "We cannot reach our server right now" in page.get_by_role("alert").inner_text()
            page.get_by_role("button", name="Send message").click()
        page.wait_for_timeout(100)  # lets Playwright hear what the page does
        return False

    page.get_by_role("button", name="Send message").click()
    until(sent, what="the message sent")
    lyra.hear("starting it again with what it had saved", after=before)
    lyra.both_mails(about="a crash")


def test_without_a_server_the_site_says_so_in_its_language_and_keeps_what_was_typed(
    lyra: LocalPlatform, visit: Visit
) -> None:
    reader, writer = visit(service_worker=True), visit(service_worker=True)
    for visitor in (reader, writer):
        visitor.forgive(r"ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|fetch")
    reader.go(f"{lyra.origin}/de/")
    with_worker(reader.page)
    writer.go(f"{lyra.origin}/contact/")
    with writer.page.expect_response("**/api/contact/token"):
        write(writer.page, "a long wait")

    lyra.stop()
    page = reader.page
    page.goto(f"{lyra.origin}/de/privacy/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du bist offline")
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")
    assert reader.barriers() == []
    page.goto(f"{lyra.origin}/imprint/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are offline")
    writer.page.get_by_role("button", name="Send message").click()
    expect(writer.page.get_by_role("alert")).to_contain_text("We cannot reach our server right now", timeout=15_000)
    expect(writer.page.get_by_label("Your message")).to_have_value("Hello, this is about a long wait.")

    lyra.start()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imprint")
    writer.page.get_by_role("button", name="Send message").click()
    expect(writer.page).to_have_url(f"{lyra.origin}/contact/sent/", timeout=15_000)
    lyra.both_mails(about="a long wait")
