"""The contact form, from what is sent to what is stored."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.features.contact.models import Message
from tests.platform_under_test import Answer, PlatformUnderTest

MESSAGE = {"name": "A Fan", "email": "fan@fans.example", "subject": "Hi", "message": "Ten letters at least."}


def _token(platform: PlatformUnderTest, *, age: float = 3) -> str:
    token = str(platform.call("GET", "/api/contact/token").json["token"])
    platform.clock.forward(seconds=age)
    return token


def _send(platform: PlatformUnderTest, *, key: str | None = None, **fields: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return platform.call("POST", "/api/contact", json_body=MESSAGE | fields, headers=headers)


def test_a_message_is_stored_as_it_was_written(platform: PlatformUnderTest) -> None:
    answer = _send(platform, token=_token(platform), language="de", message="Zeile 1\nZeile <b>2</b>")
    stored = Message.get(answer.json["id"])
    assert (answer.status, stored.body, stored.locale) == (201, "Zeile 1\nZeile <b>2</b>", "de")
    assert (stored.received_at, stored.undelivered) == (platform.clock(), "pending")
    assert (stored.expires_at - stored.received_at).days == 365
    assert stored.correlation_id == answer.headers["x-correlation-id"]


def test_a_form_sent_twice_is_one_message(platform: PlatformUnderTest) -> None:
    token = _token(platform)
    first, second = (_send(platform, token=token) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)
    assert Message.count() == 1


def test_twenty_clicks_at_once_are_one_message(platform: PlatformUnderTest) -> None:
    token, limit = _token(platform), 10
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _send(platform, token=token), range(20)))
    assert sorted(a.status for a in answers) == [201] * limit + [429] * (20 - limit)
    assert Message.count() == 1


def test_an_idempotency_key_makes_a_repeat_answer_alike(platform: PlatformUnderTest) -> None:
    first = _send(platform, key="order-12345", token=_token(platform))
    again = _send(platform, key="order-12345", token=_token(platform))
    assert (first.status, first.json) == (again.status, again.json)
    assert Message.count() == 1


def test_a_key_used_for_another_message_is_refused_and_nothing_changes(platform: PlatformUnderTest) -> None:
    first = _send(platform, key="order-12345", token=_token(platform))
    other = _send(platform, key="order-12345", token=_token(platform), message="Something else entirely.")
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")
    assert Message.get(first.json["id"]).body == MESSAGE["message"]


def test_a_key_is_the_senders_own_wherever_they_are(platform: PlatformUnderTest) -> None:
    def send(email: str, address: str) -> str:
        body = MESSAGE | {"token": _token(platform), "email": email}
        headers = {"Idempotency-Key": "order-12345"}
        answer = platform.call("POST", "/api/contact", json_body=body, headers=headers, address=address)
        return str(answer.json["id"])

    at_home, on_the_train = (send("fan@fans.example", f"203.0.113.{host}:1") for host in (7, 8))
    assert at_home == on_the_train != send("other@fans.example", "203.0.113.7:1")
    assert Message.count() == 2


@pytest.mark.parametrize("key", ["short", "x" * 65, "no spaces!"])
def test_a_malformed_key_is_named(platform: PlatformUnderTest, key: str) -> None:
    answer = _send(platform, key=key, token=_token(platform))
    assert (answer.status, answer.json["errors"][0]["path"].lower()) == (422, "idempotency-key")


def test_what_no_person_fills_in_goes_nowhere_and_looks_like_success(platform: PlatformUnderTest) -> None:
    answer = _send(platform, website="https://buy.example")
    assert (answer.status, set(answer.json)) == (201, {"id"})
    assert Message.count() == 0


@pytest.mark.parametrize(("age", "code", "status"), [(0.5, "too_fast", 429), (25 * 3600, "token_missing", 403)])
def test_a_token_too_young_or_too_old_stores_nothing(
    platform: PlatformUnderTest, age: float, code: str, status: int
) -> None:
    answer = _send(platform, token=_token(platform, age=age))
    assert (answer.status, answer.json["code"]) == (status, code)
    assert Message.count() == 0


@pytest.mark.parametrize("token", ["", "nonsense", "eyJhIjoxfQ.c2ln", "W10.x" * 30])
def test_a_token_that_is_not_ours_stores_nothing(platform: PlatformUnderTest, token: str) -> None:
    answer = _send(platform, token=token)
    assert (answer.status, answer.json["code"]) == (403, "token_missing")
    assert Message.count() == 0


def test_an_eleventh_message_an_hour_waits(platform: PlatformUnderTest) -> None:
    for _ in range(10):
        assert _send(platform, token=_token(platform)).status == 201
    refused = _send(platform, token=_token(platform))
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert Message.count() == 10


def test_a_form_that_succeeds_leads_to_the_page_that_says_so(platform: PlatformUnderTest) -> None:
    form = urlencode(MESSAGE | {"token": _token(platform), "language": "de", "website": ""})
    answer = platform.call("POST", "/api/contact", form=form)
    assert (answer.status, answer.headers["location"]) == (303, "/de/contact/sent/")
    assert Message.count() == 1


def test_a_browsers_line_ends_and_spaces_are_forgiven(platform: PlatformUnderTest) -> None:
    fields = MESSAGE | {"name": " A Fan ", "message": "Line one\r\nline two", "token": _token(platform)}
    answer = platform.call("POST", "/api/contact", form=urlencode(fields))
    assert answer.status == 303
    (stored,) = Message.scan()
    assert (stored.name, stored.body) == ("A Fan", "Line one\nline two")


def test_without_javascript_the_form_comes_back_once_to_be_checked(platform: PlatformUnderTest) -> None:
    typed = MESSAGE | {"language": "de", "website": "", "token": "", "message": "Zehn <Zeichen> mindestens."}
    shown = platform.call("POST", "/api/contact", form=urlencode(typed))
    assert (shown.status, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = FormOf(shown.body)
    assert (page.lang, page.fields["message"]) == ("de", "Zehn <Zeichen> mindestens.")
    assert Message.count() == 0
    platform.clock.forward(seconds=3)
    sent = platform.call("POST", "/api/contact", form=urlencode(page.fields))
    assert (sent.status, sent.headers["location"]) == (303, "/de/contact/sent/")
    (stored,) = Message.scan()
    assert stored.body == "Zehn <Zeichen> mindestens."


@pytest.mark.parametrize("case", ["left open for a day", "gone back to after sending"])
def test_without_javascript_a_form_whose_token_is_spent_comes_back_with_a_fresh_one(
    platform: PlatformUnderTest, case: str
) -> None:
    form = MESSAGE | {"language": "en", "website": "", "token": _token(platform)}
    if case == "left open for a day":
        platform.clock.forward(hours=25)
    else:
        assert platform.call("POST", "/api/contact", form=urlencode(form)).status == 303
        form["message"] = "Something I forgot to say."
    before = Message.count()
    shown = platform.call("POST", "/api/contact", form=urlencode(form))
    page = FormOf(shown.body)
    assert (shown.status, page.fields["message"]) == (200, form["message"])
    assert Message.count() == before
    platform.clock.forward(seconds=3)
    assert platform.call("POST", "/api/contact", form=urlencode(page.fields)).status == 303
    assert form["message"] in [stored.body for stored in Message.scan()]


def test_a_form_with_faults_comes_back_with_what_was_typed_and_what_is_wrong(platform: PlatformUnderTest) -> None:
    typed = MESSAGE | {"email": 'no"address', "message": "short", "language": "en", "token": ""}
    shown = platform.call("POST", "/api/contact", form=urlencode(typed))
    page = FormOf(shown.body)
    assert shown.status == 422
    assert page.fields["email"] == 'no"address'
    assert page.invalid == {"email", "message"}
    assert Message.count() == 0


def test_a_refused_form_keeps_what_was_typed(platform: PlatformUnderTest) -> None:
    typed = MESSAGE | {"token": _token(platform, age=0.5), "language": "en"}
    shown = platform.call("POST", "/api/contact", form=urlencode(typed))
    assert (shown.status, FormOf(shown.body).fields["message"]) == (429, MESSAGE["message"])


class FormOf(HTMLParser):
    """What a browser would send of a page's contact form, and which fields it marks as invalid."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lang = ""
        self.fields: dict[str, str] = {}
        self.invalid: set[str] = set()
        self._area: str | None = None
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang") or ""
        if tag == "form":
            self._inside = given.get("action") == "/api/contact"
        if not self._inside or not (name := given.get("name")):
            return
        if given.get("aria-invalid") == "true":
            self.invalid.add(name)
        self.fields[name] = given.get("value") or ""
        self._area = name if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # HTML drops the line feed that directly follows the start tag.
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = None
        if tag == "form":
            self._inside = False


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("name=a&name=b", 400),
        ("message=%ff", 400),
        ("&".join(f"f{number}=1" for number in range(200)), 400),
        ("message=" + "x" * 300_000, 413),
    ],
)
def test_a_browser_whose_form_cannot_be_read_gets_the_page_and_not_json(
    platform: PlatformUnderTest, form: str, status: int
) -> None:
    shown = platform.call("POST", "/api/contact", form=form)
    assert (shown.status, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert set(FormOf(shown.body).fields) >= {"name", "email", "message"}
