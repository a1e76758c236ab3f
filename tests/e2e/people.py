"""People at their browsers: what they do to come in, the app on their phone, and what they find in their mailbox."""

import base64
import hmac
import re
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.local_platform import LocalPlatform, until

CODE = re.compile(r"^\s*(\d{4} ?\d{4})\s*$", re.MULTILINE)
LINK = re.compile(r"https?://[^\s/]+(/account/\S+)")
PERIOD = 30
_ASK = """async ([path, sent]) => {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(sent) });
  return [answer.ok, await answer.json()];
}"""
_MARGIN = 10
"""Seconds that a code has to be good for when it is given, for whoever types and waits."""


@dataclass(kw_only=True)
class Someone:
    """A person as they know themselves; `app` is what their phone shows codes by, where they have set it up."""

    name: str
    email: str
    password: str = field(repr=False)
    app: "App | None" = None


@dataclass(kw_only=True)
class App:
    """An authenticator app (RFC 6238), set up with a secret as it is shown; it gives no code twice."""

    secret: str = field(repr=False)
    _given: int = 0

    def code(self) -> str:
        """A code of a phone whose clock is half a minute off at most, as the platform allows; waits for a fresh one."""

        def fresh() -> int | None:
            now = time.time()
            period = max(self._given + 1, int(now + _MARGIN) // PERIOD - 1)
            return period if period <= int(now) // PERIOD + 1 else None

        self._given = until(fresh, what="the app's next code") or 0
        key = base64.b32decode("".join(self.secret.split()))
        mac = hmac.digest(key, struct.pack(">Q", self._given), "sha1")
        number = struct.unpack_from(">I", mac, mac[-1] & 15)[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06d}"


@dataclass(kw_only=True)
class Mailbox:
    """One person's mail, each read once. `read` is how many have been; else all that are there by now."""

    platform: LocalPlatform
    address: str
    read: int = -1

    def __post_init__(self) -> None:
        if self.read < 0:
            self.read = len(self._texts())

    def next(self, pattern: re.Pattern[str]) -> str:
        """What the pattern's group finds in the next mail with it; waits for the mail."""

        def found() -> str | None:
            texts = self._texts()
            for read, text in enumerate(texts[self.read :], self.read + 1):
                if match := pattern.search(text):
                    self.read = read
                    return match[1]
            return None

        return until(found, what=f"a mail to {self.address} with {pattern.pattern}") or ""

    def _texts(self) -> list[str]:
        """The oldest first."""
        return [mail["text"] for mail in reversed(self.platform.mails()) if mail["to"] == [self.address]]


def sign_up(page: Page, platform: LocalPlatform, who: Someone) -> None:
    """From the page that asks for name and address to the first page behind it."""
    mailbox = Mailbox(platform=platform, address=who.email)
    page.get_by_label("Name", exact=True).fill(who.name)
    page.get_by_label("E-mail", exact=True).fill(who.email)
    page.get_by_role("button", name="Mail me a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    confirm(page, mailbox, who)


def confirm(page: Page, mailbox: Mailbox, who: Someone) -> None:
    """Type the mailed code and choose the password."""
    page.get_by_role("textbox", name="Code").fill(mailbox.next(CODE))
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Go on").click()


def sign_in(page: Page, who: Someone) -> None:
    """From the page that asks who it is to the first page behind it."""
    page.get_by_label("E-mail", exact=True).fill(who.email)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if who.app is not None:
        expect(heading(page)).to_have_text("One more step")
        page.get_by_role("textbox", name="Code").fill(who.app.code())
        page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page, platform: LocalPlatform) -> None:
    page.goto(f"{platform.origin}/account/")
    page.get_by_role("button", name="Sign out").click()
    expect(done(page)).to_have_text("You are signed out.")


def set_up_app(page: Page, platform: LocalPlatform, who: Someone) -> list[str]:
    """Turn the second factor on; the recovery codes as they are shown, this once."""
    page.goto(f"{platform.origin}/account/security/totp/")
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code with your secret")).to_be_visible()
    who.app = App(secret=page.locator(".own-secret").inner_text())
    page.get_by_role("textbox", name="Code").fill(who.app.code())
    page.get_by_role("button", name="Turn on").click()
    expect(heading(page)).to_have_text("Keep these codes safe")
    return page.locator(".codes li").all_inner_texts()


def with_a_fingerprint(page: Page) -> None:
    """Chromium's own stand-in for a device that knows its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    knows = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True, **knows}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_passkey(page: Page, who: Someone, *, name: str) -> None:
    """On the page of one's passkeys, in a browser that can make some."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Add passkey").click()
    expect(done(page)).to_have_text("The passkey is added.")
    expect(page.get_by_role("list", name="Your passkeys")).to_contain_text(name)


def ask(page: Page, path: str, sent: dict[str, Any]) -> Any:
    """What the platform answers to this JSON, in the name of who is signed in here; AssertionError where it refuses."""
    ok, answer = page.evaluate(_ASK, [path, sent])
    assert ok, f"{path} answered {answer}"
    return answer


def done(page: Page) -> Locator:
    """What the page says has just been done."""
    return page.locator(".flash")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def sections(page: Page) -> list[str]:
    """What the studio's rail leads to, for who is signed in."""
    return page.locator(".rail-nav a").all_inner_texts()
