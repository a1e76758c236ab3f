"""What a visitor or a creator may type, and what another site may try: it stays text, and it stays outside."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.local_platform import LocalPlatform, prism, running

pytestmark = pytest.mark.browser

NAME = "Vega <b>Bold</b> & {{ 7*7 }}"
TAGLINE = "{{ 7*7 }} {% raw %} </title><script>document.title = 'mine'</script> ${7*7} \"quoted\" 'too'"
ABOUT = "{{ 7*7 }} <script>document.title = 'mine'</script> <img src=x onerror=alert(1)> [here](javascript:alert(1)) **bold**"
HOSTILE = "{{ 7*7 }} <script>document.title='mine'</script> <img src=x onerror=alert(1)> \"'>&amp; ${7*7} %0d%0a"


@pytest.fixture(scope="module")
def vega(home: Path) -> Iterator[LocalPlatform]:
    """A creator who writes into their file what they would not write into it by accident."""
    prism(home, "add-creator", "vega", NAME, "vega.example")
    file = home / "creators" / "vega.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["site"] |= {"tagline": {"en": TAGLINE, "de": TAGLINE}, "about": {"en": ABOUT, "de": ABOUT}}
    settings["legal"] |= {"responsible": HOSTILE, "address": f"{HOSTILE}\nNowhere"}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with running(home, "vega") as platform:
        yield platform


def fill_in(page: Page, text: str, *, message: str | None = None) -> None:
    page.locator("#name").fill(text[:80])
    page.locator("#email").fill("fan@example.org")
    page.locator("#subject").fill(text)
    page.locator("#message").fill(message or f"{text}\n{text}")


def test_what_a_creators_file_says_is_text(vega: LocalPlatform, visit: Visit) -> None:
    visitor = visit()
    visitor.go(vega.origin)
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.locator("h1 + .lead")).to_have_text(TAGLINE)
    expect(page).to_have_title(NAME)
    about = page.locator(".prose")
    expect(about).to_contain_text("{{ 7*7 }}")
    expect(about.locator("strong")).to_have_text("bold")
    assert about.locator("script, img, [onerror], [href^=javascript]").count() == 0
    assert page.locator("meta[name=description]").get_attribute("content") == TAGLINE

    visitor.go(f"{vega.origin}/imprint/")
    expect(page.locator("address")).to_contain_text(HOSTILE)
    status, headers, _ = vega.get("/manifest.webmanifest")
    assert (status, headers["content-type"]) == (200, "application/manifest+json")


def test_what_a_visitor_types_is_text_on_the_page_and_in_the_mails(vega: LocalPlatform, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go(f"{vega.origin}/contact/")
    fill_in(page, HOSTILE)
    page.locator("button[type=submit]").click()
    expect(page).to_have_url(f"{vega.origin}/contact/sent/")
    to_creator, to_sender = vega.both_mails(about=HOSTILE)
    assert HOSTILE in to_creator["subject"]

    visitor.go(f"{vega.origin}/_local/inbox/{to_creator['id']}")
    expect(page.get_by_role("region", name="The mail as plain text")).to_contain_text(HOSTILE)
    letter = page.frame_locator("iframe")
    expect(letter.locator("body")).to_contain_text(HOSTILE)
    expect(letter.locator("script, [onerror]")).to_have_count(0)
    # Anyone can give anyone's address: what was typed does not go there.
    assert HOSTILE not in to_sender["subject"] + to_sender["text"]


def test_what_comes_back_without_a_script_is_text(vega: LocalPlatform, visit: Visit) -> None:
    visitor = visit(javascript=False)
    page = visitor.page
    page.goto(f"{vega.origin}/contact/")
    fill_in(page, HOSTILE)
    page.locator("button[type=submit]").click()
    expect(page.locator("#name")).to_have_value(HOSTILE[:80].strip())
    expect(page.locator("#subject")).to_have_value(HOSTILE)
    expect(page.locator("#message")).to_have_value(f"{HOSTILE}\n{HOSTILE}")
    assert page.locator("script:not([src]):not([type='application/ld+json']), img[onerror]").count() == 0


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_control_characters_are_refused_beside_their_field(vega: LocalPlatform, javascript: bool, visit: Visit) -> None:
    visitor = visit(javascript=javascript)
    visitor.forgive("answered 422")
    page = visitor.page
    page.goto(f"{vega.origin}/contact/")
    fill_in(page, "bell\a and \u202eright to left", message="null\0 and escape\x1b[31m in a message")
    page.locator("button[type=submit]").click()
    summary = page.get_by_role("alert")
    for name in ("name", "subject", "message"):
        expect(page.locator(f"#{name}-error")).to_contain_text("cannot be shown")
    expect(summary.get_by_role("link")).to_have_count(3)
    expect(page.locator("#name")).to_have_value("bell\a and \u202eright to left")
    assert vega.mails(about="right to left") == []


@pytest.fixture(params=["127.0.0.1", "elsewhere.localhost", "vega.localhost"])
def elsewhere(request: pytest.FixtureRequest, vega: LocalPlatform) -> Iterator[str]:
    """Another site's page with forms that send to ours; the last one has our name and another port."""
    fields = "".join(
        f'<input name="{name}" value="{value}">'
        for name, value in {"name": "Mallory", "email": "m@example.org", "message": "Sent by another site."}.items()
    )
    page = f"""<!doctype html><html lang="en"><title>Elsewhere</title><link rel="icon" href="data:,">
      <form method="post" action="{vega.origin}/api/contact">{fields}<button>Win</button></form>
      <form method="post" action="{vega.numeric_origin}/api/contact">{fields}<button>Win too</button></form>"""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://{request.param}:{server.server_port}/"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("button", ["Win", "Win too"])
def test_another_sites_form_is_refused(vega: LocalPlatform, elsewhere: str, button: str, visit: Visit) -> None:
    page = visit().page
    page.goto(elsewhere)
    with page.expect_response("**/api/contact") as answer:
        page.get_by_role("button", name=button, exact=True).click()
    assert answer.value.status == 403
    assert answer.value.header_value("content-type") == "application/problem+json"
    assert vega.mails(about="Sent by another site.") == []


def test_another_sites_script_neither_writes_nor_reads(vega: LocalPlatform, elsewhere: str, visit: Visit) -> None:
    visitor = visit()
    visitor.forgive("CORS|ERR_FAILED|answered 403|api/contact")
    page = visitor.page
    page.goto(elsewhere)
    read, written = page.evaluate(
        """async (api) => Promise.all([
             fetch(`${api}/token`).then((answer) => answer.text(), () => "refused"),
             fetch(api, { method: "POST", mode: "no-cors", body: "name=Mallory&message=Sent+by+another+site." })
               .then((answer) => answer.type, () => "refused"),
           ])""",
        f"{vega.origin}/api/contact",
    )
    assert read == "refused"
    assert written in {"opaque", "refused"}
    assert vega.mails(about="Sent by another site.") == []
