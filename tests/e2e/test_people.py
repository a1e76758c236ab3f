"""People on their way: signing up and in, guarding an account, working in the studio, leaving; with and without JavaScript.

Everybody here comes from one address, which may ask for five mailed codes in a quarter of an hour.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Visit, onboarded
from tests.e2e.local_platform import LocalPlatform, until
from tests.e2e.people import (
    LINK,
    Mailbox,
    Someone,
    add_passkey,
    confirm,
    done,
    heading,
    sections,
    set_up_app,
    sign_in,
    sign_out,
    sign_up,
    with_a_fingerprint,
)
from tests.e2e.visitor import a_visitor

pytestmark = pytest.mark.browser

OTHERS_SECTIONS = ("/studio/settings/", "/studio/settings/brand/", "/studio/audit/", "/studio/team/invite/")


@pytest.fixture(scope="module")
def ida(home: Path) -> Iterator[LocalPlatform]:
    with onboarded(home, "ida", "Ida Example") as platform:
        yield platform


@pytest.fixture(scope="module")
def fan(ida: LocalPlatform, browser: Browser) -> Someone:
    """Somebody with an account and nothing but a password."""
    who = Someone(name="Fanny Fan", email="fanny@fan.example", password="fanny in the front row")
    with a_visitor(browser) as visitor:
        visitor.go(f"{ida.origin}/account/sign-up/")
        sign_up(visitor.page, ida, who)
        expect(heading(visitor.page)).to_have_text(who.name)
        assert visitor.unforgiven() == []
    return who


def test_an_owner_and_a_moderator_from_their_first_mail_to_a_deleted_account(ida: LocalPlatform, visit: Visit) -> None:
    owner = Someone(name="Ida Example", email="hello@ida.example", password="ida runs the show")
    helper = Someone(name="Mo Example", email="mo@example.org", password="mo keeps it friendly")
    owners, helpers = visit().page, visit().page

    owners.goto(f"{ida.origin}/account/sign-up/")
    sign_up(owners, ida, owner)
    guards_the_account(owners, ida, owner)
    is_led_back_to_what_was_interrupted(owners, ida, owner)
    invites(owners, helper, role="Moderator")
    joins(helpers, ida, helper)
    sees_what_a_moderator_may(helpers, ida)
    changes_colours(owners, visit().page, ida)
    gives_another_role(owners, ida, helper, role="Manager")
    save_at_once(owners, helpers, visit().page, ida)
    cannot_leave_a_site_without_an_owner(owners, ida, owner)
    leaves(helpers, ida, helper)


def guards_the_account(page: Page, ida: LocalPlatform, who: Someone) -> None:
    """With codes of an app, and codes on paper that are shown once."""
    expect(heading(page)).to_have_text(who.name)
    on_paper = set_up_app(page, ida, who)
    assert len(set(on_paper)) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("link", name="Second factor")).to_contain_text("On: a code from your app")
    expect(page.get_by_role("link", name="Recovery codes")).to_contain_text("10 codes left")
    page.goto(f"{ida.origin}/account/security/recovery/codes/")
    expect(heading(page)).to_have_text("Recovery codes")


def is_led_back_to_what_was_interrupted(page: Page, ida: LocalPlatform, who: Someone) -> None:
    """By password and code, to the section of the studio that was asked for."""
    sign_out(page, ida)
    page.goto(f"{ida.origin}/studio/contact/")
    expect(heading(page)).to_have_text("Sign in")
    sign_in(page, who)
    expect(page).to_have_url(f"{ida.origin}/studio/contact/")
    own = ["Overview", "Live", "Chat", "Videos", "Inbox", "Overlays", "Access", "Team", "Log", "Settings"]
    assert sections(page) == own


def invites(page: Page, whom: Someone, *, role: str) -> None:
    page.locator(".rail-nav").get_by_role("link", name="Team").click()
    page.get_by_role("link", name="Invite somebody").first.click()
    page.get_by_label("E-mail address").fill(whom.email)
    page.get_by_role("radio", name=role).check()
    page.get_by_role("button", name="Send invitation").click()
    expect(done(page)).to_have_text("The invitation is on its way.")
    expect(page.get_by_role("cell", name=whom.email)).to_be_visible()


def joins(page: Page, ida: LocalPlatform, who: Someone) -> None:
    """By the mailed link, with an account made on the way."""
    mailbox = Mailbox(platform=ida, address=who.email, read=0)
    page.goto(ida.origin + mailbox.next(LINK))
    expect(heading(page)).to_have_text("Ida Example invites you to the team of Ida Example")
    page.get_by_role("link", name="Make an account").click()
    sign_up(page, ida, who)
    page.get_by_role("button", name="Join the team").click()
    expect(page).to_have_url(f"{ida.origin}/studio/")


def sees_what_a_moderator_may(page: Page, ida: LocalPlatform) -> None:
    assert sections(page) == ["Overview", "Live", "Chat", "Videos", "Inbox", "Team"]
    for path in OTHERS_SECTIONS:
        answer = page.goto(ida.origin + path)
        assert answer is not None
        assert answer.status == 403, path
    page.goto(f"{ida.origin}/studio/team/")
    expect(page.get_by_role("link", name="Invite somebody")).to_have_count(0)
    page.goto(f"{ida.origin}/account/")
    expect(page.get_by_role("link", name="To the studio")).to_be_visible()


def changes_colours(owners: Page, fans: Page, ida: LocalPlatform) -> None:
    """And everybody sees the new ones within seconds."""
    before = main_colour(fans, ida)
    owners.goto(f"{ida.origin}/studio/settings/brand/")
    owners.get_by_label("Main colour", exact=True).fill("#0B5D3B")
    owners.get_by_role("button", name="Save and publish").click()
    expect(done(owners)).to_contain_text("Saved.")
    until(lambda: main_colour(fans, ida) != before, what="the new colour on the site")


def main_colour(page: Page, ida: LocalPlatform) -> str:
    page.goto(ida.origin)
    return str(page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--primary')"))


def gives_another_role(page: Page, ida: LocalPlatform, whom: Someone, *, role: str) -> None:
    page.goto(f"{ida.origin}/studio/team/")
    page.get_by_role("row", name=whom.name).get_by_role("link").click()
    page.get_by_role("radio", name=role).check()
    page.get_by_role("button", name="Save role").click()
    expect(done(page)).to_contain_text("The role is changed.")


def save_at_once(first: Page, second: Page, fans: Page, ida: LocalPlatform) -> None:
    """Two people write another headline: the second is shown both, and nothing is lost."""
    for page in (first, second):
        page.goto(f"{ida.origin}/studio/settings/texts/")
    writes_the_headline(first, "Songs from the lighthouse.")
    expect(done(first)).to_contain_text("Saved.")
    is_public(fans, ida, "Songs from the lighthouse.")

    writes_the_headline(second, "Songs from the harbour.")
    told = second.get_by_role("alert")
    expect(told).to_contain_text("Ida Example saved this while you were at it.")
    expect(told.get_by_role("row", name="Your sentence (English)")).to_contain_text("Songs from the harbour.")
    expect(told.get_by_role("row", name="Your sentence (English)")).to_contain_text("Songs from the lighthouse.")
    second.get_by_role("button", name="Save and publish").click()
    expect(done(second)).to_contain_text("Saved.")
    is_public(fans, ida, "Songs from the harbour.")
    second.goto(f"{ida.origin}/studio/settings/texts/versions/")
    expect(second.get_by_text("Songs from the lighthouse.").first).to_be_attached()


def writes_the_headline(page: Page, words: str) -> None:
    page.get_by_label("Your sentence (English)").fill(words)
    page.get_by_role("button", name="Save and publish").click()


def is_public(page: Page, ida: LocalPlatform, words: str) -> None:
    def there() -> bool:
        page.goto(ida.origin)
        return words in page.locator("main").inner_text()

    until(there, what=f"{words!r} on the site")


def cannot_leave_a_site_without_an_owner(page: Page, ida: LocalPlatform, who: Someone) -> None:
    page.goto(f"{ida.origin}/account/delete/")
    asks_to_be_deleted(page, who)
    expect(page.get_by_role("alert")).to_contain_text("You are the only owner of this site")


def leaves(page: Page, ida: LocalPlatform, who: Someone) -> None:
    """Asks for it, changes their mind, and asks again."""
    page.goto(f"{ida.origin}/account/delete/")
    for stays in (True, False):
        asks_to_be_deleted(page, who)
        expect(heading(page)).to_have_text("Your account will be deleted")
        page.goto(f"{ida.origin}/studio/")
        sign_in(page, who)
        expect(heading(page)).to_have_text("Your account is about to be deleted")
        if stays:
            page.get_by_role("button", name="Keep my account").click()
            expect(done(page)).to_have_text("Good to have you. Nothing is deleted.")
            page.goto(f"{ida.origin}/account/delete/")
    page.get_by_role("button", name="Sign out and let it be deleted").click()
    expect(heading(page)).to_have_text("Sign in")


def asks_to_be_deleted(page: Page, who: Someone) -> None:
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Delete my account").click()


def test_a_passkey_is_all_that_is_needed(ida: LocalPlatform, fan: Someone, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    with_a_fingerprint(page)
    page.goto(f"{ida.origin}/account/security/passkeys/")
    sign_in(page, fan)
    expect(page).to_have_url(f"{ida.origin}/account/security/passkeys/")
    add_passkey(page, fan, name="My laptop")

    sign_out(page, ida)
    page.get_by_label("E-mail", exact=True).fill(fan.email)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(heading(page)).to_have_text(fan.name)


def test_a_browser_left_signed_in_elsewhere_is_put_out(ida: LocalPlatform, fan: Someone, visit: Visit) -> None:
    here, elsewhere = visit().page, visit().page
    for page in (here, elsewhere):
        page.goto(f"{ida.origin}/account/devices/")
        sign_in(page, fan)
        expect(heading(page)).to_have_text("Devices")
    here.reload()
    here.get_by_role("button", name="Sign out all others").click()
    expect(done(here)).to_have_text("All other devices are signed out.")
    expect(here.get_by_role("list", name="Where you are signed in").get_by_role("listitem")).to_have_count(1)
    elsewhere.reload()
    expect(heading(elsewhere)).to_have_text("Sign in")


def test_who_has_forgotten_their_password_chooses_another(ida: LocalPlatform, fan: Someone, visit: Visit) -> None:
    page = visit().page
    page.goto(f"{ida.origin}/account/sign-in/?next=/account/data/")
    page.get_by_label("E-mail", exact=True).fill(fan.email)
    page.get_by_label("Password").fill("not what it was")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")

    mailbox = Mailbox(platform=ida, address=fan.email)
    page.get_by_role("link", name="Forgotten your password?").click()
    expect(page.get_by_label("E-mail", exact=True)).to_have_value(fan.email)
    page.get_by_role("button", name="Mail me a code").click()
    fan.password = "fanny in the second row"
    confirm(page, mailbox, fan)
    expect(page).to_have_url(f"{ida.origin}/account/data/")
    sign_out(page, ida)
    sign_in(page, fan)
    expect(heading(page)).to_have_text(fan.name)


def test_all_of_it_works_without_a_script(ida: LocalPlatform, visit: Visit) -> None:
    who = Someone(name="Otto Old", email="otto@fan.example", password="otto likes it plain")
    page = visit(javascript=False).page
    page.goto(f"{ida.origin}/account/profile/")
    page.get_by_role("link", name="Create an account").click()
    sign_up(page, ida, who)
    expect(page).to_have_url(f"{ida.origin}/account/profile/")
    page.get_by_label("Name", exact=True).fill("Otto Older")
    page.get_by_role("button", name="Save").click()
    expect(done(page)).to_have_text("Your name is saved.")

    set_up_app(page, ida, who)
    sign_out(page, ida)
    page.get_by_label("E-mail", exact=True).fill(who.email)
    page.get_by_label("Password").fill("otto likes it plainer")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    sign_in(page, who)
    expect(heading(page)).to_have_text("Otto Older")
    page.goto(f"{ida.origin}/account/delete/")
    asks_to_be_deleted(page, who)
    expect(heading(page)).to_have_text("Your account will be deleted")
