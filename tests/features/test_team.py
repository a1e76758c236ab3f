"""The team: who is on it, what may be changed of it, and by whom."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.core.permissions import OWNER
from lambdas.platform.audit import AuditEntry
from lambdas.platform.people import Person
from lambdas.platform.team import OWNERS, CustomRole, Member, owners
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Olga Owner", role="owner")


@pytest.fixture
def manager(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Max Manager", role="manager")


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
