"""The inbox in the studio: who sees it, what is answered and how often, and that two people do not work against each other."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.features.contact import events
from lambdas.features.contact.inbox import A_PAGE, ANSWERS, BROUGHT_BACK, LOOKED_THROUGH
from lambdas.features.contact.models import Message
from lambdas.features.contact.personal_data import exports, forget
from lambdas.platform.audit import AuditEntry
from lambdas.platform.people import Person
from lambdas.platform.team import Member
from tests.platform_under_test import Answer, PlatformUnderTest

INBOX = "/studio/contact/"


@pytest.fixture
def owner(platform: PlatformUnderTest) -> dict[str, str]:
    return someone(platform, "per_owner", "owner", name="Olga Owner")


def someone(
    platform: PlatformUnderTest, id: str, role: str | None, *, name: str = "Some One", locale: str = "en"
) -> dict[str, str]:
    """Cookies of a person with this role."""
    now = platform.clock()
    Person(id, email=f"{id}@team.example", name=name, locale=locale, created_at=now).save()
    if role:
        Member(id, role=role, since=now).save()
    return platform.sign_in(id)


def received(platform: PlatformUnderTest, number: int = 1, **fields: Any) -> str:
    """A message that came a minute after the one before; its id."""
    id = derived_id("msg", str(number))
    now = platform.clock()
    platform.clock.forward(minutes=1)
    values: dict[str, Any] = {
        "name": f"Fan {number}",
        "email": f"fan{number}@fans.example",
        "subject": f"Subject {number}",
        "body": f"Body of number {number}.",
        "locale": "de",
        "fingerprint": "f",
        "state": "open",
        "undelivered": "pending",
        "expires_at": now.replace(year=now.year + 1),
    }
    Message(id, received_at=now, **{**values, **fields}).save()
    return id


def answered(
    platform: PlatformUnderTest, who: dict[str, str], id: str, text: str = "Thank you!", *, version: int = 1
) -> Answer:
    body = {"answer": text, "version": version}
    return platform.call("POST", f"{INBOX}{id}/answer", json_body=body, cookies=who)


def moved(platform: PlatformUnderTest, who: dict[str, str], id: str, state: str, *, version: int = 1) -> Answer:
    body = {"state": state, "version": version}
    return platform.call("POST", f"{INBOX}{id}/state", json_body=body, cookies=who)


def shown(platform: PlatformUnderTest, who: dict[str, str], path: str = INBOX, query: str = "") -> str:
    answer = platform.call("GET", path, cookies=who, query=query)
    assert answer.status == 200, answer.body
    return answer.body


def listed(html: str) -> list[str]:
    return re.findall(r'<h2><a href="/studio/contact/(msg_\w+)/">', html)


def followed(html: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="{INBOX}\?([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


def audited() -> list[tuple[str, str, Any, Any]]:
    rows = AuditEntry.query("2026-03")
    return [(row.action, row.actor, json.loads(row.before), json.loads(row.after)) for row in rows]


def delivered(platform: PlatformUnderTest, id: str) -> Message:
    """The message after the worker has dealt with what happened to it."""
    events.deliver(Event(id="evt_1", name="any", at=platform.clock(), subject=id), platform.services)
    return Message.get(id)


@pytest.fixture
def outbox(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The mails that went out."""
    boto3.client("sesv2").create_email_identity(EmailIdentity=platform.creator.domain)
    sent: list[dict[str, Any]] = []
    mailer = platform.services.mail
    send = mailer.send

    def noted(letter: Any, **how: Any) -> None:
        sent.append({"letter": letter, **how})
        send(letter, **how)

    monkeypatch.setattr(mailer, "send", noted)
    return sent


# Who may what


@pytest.mark.parametrize(
    ("role", "reads", "answers", "manages"),
    [
        ("owner", 200, 200, 200),
        ("manager", 200, 200, 200),
        ("support", 200, 200, 200),
        ("moderator", 200, 403, 200),
        ("editor", 403, 403, 403),
        ("finance", 403, 403, 403),
        (None, 403, 403, 403),
    ],
)
def test_each_role_may_what_it_is_for(
    platform: PlatformUnderTest, role: str | None, reads: int, answers: int, manages: int
) -> None:
    id, who = received(platform), someone(platform, "per_1", role)
    assert platform.call("GET", INBOX, cookies=who).status == reads
    assert platform.call("GET", f"{INBOX}{id}/", cookies=who).status == reads
    assert answered(platform, who, id).status == answers
    version = int(Message.get(id).version)
    assert moved(platform, who, id, "archived", version=version).status == manages


@pytest.mark.parametrize("action", ["answer", "state"])
def test_who_may_not_read_a_message_is_not_shown_it_with_the_refusal(platform: PlatformUnderTest, action: str) -> None:
    id, fan = received(platform, body="For the team's eyes only."), someone(platform, "per_1", None)
    form = urlencode({"answer": "Hello there", "state": "spam", "version": 1})
    refused = platform.call("POST", f"{INBOX}{id}/{action}", form=form, cookies=fan)
    assert refused.status == 403
    assert "team&#39;s eyes" not in refused.body
    assert "fan1@fans.example" not in refused.body


def test_who_only_reads_is_offered_nothing_else(platform: PlatformUnderTest) -> None:
    id, moderator = received(platform), someone(platform, "per_1", "moderator")
    html = shown(platform, moderator, f"{INBOX}{id}/")
    assert "/answer" not in html
    assert f"{INBOX}{id}/state" in html


# Finding


def test_the_inbox_lists_what_is_open_newest_first(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    ids = [received(platform, number) for number in range(3)]
    received(platform, 9, state="archived")
    assert listed(shown(platform, owner)) == ids[::-1]


def test_each_filter_lists_its_own(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    ids = {
        state: received(platform, number, state=state)
        for number, state in enumerate(("open", "answered", "archived", "spam", "deleted"))
    }
    for state in ("open", "answered", "archived", "spam"):
        assert listed(shown(platform, owner, query=f"state={state}")) == [ids[state]]
    assert listed(shown(platform, owner, query="state=deleted")) == [ids["open"]]


def test_pages_lead_on_and_back_without_a_gap(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    ids = [received(platform, number) for number in range(2 * A_PAGE + 1)][::-1]
    first = shown(platform, owner)
    second = shown(platform, owner, query=followed(first, "next"))
    third = shown(platform, owner, query=followed(second, "next"))
    assert listed(first) + listed(second) + listed(third) == ids
    assert (followed(third, "next"), followed(first, "prev")) == ("", "")
    assert listed(shown(platform, owner, query=followed(third, "prev"))) == listed(second)
    assert listed(shown(platform, owner, query=followed(second, "prev"))) == listed(first)


def test_a_page_of_exactly_one_page_has_no_other(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    for number in range(A_PAGE):
        received(platform, number)
    html = shown(platform, owner)
    assert (len(listed(html)), followed(html, "next"), followed(html, "prev")) == (A_PAGE, "", "")


@pytest.mark.parametrize("cursor", ["x", "1.msg_", "9" * 17 + ".msg_" + "A" * 26, "-1.msg_" + "A" * 26, "%00"])
def test_a_made_up_place_is_a_page_all_the_same(
    platform: PlatformUnderTest, owner: dict[str, str], cursor: str
) -> None:
    id = received(platform)
    for way in ("older", "newer"):
        assert listed(shown(platform, owner, query=f"{way}={cursor}")) == [id]


def test_words_are_found_wherever_they_stand_and_however_they_are_written(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    wanted = received(platform, 1, name="Jörg Straße", body="Über den LEUCHTTURM und das Meer.")
    received(platform, 2)
    for words in ("jörg", "STRASSE", "leuchtturm über", "fan1@"):
        assert listed(shown(platform, owner, query=urlencode({"q": words}))) == [wanted]
    assert not listed(shown(platform, owner, query=urlencode({"q": "leuchtturm berg"})))


def test_a_search_goes_on_where_it_stopped(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    ids = [received(platform, number, body="needle") for number in range(A_PAGE + 2)][::-1]
    first = shown(platform, owner, query="q=needle")
    assert listed(first) == ids[:A_PAGE]
    assert listed(shown(platform, owner, query=followed(first, "next"))) == ids[A_PAGE:]


def test_a_search_reads_so_many_and_offers_the_rest(
    platform: PlatformUnderTest, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LOOKED_THROUGH >= 100
    monkeypatch.setattr("lambdas.features.contact.inbox.LOOKED_THROUGH", 3)
    oldest = received(platform, 0, body="needle")
    for number in range(1, 4):
        received(platform, number)
    nothing = shown(platform, owner, query="q=needle")
    assert not listed(nothing)
    (onward,) = re.findall(rf'href="{INBOX}\?([^"]*older=[^"]*)"', nothing)
    assert listed(shown(platform, owner, query=onward.replace("&amp;", "&"))) == [oldest]


def test_a_message_from_before_there_was_an_inbox_can_be_read_and_answered(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    id = received(platform, state=None)
    Message(id).update(actions=[Message.version.remove()])
    assert "Body of number 1." in shown(platform, owner, f"{INBOX}{id}/")
    assert answered(platform, owner, id).status == 200
    assert listed(shown(platform, owner, query="state=answered")) == [id]


def test_what_has_expired_is_not_there_though_the_table_still_has_it(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    id = received(platform)
    platform.clock.forward(days=366)
    who = platform.sign_in("per_owner")
    assert not listed(shown(platform, who))
    assert platform.call("GET", f"{INBOX}{id}/", cookies=who).status == 404
    assert moved(platform, who, id, "archived").status == 404


@pytest.mark.parametrize("id", ["msg_0", "msg_" + "0" * 26, "..", "%2e%2e"])
def test_no_message_is_a_page_that_says_so(platform: PlatformUnderTest, owner: dict[str, str], id: str) -> None:
    answer = platform.call("GET", f"{INBOX}{id}/", cookies=owner)
    assert answer.status in {404, 422}
    form = platform.call("POST", f"{INBOX}{id}/answer", form="answer=Hello&version=1", cookies=owner)
    assert form.status in {404, 422}


def test_what_a_sender_typed_is_text_and_nothing_else(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    evil = '<script>alert(1)</script>"><img src=x>'
    id = received(platform, name=evil, subject=evil, body=evil)
    for html in (shown(platform, owner), shown(platform, owner, f"{INBOX}{id}/")):
        assert "<script>alert" not in html
        assert "<img" not in html


# Answering


def test_an_answer_is_stored_audited_and_mailed_once(
    platform: PlatformUnderTest, owner: dict[str, str], outbox: list[dict[str, Any]]
) -> None:
    id = received(platform, confirmation="sent", undelivered=None)
    sent = answered(platform, owner, id, "Gladly.\nSee you on Thursday.")
    assert (sent.status, sent.json) == (200, {"id": id, "state": "answered", "version": 2})
    stored = Message.get(id)
    assert [(one.body, one.by, one.outcome) for one in stored.conversation] == [
        ("Gladly.\nSee you on Thursday.", "per_owner", "waiting")
    ]
    assert audited() == [("contact.message.answered", "per_owner", {"state": "open"}, {"state": "answered"})]
    for _ in range(3):
        after = delivered(platform, id)
    assert after.conversation[0].outcome == "sent"
    assert "undelivered" not in after.attribute_values
    (mail,) = outbox
    assert (mail["to"], mail["reply_to"]) == ("fan1@fans.example", "hello@tester.example")
    assert mail["reference"] == derived_id("mail", "confirmation", id)
    assert mail["letter"].subject == "Re: Subject 1"
    assert "Gladly.\nSee you on Thursday." in mail["letter"].text
    assert "> Body of number 1." in mail["letter"].text


def test_an_answer_says_that_a_person_wrote_it(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity=platform.creator.domain)
    id, raw = received(platform, confirmation="sent"), []
    ses = platform.services.mail._ses()
    ses.meta.events.register("before-parameter-build.sesv2.SendEmail", lambda params, **_: raw.append(params))
    answered(platform, owner, id)
    delivered(platform, id)
    mail = raw[0]["Content"]["Raw"]["Data"].decode()
    assert "In-Reply-To: <mail_" in mail
    assert "Auto-Submitted" not in mail


def test_an_answer_waits_for_the_worker_and_says_so(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    answered(platform, owner, id)
    assert "On its way" in shown(platform, owner, f"{INBOX}{id}/")


def test_an_answer_that_cannot_be_delivered_says_so(
    platform: PlatformUnderTest, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lambdas.platform.mail import Undeliverable

    def refuse(*_: object, **__: object) -> None:
        raise Undeliverable("MessageRejected")

    id = received(platform, confirmation="undeliverable")
    answered(platform, owner, id)
    monkeypatch.setattr(platform.services.mail, "send", refuse)
    assert delivered(platform, id).conversation[0].outcome == "undeliverable"
    html = shown(platform, owner, f"{INBOX}{id}/")
    assert "Not delivered" in html
    assert "could not be delivered" in html


def test_a_mail_that_fails_is_tried_again_and_later(
    platform: PlatformUnderTest, owner: dict[str, str], outbox: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = received(platform, confirmation="sent")
    answered(platform, owner, id)
    with monkeypatch.context() as broken:
        broken.setattr(platform.services.mail, "send", lambda *_, **__: (_ for _ in ()).throw(OSError("down")))
        with pytest.raises(OSError, match="down"):
            delivered(platform, id)
    assert Message.get(id).undelivered == "pending"
    platform.clock.forward(hours=1)
    events.deliver_late(platform.services)
    after = Message.get(id)
    assert (len(outbox), after.conversation[0].outcome) == (1, "sent")
    assert "undelivered" not in after.attribute_values


@pytest.mark.parametrize("during", [0, 1])
def test_an_answer_written_while_the_arrival_is_being_mailed_is_not_forgotten(
    platform: PlatformUnderTest,
    owner: dict[str, str],
    outbox: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    during: int,
) -> None:
    id = received(platform)
    mailer = platform.services.mail
    send, mails = mailer.send, iter(range(9))

    def meanwhile(letter: Any, **how: Any) -> None:
        if next(mails) == during:
            assert answered(platform, owner, id).status == 200
        send(letter, **how)

    monkeypatch.setattr(mailer, "send", meanwhile)
    for _ in range(2):
        after = delivered(platform, id)
    assert (after.conversation[0].outcome, after.confirmation) == ("sent", "sent")
    assert "undelivered" not in after.attribute_values
    assert len(outbox) == 3


def test_several_answers_go_out_in_their_order(
    platform: PlatformUnderTest, owner: dict[str, str], outbox: list[dict[str, Any]]
) -> None:
    id = received(platform, confirmation="sent")
    for version, text in enumerate(("First.", "Second.", "Third."), start=1):
        assert answered(platform, owner, id, text, version=version).status == 200
    delivered(platform, id)
    assert [mail["letter"].text.split("\n")[0] for mail in outbox] == ["First.", "Second.", "Third."]


def test_pressing_twice_is_one_answer(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: answered(platform, owner, id), range(6)))
    assert {answer.status for answer in answers} <= {200, 503}
    assert len(Message.get(id).conversation) == 1
    assert len(audited()) == 1


def test_two_people_do_not_both_answer(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id, other = received(platform), someone(platform, "per_2", "support", name="Sam Support")
    assert answered(platform, other, id, "I have answered already.").status == 200
    form = urlencode({"answer": "My own long answer.", "version": 1})
    second = platform.call("POST", f"{INBOX}{id}/answer", form=form, cookies=owner)
    assert second.status == 412
    assert "Sam Support has answered this message." in second.body
    assert "I have answered already." in second.body
    assert "My own long answer.</textarea>" in second.body
    assert 'name="version" value="2"' in second.body
    assert len(Message.get(id).conversation) == 1
    assert answered(platform, owner, id, "My own long answer.", version=2).status == 200


def test_many_people_at_once_leave_one_answer(platform: PlatformUnderTest) -> None:
    id = received(platform)
    team = [someone(platform, f"per_{number}", "support") for number in range(5)]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda who: answered(platform, who, id), team))
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 412, 503}
    assert len(Message.get(id).conversation) == 1


@pytest.mark.parametrize(
    ("text", "code"), [("", "missing"), ("x" * 4001, "too_long"), ("a\x00b", "control_characters")]
)
def test_an_answer_that_cannot_be_sent_keeps_what_was_typed(
    platform: PlatformUnderTest, owner: dict[str, str], text: str, code: str
) -> None:
    id = received(platform)
    body = {"answer": text, "version": 1}
    as_json = platform.call("POST", f"{INBOX}{id}/answer", json_body=body, cookies=owner)
    assert (as_json.status, as_json.json["errors"][0]["code"]) == (422, code)
    as_form = platform.call("POST", f"{INBOX}{id}/answer", form=urlencode(body), cookies=owner)
    assert as_form.status == 422
    assert 'id="answer-error"' in as_form.body
    assert not Message.get(id).conversation


def test_a_conversation_ends_somewhere(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    for version in range(1, ANSWERS + 1):
        assert answered(platform, owner, id, f"Answer {version}.", version=version).status == 200
    refused = answered(platform, owner, id, "One more.", version=ANSWERS + 1)
    assert (refused.status, refused.json["code"]) == (409, "conversation_full")
    assert "/answer" not in shown(platform, owner, f"{INBOX}{id}/")


def test_an_answer_by_form_leads_back_to_the_conversation(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    sent = platform.call("POST", f"{INBOX}{id}/answer", form="answer=Thank+you.&version=1", cookies=owner)
    assert (sent.status, sent.headers["location"]) == (303, f"{INBOX}{id}/?done=answered")
    assert "Your answer is on its way." in shown(platform, owner, f"{INBOX}{id}/", query="done=answered")


# Putting away, and back


def test_whatever_is_put_away_can_be_put_back(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    expiry = Message.get(id).expires_at
    for step, state in enumerate(("archived", "spam", "deleted")):
        version = int(Message.get(id).version)
        form = urlencode({"state": state, "version": version})
        done = platform.call("POST", f"{INBOX}{id}/state", form=form, cookies=owner)
        assert done.status == 303
        html = shown(platform, owner, query=done.headers["location"].partition("?")[2])
        (undo,) = re.findall(rf'<form class="post" method="post" action="{INBOX}{id}/state">(.*?)</form>', html, re.S)
        fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', undo))
        assert fields == {"state": "inbox", "version": str(version + 1)}
        back = platform.call("POST", f"{INBOX}{id}/state", form=urlencode(fields), cookies=owner)
        assert back.status == 303
        assert Message.get(id).state == "open"
        assert len(audited()) == 2 * (step + 1)
    assert Message.get(id).expires_at == expiry
    assert "kept_until" not in Message.get(id).attribute_values


def test_an_answered_message_comes_back_as_answered(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    answered(platform, owner, id)
    moved(platform, owner, id, "archived", version=2)
    assert moved(platform, owner, id, "inbox", version=3).json["state"] == "answered"


def test_a_deleted_message_is_gone_a_day_later(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    assert moved(platform, owner, id, "deleted").status == 200
    assert Message.get(id).expires_at == platform.clock() + BROUGHT_BACK
    platform.clock.forward(days=1, seconds=1)
    assert moved(platform, owner, id, "inbox", version=2).status == 404


def test_deleting_does_not_keep_a_message_longer_than_it_would_have_been(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    id = received(platform, expires_at=platform.clock().replace(hour=13))
    before = Message.get(id).expires_at
    moved(platform, owner, id, "deleted")
    assert Message.get(id).expires_at == before


def test_putting_twice_is_putting_once(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)
    assert [moved(platform, owner, id, "archived").status for _ in range(2)] == [200, 200]
    assert (Message.get(id).version, len(audited())) == (2, 1)


def test_who_comes_second_sees_what_the_first_did_and_changes_nothing(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    id, other = received(platform), someone(platform, "per_2", "moderator", name="Mo Moderator")
    moved(platform, other, id, "spam")
    second = platform.call("POST", f"{INBOX}{id}/state", form="state=archived&version=1", cookies=owner)
    assert second.status == 412
    assert "Mo Moderator has put this message aside as spam." in second.body
    assert Message.get(id).state == "spam"


@pytest.mark.parametrize(
    "query",
    [
        "done=<script>",
        "done=archived&of=msg_x&was=inbox&version=2",
        "done=archived&of=msg_" + "A" * 26 + "&was=elsewhere&version=2",
        "done=archived&of=msg_" + "A" * 26 + "&was=inbox&version=-1",
    ],
)
def test_an_address_from_elsewhere_offers_no_undo(
    platform: PlatformUnderTest, owner: dict[str, str], query: str
) -> None:
    html = shown(platform, owner, query=query)
    assert "/state" not in html
    assert "<script>" not in html


# What follows


def test_only_what_was_not_there_before_is_news(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    id = received(platform)

    def names(old: Message | None, new: Message | None) -> list[str]:
        change = Change(table="contact-messages", old=old, new=new, at=platform.clock(), sequence="1")
        return [event.name for event in events.what_happened(change)]

    before = Message.get(id)
    answered(platform, owner, id)
    after = Message.get(id)
    moved(platform, owner, id, "archived", version=2)
    assert names(None, before) == ["contact.message.received"]
    assert names(before, after) == ["contact.message.answered"]
    assert names(after, Message.get(id)) == names(after, None) == []


# A person's own


def test_a_persons_messages_are_exported_and_forgotten_and_nobody_elses(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    someone(platform, "per_fan", None)
    Person("per_fan").update(actions=[Person.email.set("Fan1@fans.example")])
    mine = [
        received(platform, number, email="fan1@fans.example", state=state)
        for number, state in ((1, "spam"), (2, "open"))
    ]
    other = received(platform, 3)
    answered(platform, owner, mine[1], "With pleasure.")
    exported = exports("per_fan", platform.services)["messages"]
    assert [one["message"] for one in exported] == ["Body of number 1.", "Body of number 2."]
    assert exported[1]["answers"][0]["message"] == "With pleasure."
    json.dumps(exported)
    for _ in range(2):
        forget("per_fan", platform.services)
    assert [message.id for message in Message.batch_get([*mine, other])] == [other]
    assert exports("per_nobody", platform.services) == {}
