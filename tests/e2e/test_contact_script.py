"""The contact form's script when things go wrong: nothing typed is lost, nothing is sent twice, the reason is said."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.brands import Brand
from tests.e2e.browser import open_site

pytestmark = pytest.mark.browser

Answer = Callable[[Route, int], None]
"""What the API does with the nth message it gets (0 is the first)."""


class Form:
    """The contact page, open, with an API that answers as told; `sent` is what it got: body and Idempotency-Key."""

    def __init__(self, page: Page, origin: str, answer: Answer) -> None:
        self.page, self.origin = page, origin
        self.sent: list[tuple[Any, str]] = []
        page.route("**/api/contact", lambda route: self._take(route, answer))
        page.goto(origin + "/contact/")

    def write(self, **fields: str) -> None:
        for name, text in fields.items():
            self.page.fill(f"[name={name}]", text)

    def send(self) -> None:
        self.page.click("button[type=submit]")

    @property
    def summary(self) -> Any:
        return expect(self.page.locator(".summary"))

    def _take(self, route: Route, answer: Answer) -> None:
        self.sent.append((route.request.post_data_json, route.request.headers["idempotency-key"]))
        answer(route, len(self.sent) - 1)


@pytest.fixture
def form(browser: Browser, built: dict[str, Brand]) -> Iterator[Callable[[Answer], Form]]:
    context = browser.new_context()
    origin = open_site(context, built["demo"])
    yield lambda answer: Form(context.new_page(), origin, answer)
    context.close()


MESSAGE = {"name": "Ada Fan", "email": "ada@fan.example", "message": "Will there be a song about lighthouses?"}


def taken(route: Route, _: int) -> None:
    route.fulfill(status=201, json={"id": "msg_1"})


def problem(status: int, code: str, errors: tuple[dict[str, str], ...] = ()) -> Answer:
    return lambda route, _: route.fulfill(
        status=status, content_type="application/problem+json", json={"code": code, "errors": errors}
    )


def test_a_message_goes_out_once_with_what_was_written(form: Callable[[Answer], Form]) -> None:
    contact = form(taken)
    contact.write(**MESSAGE)
    contact.page.dblclick("button[type=submit]")
    contact.page.wait_for_url("**/contact/sent/")
    assert len(contact.sent) == 1
    body, key = contact.sent[0]
    assert body == {**MESSAGE, "subject": "", "language": "en", "website": "", "token": "token"}
    assert len(key) >= 8
    contact.page.goto(contact.origin + "/contact/")
    assert contact.page.input_value("[name=message]") == ""


def test_what_is_missing_is_said_before_anything_is_sent(form: Callable[[Answer], Form]) -> None:
    contact = form(taken)
    contact.write(email="ada", message="Ahoi!")
    contact.send()
    contact.summary.to_be_focused()
    contact.summary.to_contain_text("Your name: Please fill this in.")
    contact.summary.to_contain_text("Please write at least 10 characters.")
    contact.summary.to_contain_text("does not look like an e-mail address")
    for name in ("name", "email", "message"):
        field = contact.page.locator(f"[name={name}]")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_attribute("aria-describedby", f"{name}-error")
    contact.write(name="Ada")
    expect(contact.page.locator("#name-error")).to_have_count(0)
    assert contact.sent == []


def test_what_the_server_refuses_stands_beside_its_field(form: Callable[[Answer], Form]) -> None:
    contact = form(problem(422, "invalid", ({"path": "email", "code": "invalid_email", "message": "No address."},)))
    contact.write(**MESSAGE)
    contact.send()
    expect(contact.page.locator("#email-error")).to_contain_text("does not look like an e-mail address")
    contact.summary.to_be_focused()
    expect(contact.page.locator("button[type=submit]")).to_have_text("Send message")


def test_a_server_that_is_away_is_asked_again_under_the_same_key(form: Callable[[Answer], Form]) -> None:
    away = problem(503, "unavailable")
    contact = form(lambda route, nth: away(route, nth) if nth == 0 else taken(route, nth))
    contact.write(**MESSAGE)
    contact.send()
    contact.page.wait_for_url("**/contact/sent/")
    (_, first), (_, second) = contact.sent
    assert first == second


def test_another_text_is_another_message(form: Callable[[Answer], Form]) -> None:
    contact = form(problem(429, "too_many_requests"))
    contact.write(**MESSAGE)
    contact.send()
    contact.summary.to_contain_text("several messages in a short time")
    contact.write(message="Something else altogether.")
    contact.send()
    contact.summary.to_be_focused()
    expect(contact.page.locator("button[type=submit]")).to_have_text("Send message")
    (_, first), (_, second) = contact.sent
    assert first != second


def test_an_old_token_is_renewed_without_a_word(form: Callable[[Answer], Form]) -> None:
    stale = problem(403, "token_missing")
    contact = form(lambda route, nth: stale(route, nth) if nth == 0 else taken(route, nth))
    contact.write(**MESSAGE)
    contact.send()
    contact.page.wait_for_url("**/contact/sent/")
    assert len(contact.sent) == 2


def test_offline_the_text_is_kept_through_a_reload(form: Callable[[Answer], Form]) -> None:
    contact = form(lambda route, _: route.abort("internetdisconnected"))
    contact.write(**MESSAGE)
    contact.page.context.set_offline(True)
    contact.send()
    contact.summary.to_contain_text("You are offline. Your text is kept")
    contact.page.context.set_offline(False)
    contact.page.reload()
    assert contact.page.input_value("[name=message]") == MESSAGE["message"]
