"""From `prism add-creator` to a message in the creator's mailbox, with and without JavaScript."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from lambdas.features.contact.token import YOUNGEST
from tests.e2e.conftest import Visit, onboarded
from tests.e2e.local_platform import LocalPlatform, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def nova(home: Path) -> Iterator[LocalPlatform]:
    with onboarded(home, "nova", "Nova Example") as platform:
        yield platform


def fill_in(page: Page, *, subject: str, name: str = "Fan Tester", email: str = "fan@example.org") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your e-mail").fill(email)
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Your message").fill(f"Hello,\n\nthis is about {subject}.")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send message").click()


def test_a_site_is_read_without_a_script(nova: LocalPlatform, visit: Visit) -> None:
    page = visit(javascript=False).page
    page.goto(nova.origin)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nova Example")
    page.get_by_role("link", name="Deutsch").click()
    expect(page).to_have_url(f"{nova.origin}/de/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("contentinfo").get_by_role("link", name="Impressum").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Impressum")
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(f"{nova.origin}/imprint/")
    page.get_by_role("link", name="Nova Example").click()
    expect(page).to_have_url(f"{nova.origin}/")


def test_a_message_sent_without_a_script_is_in_both_mailboxes(nova: LocalPlatform, visit: Visit) -> None:
    page = visit(javascript=False).page
    page.goto(nova.origin)
    page.get_by_role("link", name="Write a message").first.click()
    fill_in(page, subject="the old way")
    send(page)
    handed_out = time.monotonic()
    expect(page.get_by_role("heading", name="Please check and send")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Fan Tester")
    expect(page.get_by_label("Your message")).to_have_value("Hello,\n\nthis is about the old way.")

    # Someone looks at it first: the form takes nobody who answers at once.
    until(lambda: time.monotonic() - handed_out > YOUNGEST.total_seconds(), what="a person's look")
    send(page)
    expect(page).to_have_url(f"{nova.origin}/contact/sent/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is on its way")

    to_creator, to_sender = nova.both_mails(about="the old way")
    assert to_creator["reply_to"] == "fan@example.org"
    assert to_sender["to"] == ["fan@example.org"]


def test_a_german_form_stays_german_without_a_script(nova: LocalPlatform, visit: Visit) -> None:
    page = visit(javascript=False).page
    page.goto(f"{nova.origin}/de/contact/")
    page.get_by_label("Dein Name").fill("Fan")
    page.get_by_label("Deine E-Mail").fill("fan@example.org")
    page.get_by_label("Deine Nachricht").fill("Schöne Grüße aus dem Süden.")
    page.locator("button[type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_label("Deine Nachricht")).to_have_value("Schöne Grüße aus dem Süden.")


def test_the_mails_are_read_in_the_inbox(nova: LocalPlatform, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto(f"{nova.origin}/contact/")
    fill_in(page, subject="reading mail")
    send(page)
    expect(page).to_have_url(f"{nova.origin}/contact/sent/")
    nova.both_mails(about="reading mail")

    visitor.go(f"{nova.origin}/_local/")
    assert visitor.barriers() == []
    page.get_by_role("navigation").get_by_role("link", name="Inbox").click()
    assert visitor.barriers() == []
    page.get_by_role("link", name="Fan Tester: reading mail").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fan Tester: reading mail")
    expect(page.get_by_text("hello@nova.example").first).to_be_visible()
    expect(page.get_by_role("region", name="The mail as plain text")).to_contain_text("this is about reading mail.")
    letter = page.frame_locator("iframe")
    expect(letter.get_by_role("heading", name="You have a new message")).to_be_visible()
    expect(letter.get_by_text("this is about reading mail.")).to_be_visible()
    assert visitor.barriers() == []


def test_with_a_script_the_form_proves_itself_and_sends_once(nova: LocalPlatform, visit: Visit) -> None:
    page = visit().page
    page.goto(f"{nova.origin}/contact/")
    with page.expect_response("**/api/contact/token") as handed_out:
        page.get_by_label("Your name").focus()
    token = handed_out.value.json()["token"]
    fill_in(page, subject="the quick way")
    with page.expect_request("**/api/contact") as posted:
        page.get_by_role("button", name="Send message").dblclick()
    expect(page).to_have_url(f"{nova.origin}/contact/sent/")
    assert posted.value.header_value("content-type") == "application/json"
    assert len(posted.value.header_value("idempotency-key") or "") >= 32
    assert json.loads(posted.value.post_data or "")["token"] == token
    nova.both_mails(about="the quick way")

    page.go_back()
    expect(page.get_by_label("Your message")).to_have_value("")


def test_a_token_that_comes_late_is_not_used_too_early(nova: LocalPlatform, visit: Visit) -> None:
    page = visit().page
    asked: list[Route] = []
    page.route("**/api/contact/token", lambda route: asked.append(route))
    page.goto(f"{nova.origin}/contact/")
    with page.expect_request("**/api/contact/token"):
        page.get_by_label("Your name").focus()
    asked_at = time.monotonic()
    fill_in(page, subject="a slow start")
    send(page)
    until(lambda: time.monotonic() - asked_at > YOUNGEST.total_seconds(), what="a function's slow start")
    with page.expect_response("**/api/contact") as answer:
        asked[0].continue_()
    assert answer.value.status == 201
    expect(page).to_have_url(f"{nova.origin}/contact/sent/")
    nova.both_mails(about="a slow start")


def test_an_answer_lost_on_the_way_does_not_send_twice(nova: LocalPlatform, visit: Visit) -> None:
    visitor = visit()
    visitor.forgive(r"POST .*/api/contact failed")
    page, answers = visitor.page, []

    def lose_the_first(route: Route) -> None:
        answers.append(route.fetch().status)
        if len(answers) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(status=answers[-1], json={})

    page.route("**/api/contact", lose_the_first)
    page.goto(f"{nova.numeric_origin}/contact/")  # Playwright's own requests know no names below .localhost
    fill_in(page, subject="a lost answer")
    send(page)
    expect(page).to_have_url(f"{nova.numeric_origin}/contact/sent/", timeout=15_000)
    assert answers == [201, 201]
    nova.both_mails(about="a lost answer")


def test_without_a_network_nothing_typed_is_lost(nova: LocalPlatform, visit: Visit) -> None:
    visitor = visit()
    visitor.forgive("ERR_INTERNET_DISCONNECTED")
    page = visitor.page
    page.goto(f"{nova.origin}/contact/")
    fill_in(page, subject="from the train")
    visitor.context.set_offline(True)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("You are offline.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Your message")).to_have_value("Hello,\n\nthis is about from the train.")

    visitor.context.set_offline(False)
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("from the train")
    send(page)
    expect(page).to_have_url(f"{nova.origin}/contact/sent/")
    nova.both_mails(about="from the train")
