"""The inbox: every mail, readable, and harmless to who reads it."""

import boto3
import pytest

from lambdas.platform.mail import Letter, Mailer
from local.emulator import Emulator
from local.mailbox import Mail
from local.server import mail_at
from local.tools import tools_app
from tests.creators import a_creator
from tests.local.requests_here import Reply, Served, ask

HOSTILE = (
    '<html><head><title>x</title></head><body><script>alert(1)</script><a href="{origin}/contact/">Go</a></body></html>'
)


@pytest.fixture
def inbox(emulator: Emulator, served: Served) -> Served:
    creator = a_creator()
    boto3.client("sesv2").create_email_identity(EmailIdentity=creator.domain)
    app = tools_app(creator=creator, endpoint=emulator.endpoint, mail=lambda: mail_at(emulator.endpoint))
    served.serve(app)
    return served


def send(subject: str = "Grüße <b>") -> None:
    creator = a_creator()
    letter = Letter(subject=subject, text="Hello <script>", html=HOSTILE.format(origin=creator.origin))
    Mailer(creator=creator).send(letter, to="fan@example.com", reply_to="me@example.com", reference="mail_1")


def get(inbox: Served, path: str) -> Reply:
    return ask(inbox.port, path)


def test_an_empty_inbox_says_how_to_fill_it(inbox: Served) -> None:
    reply = get(inbox, "/_local/inbox")
    assert reply.status == 200
    assert "/contact/" in reply.text


def test_mail_is_listed_the_newest_first(inbox: Served) -> None:
    send("first")
    send("second")
    assert [mail["subject"] for mail in get(inbox, "/_local/inbox.json").json] == ["second", "first"]
    text = get(inbox, "/_local/inbox").text
    assert text.index("second") < text.index("first")


def test_a_mail_is_shown_with_all_that_its_reader_sees(inbox: Served) -> None:
    send()
    [mail] = get(inbox, "/_local/inbox.json").json
    assert mail["to"] == ["fan@example.com"]
    assert mail["reply_to"] == "me@example.com"
    assert mail["text"].strip() == "Hello <script>"
    assert mail["refers_to"].startswith("<mail_1@")
    page = get(inbox, f"/_local/inbox/{mail['id']}").text
    assert "Grüße &lt;b&gt;" in page
    assert "Hello &lt;script&gt;" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert b"Reply-To: me@example.com" in get(inbox, f"/_local/inbox/{mail['id']}/raw").body


def test_a_mails_html_can_run_nothing_and_its_links_stay_here(inbox: Served) -> None:
    send()
    [mail] = get(inbox, "/_local/inbox.json").json
    reply = get(inbox, f"/_local/inbox/{mail['id']}/html")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert f'href="http://127.0.0.1:{inbox.port}/contact/"' in reply.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/inbox", 200), ("/inbox.json", 200), ("/style.css", 200), ("/nowhere", 404), ("/inbox/none", 404)],
)
def test_every_page_has_a_strict_policy(inbox: Served, path: str, status: int) -> None:
    reply = get(inbox, f"/_local{path}")
    assert reply.status == status
    assert "script-src" not in reply.headers["content-security-policy"]
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_an_emulator_that_is_away_is_said(served: Served) -> None:
    app = tools_app(creator=a_creator(), endpoint="http://127.0.0.1:9", mail=lambda: mail_at("http://127.0.0.1:9"))
    served.serve(app)
    assert get(served, "/_local/inbox").status == 503


def test_a_mail_of_simple_parts_is_shown_too() -> None:
    mail = Mail.from_record(
        {
            "MessageId": "1@x",
            "Source": "a@example.com",
            "To": ["b@example.com"],
            "Subject": "S",
            "BodyText": "T",
            "BodyHtml": None,
            "Timestamp": 0.0,
        }
    )
    assert (mail.id, mail.subject, mail.text, mail.html, mail.raw) == ("1", "S", "T", "", None)
