"""The team: who is on it, what may be changed of it, and by whom."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.core.ids import new_id
from lambdas.core.permissions import OWNER
from lambdas.core.references import load
from lambdas.features.team import news
from lambdas.platform.audit import AuditEntry
from lambdas.platform.keys import digest
from lambdas.platform.people import Person
from lambdas.platform.team import OWNERS, CustomRole, Member, owners, standing_of
from lambdas.platform.visit import Visit
from lambdas.web.app import App
from tests.people import a_person
from tests.platform_under_test import ORIGIN_SECRET, Answer, PlatformUnderTest


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Olga Owner", role="owner")


@pytest.fixture
def manager(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Max Manager", role="manager")


def _instances(platform: PlatformUnderTest, count: int) -> list[PlatformUnderTest]:
    """The same platform, answered by so many instances of the studio's function: one answers one request at a time."""
    features = platform.services.features
    routers = [load(feature.studio) for feature in features if feature.studio]

    def app() -> App:
        return App(
            services=platform.services,
            routers=routers,
            origin_digests=frozenset({digest(ORIGIN_SECRET)}),
            logger=Logger(service=f"test-{uuid4()}", stream=platform.log),
            protected=True,
            fresh=True,
        )

    return [replace(platform, apps={**platform.apps, "studio": app()}) for _ in range(count)]


def _see(platform: PlatformUnderTest, who: Person, path: str, query: str = "") -> Answer:
    return platform.call("GET", path, query=query, cookies=platform.sign_in(who.id))


def _do(platform: PlatformUnderTest, who: Person, path: str, **body: Any) -> Answer:
    return platform.call("POST", path, json_body=body, cookies=platform.sign_in(who.id))


def _submit(platform: PlatformUnderTest, who: Person, path: str, **fields: str) -> Answer:
    return platform.call("POST", path, form=urlencode(fields), cookies=platform.sign_in(who.id))


def _change(platform: PlatformUnderTest, who: Person, whom: Person, role: str, version: int = 1) -> Answer:
    return _do(platform, who, f"/studio/team/members/{whom.id}/", role=role, version=version)


def _remove(platform: PlatformUnderTest, who: Person, whom: Person, version: int = 1) -> Answer:
    return _do(platform, who, f"/studio/team/members/{whom.id}/remove", version=version)


def _role(platform: PlatformUnderTest, who: Person, name: str, *permissions: str) -> Answer:
    return _do(platform, who, "/studio/team/roles/new/", name=name, permissions=list(permissions))


def _log() -> list[AuditEntry]:
    return sorted(AuditEntry.query("2026-03"), key=lambda entry: entry.id)


# The screens.


def test_everybody_on_the_team_sees_who_is_on_it(platform: PlatformUnderTest, owner: Person) -> None:
    editor = a_person(platform, name="Edda Editor", role="editor")
    a_person(platform, name="Fan Who Is Not")
    page = _see(platform, editor, "/studio/team/")
    assert page.status == 200
    assert "Olga Owner" in page.body
    assert "Edda Editor" in page.body
    assert "Fan Who Is Not" not in page.body
    assert owner.email not in page.body, "addresses are for those who look after the team"
    assert owner.email in _see(platform, owner, "/studio/team/").body


def test_every_screen_is_there_in_both_languages(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    role = _role(platform, owner, "Reader", "team.members.read").json["id"]
    german = a_person(platform, name="Greta Inhaberin", role="owner", locale="de")
    entry = _log()[0].id
    paths = (
        "/studio/team/",
        "/studio/team/invite/",
        f"/studio/team/members/{manager.id}/",
        f"/studio/team/members/{owner.id}/",
        "/studio/team/roles/",
        "/studio/team/roles/new/",
        f"/studio/team/roles/{role}/",
        "/studio/audit/",
        f"/studio/audit/{entry}/",
    )
    for path in paths:
        for who, language in ((owner, "en"), (german, "de")):
            page = _see(platform, who, path)
            assert (page.status, f'<html lang="{language}"' in page.body) == (200, True), (path, page.body[:500])


def test_what_was_done_is_said_and_nothing_else(platform: PlatformUnderTest, owner: Person) -> None:
    assert "The role is changed" in _see(platform, owner, "/studio/team/", "done=changed").body
    assert "nonsense" not in _see(platform, owner, "/studio/team/", "done=nonsense").body


# Changing a role.


def test_a_role_changes_at_once_and_is_noted(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    cookies = platform.sign_in(manager.id)
    assert platform.call("GET", "/studio/audit/", cookies=cookies).status == 200
    answer = _change(platform, owner, manager, "editor")
    assert (answer.status, answer.json["version"]) == (200, 2)
    assert platform.call("GET", "/studio/audit/", cookies=cookies).status == 403
    (entry,) = _log()
    assert (entry.action, entry.actor, entry.actor_name) == ("team.role.changed", owner.id, "Olga Owner")
    assert (entry.subject, entry.before, entry.after) == (manager.id, '{"role": "manager"}', '{"role": "editor"}')


def test_a_form_leads_back_to_the_team_and_says_so(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    answer = _submit(platform, owner, f"/studio/team/members/{manager.id}/", role="support", version="1")
    assert (answer.status, answer.headers["location"]) == (303, "/studio/team/?done=changed")
    assert Member.get(manager.id).role == "support"


def test_a_role_that_is_the_same_changes_nothing(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    assert _change(platform, owner, manager, "manager").json["version"] == 1
    assert _log() == []


def test_who_was_slower_is_told_and_changes_nothing(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    assert _change(platform, owner, manager, "editor").status == 200
    late = _submit(platform, owner, f"/studio/team/members/{manager.id}/", role="support", version="1")
    assert late.status == 412
    assert "Somebody else has changed this" in late.body
    assert Member.get(manager.id).role == "editor"
    assert _remove(platform, owner, manager, version=1).status == 412
    assert len(_log()) == 1


@pytest.mark.parametrize("role", ["owner", "boss", "fan", "", "rol_01J9ZK3V7Q8W2E4R6T8Y0A1B2C", "x" * 41, "../owner"])
def test_a_manager_gives_no_role_above_their_own_and_none_that_there_is_not(
    platform: PlatformUnderTest, owner: Person, manager: Person, role: str
) -> None:
    other = a_person(platform, role="editor")
    answer = _change(platform, manager, other, role)
    assert answer.status == (403 if role == "owner" else 422), answer.body
    assert Member.get(other.id).role == "editor"
    assert owners() == {owner.id}


def test_nobody_changes_who_is_above_them(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    other = a_person(platform, role="owner")
    for answer in (_change(platform, manager, other, "support"), _remove(platform, manager, other)):
        assert (answer.status, answer.json["code"]) == (403, "above_you")
    assert owners() == {owner.id, other.id}


@pytest.mark.parametrize("role", ["owner", "manager", "support"])
def test_nobody_changes_themselves(platform: PlatformUnderTest, owner: Person, manager: Person, role: str) -> None:
    for who in (manager, owner):
        answer = _change(platform, who, who, role)
        assert (answer.status, answer.json["code"]) == (403, "your_own")
        assert _remove(platform, who, who).json["code"] == "your_own"


@pytest.mark.parametrize("id", ["per_01J9ZK3V7Q8W2E4R6T8Y0A1B2C", "owners", "team", "x" * 3000, "per_", "%2e%2e"])
def test_who_is_not_on_the_team_is_not_found(platform: PlatformUnderTest, owner: Person, id: str) -> None:
    fan = a_person(platform)
    for foreign in (id, fan.id):
        path = f"/studio/team/members/{foreign}/"
        assert _see(platform, owner, path).status == 404
        assert _do(platform, owner, path, role="manager", version=1).status == 404
        assert _do(platform, owner, f"{path}remove", version=1).status == 404
        assert _submit(platform, owner, path, role="manager", version="1").status == 404
    assert owners() == {owner.id}


# Owners.


def test_ownership_is_given_to_a_member_by_an_owner(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    assert _change(platform, owner, manager, "owner").status == 200
    assert owners() == {owner.id, manager.id}
    assert _change(platform, manager, owner, "editor").status == 200
    assert owners() == {manager.id}


def test_the_last_owner_neither_leaves_nor_is_there_anybody_who_could_remove_them(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    left = _do(platform, owner, "/studio/team/leave")
    assert (left.status, left.json["code"]) == (409, "last_owner")
    assert _submit(platform, owner, "/studio/team/leave").status == 409
    assert _remove(platform, manager, owner).status == 403
    assert (owners(), Member.get(owner.id).role) == (frozenset({owner.id}), OWNER)
    assert _log() == []


@pytest.mark.parametrize("way", ["demote", "remove"])
def test_two_owners_who_take_ownership_from_each_other_at_once_leave_one(platform: PlatformUnderTest, way: str) -> None:
    instances = _instances(platform, 2)
    for _ in range(8):
        Member(OWNERS).delete()
        pair = [a_person(platform, role="owner") for _ in range(2)]
        together = Barrier(2)

        def take(number: int, pair: list[Person] = pair, together: Barrier = together) -> int:
            here, me, other = instances[number], pair[number], pair[1 - number]
            together.wait(timeout=30)
            return (_change(here, me, other, "support") if way == "demote" else _remove(here, me, other)).status

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(take, range(2)))
        assert statuses[0] == 200
        # A session that ended in between, a role that was lost in between, or nobody left to own it.
        assert statuses[1] in {401, 403, 409}
        (left,) = owners()
        assert Member.get(left).role == OWNER
        assert left in {who.id for who in pair}


def test_owners_who_all_leave_at_once_leave_one(platform: PlatformUnderTest) -> None:
    everyone = [a_person(platform, role="owner") for _ in range(6)]
    instances = _instances(platform, 6)

    def leave(number: int) -> int:
        return _do(instances[number], everyone[number], "/studio/team/leave").status

    with ThreadPoolExecutor(6) as pool:
        left = list(pool.map(leave, range(6)))
    # Who met too many others is asked to try again, and does.
    again = [_do(platform, who, "/studio/team/leave").status for who in everyone if len(owners()) > 1]
    assert (left + again).count(200) == 5
    assert len(owners()) == 1
    assert sum(1 for who in everyone if Member.count(who.id)) == 1


def test_ownership_is_not_given_to_who_is_about_to_delete_their_account(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    manager.update(actions=[Person.leaving.set("asked")])
    assert _change(platform, owner, manager, "owner").json["code"] == "leaving"
    assert owners() == {owner.id}


def test_an_owner_who_is_about_to_delete_their_account_can_be_taken_off(
    platform: PlatformUnderTest, owner: Person
) -> None:
    going = a_person(platform, role="owner")
    Member(OWNERS).update(actions=[Member.owners.delete({going.id})])
    assert _remove(platform, owner, going).status == 200
    assert owners() == {owner.id}


# Going.


def test_who_is_removed_is_a_fan_and_signed_out_everywhere(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    cookies = [platform.sign_in(manager.id) for _ in range(3)]
    assert _remove(platform, owner, manager).status == 200
    for cookie in cookies:
        assert platform.call("GET", "/studio/team/", cookies=cookie).status == 303
    assert Member.count(manager.id) == 0
    assert Person.get(manager.id).name == "Max Manager"
    assert platform.call("GET", "/studio/team/", cookies=platform.sign_in(manager.id)).status == 403
    (entry,) = _log()
    assert (entry.action, entry.subject, entry.before) == ("team.member.removed", manager.id, '{"role": "manager"}')


def test_who_leaves_is_signed_out_and_noted(platform: PlatformUnderTest, owner: Person, manager: Person) -> None:
    answer = _submit(platform, manager, "/studio/team/leave")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert any(cookie.startswith("__Host-session=;") for cookie in answer.cookies)
    assert platform.services.sessions.of(manager.id) == []
    assert [entry.action for entry in _log()] == ["team.member.left"]
    assert owner.name in _see(platform, owner, "/studio/team/").body


# Roles of one's own.


def test_a_role_of_ones_own_allows_what_is_ticked_and_nothing_else(platform: PlatformUnderTest, owner: Person) -> None:
    fields = {"name": "Log reader", "permission.audit.read": "yes"}
    made = _submit(platform, owner, "/studio/team/roles/new/", **fields)
    assert made.status == 303
    id = made.headers["location"].removeprefix("/studio/team/roles/").partition("/")[0]
    assert "The role is made" in _see(platform, owner, f"/studio/team/roles/{id}/", "done=created").body
    reader = a_person(platform, role="editor")
    assert _change(platform, owner, reader, id).status == 200
    assert CustomRole.get(id).holders == {reader.id}
    assert _see(platform, reader, "/studio/audit/").status == 200
    assert _see(platform, reader, "/studio/team/").status == 403


def test_a_changed_role_holds_at_once_for_everyone_who_has_it(platform: PlatformUnderTest, owner: Person) -> None:
    id = _role(platform, owner, "Log reader", "audit.read").json["id"]
    reader = a_person(platform, role="editor")
    _change(platform, owner, reader, id)
    cookies = platform.sign_in(reader.id)
    edited = _submit(platform, owner, f"/studio/team/roles/{id}/", name="Nothing", version="1")
    assert (edited.status, edited.headers["location"]) == (303, f"/studio/team/roles/{id}/?done=saved")
    assert platform.call("GET", "/studio/audit/", cookies=cookies).status == 403
    assert _log()[-1].before == '{"name": "Log reader", "permissions": ["audit.read"]}'


def test_a_role_saved_from_a_stale_form_shows_both_and_keeps_what_was_typed(
    platform: PlatformUnderTest, owner: Person
) -> None:
    id = _role(platform, owner, "Reader", "audit.read").json["id"]
    _do(platform, owner, f"/studio/team/roles/{id}/", name="Auditor", permissions=["audit.read"], version=1)
    fields = {"name": "Typed <name>", "permission.team.members.read": "yes", "version": "1"}
    late = _submit(platform, owner, f"/studio/team/roles/{id}/", **fields)
    assert late.status == 412
    assert "It is now called “Auditor”" in late.body
    assert 'value="Typed &lt;name&gt;"' in late.body
    assert 'name="permission.team.members.read" type="checkbox" value="yes" checked' in late.body
    assert 'name="permission.audit.read" type="checkbox" value="yes" checked' not in late.body
    assert CustomRole.get(id).name == "Auditor"


def test_a_faulty_name_keeps_the_ticks(platform: PlatformUnderTest, owner: Person) -> None:
    fields = {"name": "", "permission.audit.read": "yes", "permission.<script>": "yes"}
    answer = _submit(platform, owner, "/studio/team/roles/new/", **fields)
    assert answer.status == 422
    assert 'name="permission.audit.read" type="checkbox" value="yes" checked' in answer.body
    assert "<script>" not in answer.body.replace('<script type="module"', "")


@pytest.mark.parametrize("permissions", [["audit.export"], ["audit.read", "audit.export"]])
def test_a_manager_makes_no_role_that_can_do_more_than_they_can(
    platform: PlatformUnderTest, manager: Person, permissions: list[str]
) -> None:
    answer = _role(platform, manager, "Exporter", *permissions)
    assert (answer.status, answer.json["code"]) == (403, "above_you")
    assert CustomRole.count() == 0


@pytest.mark.parametrize("permission", ["owner", "*", "shop.everything", "", "team.members.read "])
def test_permissions_that_nobody_declares_are_refused(
    platform: PlatformUnderTest, owner: Person, permission: str
) -> None:
    answer = _role(platform, owner, "Odd", permission)
    assert (answer.status, answer.json["errors"][0]["path"]) == (422, "permissions")
    assert CustomRole.count() == 0


def test_a_role_above_a_manager_is_neither_changed_nor_deleted_nor_given_by_them(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    id = _role(platform, owner, "Exporter", "audit.export").json["id"]
    other = a_person(platform, role="support")
    path = f"/studio/team/roles/{id}/"
    tries = (
        _do(platform, manager, path, name="Mine", permissions=[], version=1),
        _do(platform, manager, f"{path}delete", version=1),
        _change(platform, manager, other, id),
        _do(platform, manager, "/studio/team/invite/", email="a@example.com", role=id, locale="en"),
    )
    assert [(answer.status, answer.json["code"]) for answer in tries] == [(403, "above_you")] * 4
    assert "may do more than you" in _see(platform, manager, path).body
    assert (CustomRole.get(id).name, Member.get(other.id).role) == ("Exporter", "support")


def test_nobody_changes_the_role_they_hold(platform: PlatformUnderTest, owner: Person) -> None:
    id = _role(platform, owner, "Roles", "team.roles.manage", "team.members.manage").json["id"]
    holder = a_person(platform, role="support")
    _change(platform, owner, holder, id)
    more = _do(platform, holder, f"/studio/team/roles/{id}/", name="Roles", permissions=["audit.read"], version=1)
    less = _do(platform, holder, f"/studio/team/roles/{id}/", name="Roles", permissions=[], version=1)
    assert [(answer.status, answer.json["code"]) for answer in (more, less)] == [(403, "your_own")] * 2


def test_what_a_role_held_of_a_feature_switched_off_is_passed_on_by_owners_only(
    platform: PlatformUnderTest, owner: Person, manager: Person
) -> None:
    id = _role(platform, owner, "Was in the shop", "audit.read").json["id"]
    CustomRole(id).update(actions=[CustomRole.permissions.add({"shop.orders.refund"})])
    other = a_person(platform, role="support")
    assert _change(platform, manager, other, id).json["code"] == "above_you"
    assert (
        _do(platform, owner, f"/studio/team/roles/{id}/", name="R", permissions=["audit.read"], version=1).status == 200
    )
    assert CustomRole.get(id).permissions == {"audit.read"}
    assert _change(platform, manager, other, id).status == 200


def test_two_roles_have_not_the_same_name_and_none_that_of_a_standard_one(
    platform: PlatformUnderTest, owner: Person
) -> None:
    assert _role(platform, owner, "Reader").status == 201
    for name in ("reader", "READER", "Owner", "manager"):
        answer = _role(platform, owner, name)
        assert (answer.status, answer.json["errors"][0]["code"]) == (422, "taken")


def test_a_role_that_somebody_holds_is_not_deleted(platform: PlatformUnderTest, owner: Person) -> None:
    id = _role(platform, owner, "Reader", "audit.read").json["id"]
    holder = a_person(platform, name="Hilda Holder", role="support")
    _change(platform, owner, holder, id)
    refused = _submit(platform, owner, f"/studio/team/roles/{id}/delete", version="1")
    assert refused.status == 409
    assert "Hilda Holder" in refused.body
    assert _change(platform, owner, holder, "support", version=2).status == 200
    deleted = _submit(platform, owner, f"/studio/team/roles/{id}/delete", version="1")
    assert (deleted.status, deleted.headers["location"]) == (303, "/studio/team/roles/?done=deleted")
    assert _see(platform, owner, f"/studio/team/roles/{id}/").status == 404


def test_a_role_is_never_deleted_while_it_is_being_given(platform: PlatformUnderTest, owner: Person) -> None:
    one, two = _instances(platform, 2)
    for _ in range(8):
        id = _role(platform, owner, "Reader", "audit.read").json["id"]
        other = a_person(platform, role="support")
        with ThreadPoolExecutor(2) as pool:
            giving = pool.submit(_change, one, owner, other, id)
            deleting = pool.submit(_do, two, owner, f"/studio/team/roles/{id}/delete", version=1)
        given, deleted = giving.result().status, deleting.result().status
        assert (given, deleted) in {(200, 409), (422, 200)}
        assert (Member.get(other.id).role == id) == (CustomRole.count(id) == 1) == (given == 200)
        if given == 200:
            _change(platform, owner, other, "support", version=2)
            assert _do(platform, owner, f"/studio/team/roles/{id}/delete", version=1).status == 200


def test_a_standard_role_cannot_be_edited(platform: PlatformUnderTest, owner: Person) -> None:
    for id in ("owner", "manager", "rol_01J9ZK3V7Q8W2E4R6T8Y0A1B2C"):
        path = f"/studio/team/roles/{id}/"
        assert _see(platform, owner, path).status == 404
        assert _do(platform, owner, path, name="Mine", permissions=[], version=1).status == 404
        assert _do(platform, owner, f"{path}delete", version=1).status == 404


# What the overview and the search say.


def test_the_overview_counts_the_team_and_names_who_is_new(platform: PlatformUnderTest, owner: Person) -> None:
    platform.clock.forward(days=1)
    since = platform.clock()
    platform.clock.forward(hours=1)
    newcomer = a_person(platform, name="Nele Newcomer", role="editor")
    (said,) = news.news(_visit(platform, owner), since)
    assert (said.count, said.new, [line.title for line in said.lines]) == (2, 1, [newcomer.name])
    assert "Nele Newcomer" in _see(platform, owner, "/studio/").body


def test_the_search_finds_what_who_searches_may_see(platform: PlatformUnderTest, owner: Person) -> None:
    editor = a_person(platform, name="Edda Editor", email="hidden@people.example", role="editor")
    _role(platform, owner, "Edits the shop window")
    _do(platform, owner, "/studio/team/invite/", email="edith@people.example", role="editor", locale="en")
    found = [one.title for one in news.searches(_visit(platform, owner), "ed")]
    assert found == ["Edda Editor", "Edits the shop window", "edith@people.example"]
    assert [one.title for one in news.searches(_visit(platform, editor), "ed")] == ["Edda Editor"]
    assert [one.title for one in news.searches(_visit(platform, owner), "hidden")] == ["Edda Editor"]
    assert news.searches(_visit(platform, editor), "hidden") == ()
    assert news.searches(_visit(platform, a_person(platform)), "ed") == ()
    assert news.news(_visit(platform, a_person(platform)), None) == ()


def _visit(platform: PlatformUnderTest, who: Person) -> Visit:
    session, _ = platform.services.sessions.open(who.id, agent="Test", method="password")
    return Visit(
        services=platform.services,
        address="203.0.113.7",
        locale="en",
        correlation_id="request",
        as_form=False,
        describe=dict,
        session=session,
    )


# Whatever is done, in whatever order.

_people = st.integers(0, 4)
_roles = st.sampled_from(("owner", "manager", "editor", "support", "r0", "r1", "fan"))
_rights = st.frozensets(st.sampled_from(("audit.read", "audit.export", "team.members.manage", "team.roles.manage")))
_walks = st.lists(
    st.one_of(
        st.tuples(st.just("change"), _people, _people, _roles),
        st.tuples(st.just("remove"), _people, _people),
        st.tuples(st.just("leave"), _people),
        st.tuples(st.just("edit"), _people, st.sampled_from(("r0", "r1")), _rights),
        st.tuples(st.just("delete"), _people, st.sampled_from(("r0", "r1"))),
    ),
    min_size=5,
    max_size=20,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(walk=_walks, rights=st.tuples(_rights, _rights))
def test_whatever_others_do_nobody_comes_by_what_none_of_them_held_and_an_owner_stays(
    platform: PlatformUnderTest, walk: list[Any], rights: Any
) -> None:
    Member(OWNERS).delete()
    team = [a_person(platform, role=role) for role in ("owner", "manager", "support", "editor", "manager")]
    custom = {
        name: _role(platform, team[0], f"{name} {new_id('rol', at=platform.clock())}", *given).json["id"]
        for name, given in zip(("r0", "r1"), rights, strict=True)
    }
    features = platform.services.features
    _change(platform, team[0], team[2], custom["r0"])
    before = [standing_of(who.id, features).permissions for who in team]
    acted: frozenset[str] = frozenset()
    for name, number, *how in walk:
        actor = team[number]
        if number != 0:  # the owner may do anything, so only the others do
            held = standing_of(actor.id, features).permissions
            if _step(platform, name, actor, team, custom, how).status == 200:
                acted |= held
        assert owners() == {team[0].id}
        assert Member.get(team[0].id).role == OWNER
        for who, had in zip(team, before, strict=True):
            assert standing_of(who.id, features).permissions - had <= acted
    for id in custom.values():
        row = next(iter(CustomRole.batch_get([id])), None)
        holding = {who.id for who in team if (seat := next(iter(Member.batch_get([who.id])), None)) and seat.role == id}
        assert holding == (set(row.holders or ()) if row is not None else set())


def _step(
    platform: PlatformUnderTest, name: str, actor: Person, team: list[Person], custom: dict[str, str], how: list[Any]
) -> Answer:
    platform.clock.forward(minutes=2)

    def version_of(whom: Person) -> int:
        return next((int(row.version) for row in Member.batch_get([whom.id])), 1)

    if name == "change":
        whom, role = team[how[0]], custom.get(how[1], how[1])
        return _change(platform, actor, whom, role, version=version_of(whom))
    if name == "remove":
        return _remove(platform, actor, team[how[0]], version=version_of(team[how[0]]))
    if name == "leave":
        return _do(platform, actor, "/studio/team/leave")
    id = custom[how[0]]
    version = next((int(row.version) for row in CustomRole.batch_get([id])), 1)
    path = f"/studio/team/roles/{id}/"
    if name == "delete":
        return _do(platform, actor, f"{path}delete", version=version)
    return _do(platform, actor, path, name=f"Edited {id}", permissions=sorted(how[1]), version=version)
