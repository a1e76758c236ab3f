from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import boto3
import pytest

from lambdas.platform.mail import Letter, Mailer, MailState, Undeliverable
from tests.creators import a_creator
from tests.platform_under_test import MovingClock


class Post:
    """Keeps what is handed to SES."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> None:
        self.sent.append(request)


def _sent(letter: Letter, **options: Any) -> Any:
    post = Post()
    Mailer(creator=a_creator(name='Kaß "K" Fiction'), _client=post).send(letter, **options)  # type: ignore[arg-type]
    return message_from_bytes(post.sent[0]["Content"]["Raw"]["Data"], policy=default)


def test_a_letter_has_both_forms_and_names_its_sender() -> None:
    mail = _sent(Letter(subject="Grüße", text="Text", html="<p>Text</p>"), to="a@fans.example", reference="mail_1")
    assert mail["From"].addresses[0].display_name == 'Kaß "K" Fiction'
    assert mail["From"].addresses[0].addr_spec == "hello@tester.example"
    assert mail["Subject"] == "Grüße"
    assert mail["References"] == "<mail_1@tester.example>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_ses_is_told_of_the_sender_in_ascii_whatever_the_creators_name() -> None:
    post = Post()
    letter = Letter(subject="s", text="t", html="h")
    Mailer(creator=a_creator(name="Späte Lieder"), _client=post).send(letter, to="a@fans.example", reference="m")  # type: ignore[arg-type]
    assert post.sent[0]["FromEmailAddress"] == "hello@tester.example"
    assert post.sent[0]["Content"]["Raw"]["Data"].isascii()


def test_what_a_visitor_typed_cannot_add_a_header() -> None:
    letter = Letter(subject="Hi\r\nBcc: all@fans.example\n", text="t", html="h")
    mail = _sent(letter, to="a@fans.example", reply_to="b@fans.example", reference="mail_1")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: all@fans.example"


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?=0D=0ABcc:_all=40fans.example?=",
        "Hi =?utf-8?b?DQpCY2M6IGFsbEBmYW5zLmV4YW1wbGU=?= there",
        "=?utf-8?q?=0D=0A=0D=0AAnother_body?=",
    ],
)
def test_an_encoded_word_stays_the_letters_that_were_typed(typed: str) -> None:
    post = Post()
    mailer = Mailer(creator=a_creator(name=typed), _client=post)  # type: ignore[arg-type]
    mailer.send(Letter(subject=f"Fan: {typed}", text="t", html="h"), to="a@fans.example", reference="mail_1")
    raw = post.sent[0]["Content"]["Raw"]["Data"]
    names = [line.partition(b":")[0] for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] != b" "]
    assert names == [b"From", b"To", b"Subject", b"References", b"Auto-Submitted", b"MIME-Version", b"Content-Type"]
    mail = message_from_bytes(raw, policy=default)
    assert mail["Subject"].replace("\u200b", "") == f"Fan: {typed}"
    # Where a long name is folded, `email` may add a space.
    assert mail["From"].addresses[0].display_name.replace("\u200b", "").replace(" ", "") == typed.replace(" ", "")


def test_what_ses_will_never_take_is_told_apart_from_what_may_work_later(emulator: object) -> None:
    """The emulator's SES refuses a sender that is not verified, as SES's sandbox refuses receivers."""
    letter = Letter(subject="s", text="t", html="h")
    with pytest.raises(Undeliverable, match=r"^MessageRejected$"):
        Mailer(creator=a_creator()).send(letter, to="fan@fans.example", reference="mail_1")


def _state(**fields: Any) -> MailState | None:
    return Mailer(creator=a_creator(**fields)).state()


def test_mail_knows_whether_its_domain_is_verified(emulator: object) -> None:
    assert _state() == MailState(sandboxed=False, domain=False)
    boto3.client("sesv2").create_email_identity(EmailIdentity="tester.example")
    state = _state()
    assert state == MailState(sandboxed=False, domain=True)
    assert state.reaches_everyone


def test_mail_that_cannot_be_asked_says_nothing() -> None:
    assert _state() is None


def test_ses_is_asked_once_in_ten_minutes_and_a_minute_after_it_did_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MovingClock()
    mailer = Mailer(creator=a_creator(), clock=clock)
    answers: list[MailState | None] = [None, MailState(sandboxed=True, domain=True), None]
    asked: list[datetime] = []

    def ask() -> MailState | None:
        asked.append(clock())
        return answers[len(asked) - 1]

    monkeypatch.setattr(mailer, "_ask", ask)
    for _ in range(23):
        mailer.state()
        clock.forward(seconds=30)
    assert [(at - asked[0]).total_seconds() for at in asked] == [0, 60, 660]
