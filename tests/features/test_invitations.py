"""Invitations: who may write them, whom they let in, and when they are worth nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from lambdas.core.events import Change
from lambdas.features.team import events, personal_data
from lambdas.features.team.models import Invitation
from lambdas.platform.audit import AuditEntry
from lambdas.platform.mail import Letter, Mailer, Undeliverable
from lambdas.platform.people import Person
from lambdas.platform.sessions import SessionRow
from lambdas.platform.team import TEAM, CustomRole, Member, owners
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest

EMAIL = "newcomer@people.example"


class Post(Mailer):
    """Keeps what is sent; refuses addresses that cannot be mailed."""

    def send(
        self, letter: Letter, *, to: str, reply_to: str | None = None, reference: str, by_hand: bool = False
    ) -> None:
        if to.startswith("nobody@"):
            raise Undeliverable("MessageRejected")
        SENT.append((to, letter))


SENT: list[tuple[str, Letter]] = []


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    SENT.clear()


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Olga Owner", role="owner")


@pytest.fixture
def newcomer(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Nele Newcomer", email=EMAIL)


def _do(platform: PlatformUnderTest, who: Person, path: str, **body: Any) -> Answer:
    return platform.call("POST", path, json_body=body, cookies=platform.sign_in(who.id))


def _invite(
    platform: PlatformUnderTest, who: Person, *, email: str = EMAIL, role: str = "editor", locale: str = "en"
) -> Answer:
    return _do(platform, who, "/studio/team/invite/", email=email, role=role, locale=locale)


def _work(platform: PlatformUnderTest, *, old: Invitation | None = None) -> None:
    """What the worker does when the table's stream has brought it every open invitation."""
    services = replace(platform.services, mail=Post(creator=platform.creator))
    for row in Invitation.query(TEAM):
        for event in events.of_invitations(
            Change(table="team-invitations", old=old, new=row, at=platform.clock(), sequence="1")
        ):
            events.mail(event, services)


def _token() -> str:
    link = next(line for line in SENT[-1][1].text.splitlines() if "/account/invitation/" in line)
    return parse_qs(urlsplit(link).query)["token"][0]


def _invited(platform: PlatformUnderTest, who: Person, **how: str) -> str:
    assert _invite(platform, who, **how).status == 201
    _work(platform)
    return _token()


def _accept(platform: PlatformUnderTest, who: Person | None, token: str) -> Answer:
    cookies = platform.sign_in(who.id) if who is not None else None
    return platform.call("POST", "/api/auth/invitation", json_body={"token": token}, cookies=cookies)


def _open(platform: PlatformUnderTest, who: Person | None, token: str, *, language: str = "") -> Answer:
    cookies = platform.sign_in(who.id) if who is not None else None
    path = f"{language}/account/invitation/"
    return platform.call("GET", path, query=urlencode({"token": token}), cookies=cookies)


def _actions() -> list[str]:
    return [entry.action for entry in sorted(AuditEntry.query("2026-03"), key=lambda entry: entry.id)]


# Inviting.


def test_an_invitation_is_mailed_once_in_its_language(platform: PlatformUnderTest, owner: Person) -> None:
    assert _invite(platform, owner, locale="de").status == 201
    _work(platform)
    _work(platform)
    ((to, letter),) = SENT
    assert to == EMAIL
    assert letter.subject == "Olga Owner lädt dich ins Team von Testa Fictional ein"
    assert "Editor" in letter.text or "Redaktion" in letter.text
    assert "https://tester.example/de/account/invitation/?token=" in letter.text
    assert _actions() == ["team.invitation.sent"]


def test_the_team_sees_it_until_it_is_answered(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    screen = platform.call("GET", "/studio/team/", cookies=platform.sign_in(owner.id))
    assert EMAIL in screen.body
    assert _accept(platform, newcomer, token).status == 200
    screen = platform.call("GET", "/studio/team/", cookies=platform.sign_in(owner.id))
    assert "Open invitations" not in screen.body
    assert "Nele Newcomer" in screen.body


def test_who_may_not_invite_sees_no_invitations(platform: PlatformUnderTest, owner: Person) -> None:
    _invited(platform, owner)
    editor = a_person(platform, role="editor")
    assert EMAIL not in platform.call("GET", "/studio/team/", cookies=platform.sign_in(editor.id)).body
    assert _invite(platform, editor, email="other@people.example").status == 403


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"role": "owner"}, 409, "owners_join_first"),
        ({"role": "boss"}, 422, "invalid"),
        ({"role": "fan"}, 422, "invalid"),
        ({"email": "not an address"}, 422, "invalid"),
        ({"email": "раураl@people.example"}, 422, "invalid"),
        ({"email": f"{'x' * 250}@people.example"}, 422, "invalid"),
        ({"locale": "fr"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_sent(
    platform: PlatformUnderTest, owner: Person, fields: dict[str, str], status: int, code: str
) -> None:
    answer = _invite(platform, owner, **fields)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert Invitation.count(TEAM) == 0


def test_a_faulty_form_comes_back_with_what_was_typed(platform: PlatformUnderTest, owner: Person) -> None:
    form = urlencode({"email": "not <an> address", "role": "editor", "locale": "de"})
    answer = platform.call("POST", "/studio/team/invite/", form=form, cookies=platform.sign_in(owner.id))
    assert answer.status == 422
    assert 'value="not &lt;an&gt; address"' in answer.body
    assert 'value="editor" required checked' in answer.body


def test_nobody_is_invited_twice_at_once(platform: PlatformUnderTest, owner: Person) -> None:
    assert _invite(platform, owner).status == 201
    again = _invite(platform, owner, email=EMAIL.upper(), role="support")
    assert (again.status, again.json["code"]) == (409, "invited_already")
    assert [row.role for row in Invitation.query(TEAM)] == ["editor"]
    platform.clock.forward(days=8)
    assert _invite(platform, owner, role="support").status == 201
    assert [row.role for row in Invitation.query(TEAM)] == ["support"]


def test_who_is_on_the_team_is_not_invited(platform: PlatformUnderTest, owner: Person) -> None:
    editor = a_person(platform, role="editor", email="Edda@People.example")
    answer = _invite(platform, owner, email="edda@people.example")
    assert (answer.status, answer.json["code"]) == (409, "on_the_team")
    assert Member.get(editor.id).role == "editor"


def test_thirty_mails_an_hour_are_enough(platform: PlatformUnderTest, owner: Person) -> None:
    statuses = [_invite(platform, owner, email=f"a{number}@people.example").status for number in range(31)]
    assert statuses == [201] * 30 + [429]


def test_a_mail_that_cannot_be_delivered_is_shown(platform: PlatformUnderTest, owner: Person) -> None:
    _invite(platform, owner, email="nobody@people.example")
    _work(platform)
    assert "Could not be delivered" in platform.call("GET", "/studio/team/", cookies=platform.sign_in(owner.id)).body


def test_an_invitation_sent_again_is_good_for_another_week_and_mailed_five_times_at_most(
    platform: PlatformUnderTest, owner: Person, newcomer: Person
) -> None:
    id = _invite(platform, owner).json["id"]
    _work(platform)
    platform.clock.forward(days=6)
    statuses = []
    for _ in range(5):
        before = Invitation.get(TEAM, id)
        statuses.append(_do(platform, owner, f"/studio/team/invitations/{id}/resend").status)
        _work(platform, old=before)
    assert statuses == [200] * 4 + [429]
    assert len(SENT) == 5
    platform.clock.forward(days=6)
    assert _accept(platform, newcomer, _token()).status == 200


def test_a_withdrawn_invitation_is_dead(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    id = Invitation.query(TEAM).next().id
    assert _do(platform, owner, f"/studio/team/invitations/{id}/withdraw").status == 200
    assert _open(platform, newcomer, token).status == 404
    refused = _accept(platform, newcomer, token)
    assert (refused.status, refused.json["code"]) == (404, "invitation_gone")
    assert Member.count(newcomer.id) == 0
    # The next one to this address has the same id, and another link.
    assert _invited(platform, owner) != token
    assert _accept(platform, newcomer, token).status == 404


@pytest.mark.parametrize("id", ["inv_01J9ZK3V7Q8W2E4R6T8Y0A1B2C", "x", "x" * 3000])
def test_an_invitation_that_there_is_not_is_not_found(platform: PlatformUnderTest, owner: Person, id: str) -> None:
    for what in ("resend", "withdraw"):
        assert _do(platform, owner, f"/studio/team/invitations/{id}/{what}").status == 404


# Joining.


def test_the_page_says_who_invites_to_what_and_leads_to_sign_in_and_back(
    platform: PlatformUnderTest, owner: Person
) -> None:
    token = _invited(platform, owner, locale="de")
    page = _open(platform, None, token, language="/de")
    assert page.status == 200
    assert "Olga Owner lädt dich ins Team von Testa Fictional ein" in page.body
    assert "n•••@people.example" in page.body
    assert EMAIL not in page.body
    back = urlencode({"next": f"/de/account/invitation/?{urlencode({'token': token})}"})
    assert f'href="/de/account/sign-in/?{back}"' in page.body
    assert f'href="/de/account/sign-up/?{back}"' in page.body


def test_looking_at_an_invitation_accepts_nothing(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    page = _open(platform, newcomer, token)
    assert page.status == 200
    assert "Join the team" in page.body
    assert Member.count(newcomer.id) == 0
    assert Invitation.count(TEAM) == 1


def test_who_accepts_is_on_the_team_in_that_role(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    form = urlencode({"token": token, "language": "en"})
    answer = platform.call("POST", "/api/auth/invitation", form=form, cookies=platform.sign_in(newcomer.id))
    assert (answer.status, answer.headers["location"]) == (303, "/studio/")
    member = Member.get(newcomer.id)
    assert (member.role, member.since) == ("editor", platform.clock())
    assert Invitation.count(TEAM) == 0
    assert platform.call("GET", "/studio/team/", cookies=platform.sign_in(newcomer.id)).status == 200
    entry = max(AuditEntry.query("2026-03"), key=lambda entry: entry.id)
    assert (entry.action, entry.actor, entry.role) == ("team.invitation.accepted", newcomer.id, "fan")
    assert json.loads(entry.after) == {"role": "editor", "invited_by": owner.id}


def test_an_invitation_is_accepted_once(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: _accept(platform, newcomer, token).status, range(4)))
    assert statuses == [200, 404, 404, 404]
    Member(newcomer.id).delete()
    assert _accept(platform, newcomer, token).status == 404


def test_only_the_invited_address_joins(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    other = a_person(platform, email="other@people.example")
    page = _open(platform, other, token)
    assert "n•••@people.example" in page.body
    assert EMAIL not in page.body
    assert "Join the team" not in page.body
    refused = _accept(platform, other, token)
    assert (refused.status, refused.json["code"]) == (403, "not_your_invitation")
    assert Member.count(other.id) == 0
    assert _accept(platform, newcomer, token).status == 200


def test_nobody_joins_who_is_not_signed_in(platform: PlatformUnderTest, owner: Person) -> None:
    assert _accept(platform, None, _invited(platform, owner)).status == 401
    assert Invitation.count(TEAM) == 1


def test_an_invitation_is_over_after_a_week(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    token = _invited(platform, owner)
    platform.clock.forward(days=6, hours=23)
    assert _open(platform, newcomer, token).status == 200
    platform.clock.forward(hours=2)
    assert _open(platform, newcomer, token).status == 404
    assert _accept(platform, newcomer, token).status == 404


@pytest.mark.parametrize("token", ["", "nonsense", "W10.x", "WyJpbnYiLCJub25jZSJd.c2ln", "x" * 400])
def test_a_link_that_is_none_of_ours_leads_nowhere(platform: PlatformUnderTest, newcomer: Person, token: str) -> None:
    assert _open(platform, newcomer, token).status == 404
    assert _accept(platform, newcomer, token).status in {404, 422}


def test_a_session_cookie_is_no_invitation(platform: PlatformUnderTest, newcomer: Person) -> None:
    (cookie,) = platform.sign_in(newcomer.id).values()
    assert _accept(platform, newcomer, cookie).status == 404


def test_who_is_on_the_team_already_keeps_their_role(
    platform: PlatformUnderTest, owner: Person, newcomer: Person
) -> None:
    token = _invited(platform, owner, role="support")
    Member(newcomer.id, role="manager", since=platform.clock()).save()
    assert "You are on the team already" in _open(platform, newcomer, token).body
    assert _accept(platform, newcomer, token).json["code"] == "on_the_team"
    assert Member.get(newcomer.id).role == "manager"


# What an invitation is worth, is what its writer may do when it is accepted.


@pytest.mark.parametrize("since", ["removed", "demoted", "role enlarged", "role gone"])
def test_an_invitation_is_worth_what_its_writer_may_give_when_it_is_accepted(
    platform: PlatformUnderTest, owner: Person, newcomer: Person, since: str
) -> None:
    manager = a_person(platform, name="Max Manager", role="manager")
    role = _do(platform, owner, "/studio/team/roles/new/", name="Reader", permissions=["audit.read"]).json["id"]
    token = _invited(platform, manager, role=role)
    assert _open(platform, newcomer, token).status == 200
    if since == "removed":
        assert _do(platform, owner, f"/studio/team/members/{manager.id}/remove", version=1).status == 200
    elif since == "demoted":
        assert _do(platform, owner, f"/studio/team/members/{manager.id}/", role="editor", version=1).status == 200
    elif since == "role enlarged":
        more = ["audit.read", "audit.export"]
        path = f"/studio/team/roles/{role}/"
        assert _do(platform, owner, path, name="Reader", permissions=more, version=1).status == 200
    else:
        CustomRole(role).delete()
    assert _open(platform, newcomer, token).status == 404
    assert _accept(platform, newcomer, token).status == 404
    assert Member.count(newcomer.id) == 0
    if since != "role gone":
        assert (
            "Does not hold any more" in platform.call("GET", "/studio/team/", cookies=platform.sign_in(owner.id)).body
        )
        # Somebody who may sends it again, in their own name.
        id = Invitation.query(TEAM).next().id
        assert _do(platform, owner, f"/studio/team/invitations/{id}/resend").status == 200
        assert _accept(platform, newcomer, token).json == {"role": role}
        assert CustomRole.get(role).holders == {newcomer.id}


def test_a_role_that_somebody_is_invited_to_is_not_deleted(platform: PlatformUnderTest, owner: Person) -> None:
    role = _do(platform, owner, "/studio/team/roles/new/", name="Reader", permissions=["audit.read"]).json["id"]
    _invited(platform, owner, role=role)
    refused = _do(platform, owner, f"/studio/team/roles/{role}/delete", version=1)
    assert (refused.status, refused.json["code"]) == (409, "role_held")


# What follows, and what is kept of whom.


def test_who_went_is_signed_out_by_the_worker_too_but_not_of_what_came_after(
    platform: PlatformUnderTest, owner: Person
) -> None:
    gone = a_person(platform)
    platform.sign_in(gone.id)
    change = Change(table="team", old=Member(gone.id, role="editor"), new=None, at=platform.clock(), sequence="1")
    platform.clock.forward(minutes=1)
    platform.sign_in(gone.id)
    (event,) = events.of_members(change)
    for _ in range(2):
        events.sign_out(event, platform.services)
    (left,) = SessionRow.query(gone.id)
    assert left.created_at == platform.clock()


def test_a_change_of_role_signs_nobody_out(platform: PlatformUnderTest, owner: Person) -> None:
    old, new = (Member(owner.id, role=role) for role in ("owner", "editor"))
    assert list(events.of_members(Change(table="team", old=old, new=new, at=platform.clock(), sequence="1"))) == []


def test_a_person_gets_what_the_team_knows_of_them(
    platform: PlatformUnderTest, owner: Person, newcomer: Person
) -> None:
    _invited(platform, owner)
    assert personal_data.exports(newcomer.id, platform.services)["invitation"]["role"] == "editor"
    platform.clock.forward(seconds=1)
    known = personal_data.exports(owner.id, platform.services)
    assert known["membership"]["role"] == "owner"
    assert [entry["action"] for entry in known["log"]] == ["team.invitation.sent"]
    json.dumps(known)
    fan = a_person(platform)
    nothing: dict[str, Any] = {"membership": None, "invitation": None, "log": []}
    assert personal_data.exports(fan.id, platform.services) == nothing


def test_who_is_forgotten_is_off_the_team_again_and_again(
    platform: PlatformUnderTest, owner: Person, newcomer: Person
) -> None:
    role = _do(platform, owner, "/studio/team/roles/new/", name="Reader", permissions=["audit.read"]).json["id"]
    assert _accept(platform, newcomer, _invited(platform, owner, role=role)).status == 200
    for _ in range(2):
        personal_data.forget(newcomer.id, platform.services)
    assert Member.count(newcomer.id) == 0
    assert CustomRole.get(role).holders is None
    assert _actions()[-1] == "team.member.forgotten"
    assert _actions().count("team.member.forgotten") == 1


def test_who_is_forgotten_is_not_invited_any_more(platform: PlatformUnderTest, owner: Person, newcomer: Person) -> None:
    _invited(platform, owner)
    personal_data.forget(newcomer.id, platform.services)
    assert Invitation.count(TEAM) == 0


def test_an_owner_who_is_gone_leaves_the_site_to_the_others(platform: PlatformUnderTest, owner: Person) -> None:
    other = a_person(platform, role="owner")
    personal_data.forget(other.id, platform.services)
    assert owners() == {owner.id}


def test_the_moment_counts_and_not_the_table_that_is_cleared_late(platform: PlatformUnderTest, owner: Person) -> None:
    _invite(platform, owner)
    platform.clock.forward(seconds=timedelta(days=7).total_seconds())
    _work(platform)
    assert SENT == []
