"""The log in the studio: found by what one looks for, read as a comparison, given out as a file."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.core.ids import new_id
from lambdas.features.team import log
from lambdas.platform.audit import KEPT, AuditEntry
from lambdas.platform.people import Person
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Olga Owner", role="owner")


def _put(platform: PlatformUnderTest, *, ago: timedelta = timedelta(), **fields: Any) -> AuditEntry:
    at = platform.clock() - ago
    values = {
        "actor": "per_1",
        "actor_name": "Ada Example",
        "role": "owner",
        "action": "team.role.changed",
        "subject": "per_2",
        **fields,
    }
    entry = AuditEntry(f"{at:%Y-%m}", new_id("aud", at=at), at=at, expires_at=at + KEPT, **values)
    entry.save()
    return entry


def _see(platform: PlatformUnderTest, who: Person, path: str = "/studio/audit/", **query: str) -> Answer:
    return platform.call("GET", path, query=urlencode(query), cookies=platform.sign_in(who.id))


def _shown(answer: Answer, *entries: AuditEntry) -> list[bool]:
    assert answer.status == 200, answer.body
    return [f"/studio/audit/{entry.id}/" in answer.body for entry in entries]


def _export(platform: PlatformUnderTest, who: Person, **fields: str) -> Answer:
    return platform.call("POST", "/studio/audit/export", form=urlencode(fields), cookies=platform.sign_in(who.id))


# Searching.


def test_an_empty_log_says_so(platform: PlatformUnderTest, owner: Person) -> None:
    assert "What the team does will stand here" in _see(platform, owner).body
    assert "Nothing fits" in _see(platform, owner, q="anything").body


def test_actions_are_said_in_words_and_unknown_ones_by_their_name(platform: PlatformUnderTest, owner: Person) -> None:
    _put(platform)
    _put(platform, action="shop.product.sold")
    page = _see(platform, owner)
    assert "Gave another role" in page.body
    assert "shop.product.sold" in page.body


@pytest.mark.parametrize(
    "query",
    [
        {"person": "per_9"},
        {"action": "team.member.removed"},
        {"subject": "msg_7"},
        {"q": "zOË"},
        {"q": "harbour light"},
        {"q": "203.0.113.99"},
        {"since": "2026-03-01"},
        {"person": "per_9", "action": "team.member.removed", "q": "zoë harbour", "since": "2026-02-28"},
    ],
)
def test_it_is_searched_by_person_action_subject_days_and_words(
    platform: PlatformUnderTest, owner: Person, query: dict[str, str]
) -> None:
    wanted = _put(
        platform,
        actor="per_9",
        actor_name="Zoë",
        action="team.member.removed",
        subject="msg_7",
        after='{"title": "Light in the harbour"}',
        address="203.0.113.99",
    )
    other = _put(platform, ago=timedelta(days=2))
    assert _shown(_see(platform, owner, **query), wanted, other) == [True, False]


def test_days_are_the_creators_and_both_are_included(platform: PlatformUnderTest, owner: Person) -> None:
    platform.clock.forward(hours=-12)  # midnight of 1 March in UTC, one o'clock in Berlin
    late = _put(platform, ago=timedelta(minutes=90))  # half past eleven on 28 February in Berlin
    early = _put(platform, ago=timedelta(minutes=30))
    zone = platform.creator.timezone
    if zone == "UTC":
        assert _shown(_see(platform, owner, until="2026-02-28"), late, early) == [True, True]
        assert _shown(_see(platform, owner, since="2026-02-28", until="2026-02-28"), late, early) == [True, True]
        assert _shown(_see(platform, owner, since="2026-03-01"), late, early) == [False, False]
    else:
        assert _shown(_see(platform, owner, until="2026-02-28"), late, early) == [True, False]


@pytest.mark.parametrize(
    "query",
    [{"since": "yesterday"}, {"until": "2026-02-31"}, {"q": "x" * 81}, {"person": "x" * 41}, {"since": "<script>"}],
)
def test_what_cannot_be_searched_for_is_said_beside_the_form(
    platform: PlatformUnderTest, owner: Person, query: dict[str, str]
) -> None:
    _put(platform)
    answer = _see(platform, owner, **query)
    assert answer.status == 422
    assert "Please check it." in answer.body
    assert "<script>" not in answer.body


@pytest.mark.parametrize(
    "query",
    [
        {"older": "nonsense"},
        {"older": "aud_" + "Z" * 26},
        {"since": "9999-12-31"},
        {"until": "0001-01-01"},
        {"since": "2026-03-02", "until": "2026-03-01"},
    ],
)
def test_a_search_that_can_find_nothing_finds_nothing(
    platform: PlatformUnderTest, owner: Person, query: dict[str, str]
) -> None:
    _put(platform)
    assert "Nothing fits" in _see(platform, owner, **query).body


def test_the_last_day_there_is_can_be_searched_up_to(platform: PlatformUnderTest, owner: Person) -> None:
    entry = _put(platform)
    assert _shown(_see(platform, owner, until="9999-12-31"), entry) == [True]


def test_it_is_paged_across_months_without_a_gap_or_a_repeat(platform: PlatformUnderTest, owner: Person) -> None:
    put = [_put(platform, ago=timedelta(days=number)).id for number in range(120)]
    seen: list[str] = []
    query: dict[str, str] = {"action": "team.role.changed"}
    while True:
        found = log.search(log.Search.model_validate(query), platform.services)
        seen += [entry.id for entry in found.entries]
        if not found.older:
            break
        query["older"] = found.older
    assert seen == put
    first = _see(platform, owner, action="team.role.changed")
    assert first.body.count("/studio/audit/aud_") == 50
    assert "older=aud_" in first.body


def test_a_search_says_how_far_back_it_looked(
    platform: PlatformUnderTest, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "READ_AT_MOST", 10)
    wanted = _put(platform, ago=timedelta(days=30), subject="msg_7")
    for number in range(20):
        _put(platform, ago=timedelta(days=number))
    page = _see(platform, owner, subject="msg_7")
    assert "Looked back to" in page.body
    found = log.search(log.Search(subject="msg_7"), platform.services)
    assert found.entries == ()
    further = log.search(log.Search(subject="msg_7", older=found.older), platform.services)
    last = log.search(log.Search(subject="msg_7", older=further.older), platform.services)
    assert [entry.id for entry in (*further.entries, *last.entries)] == [wanted.id]


# One entry.


def test_an_entry_shows_what_was_before_and_after(platform: PlatformUnderTest, owner: Person) -> None:
    entry = _put(
        platform,
        before='{"name": "<Reader>", "permissions": ["audit.read"], "old": {"deep": 1}}',
        after='{"name": "Auditor", "permissions": ["audit.read", "audit.export"], "same": true}',
        address="203.0.113.0",
        agent="Firefox, Linux",
    )
    page = _see(platform, owner, f"/studio/audit/{entry.id}/")
    assert page.status == 200
    assert "<del>&lt;Reader&gt;</del>" in page.body
    assert "<ins>Auditor</ins>" in page.body
    assert "203.0.113.0" in page.body
    told = {one.path: (one.before, one.after) for one in log.differences(entry)}
    assert told == {
        "name": ("<Reader>", "Auditor"),
        "permissions": ("audit.read", "audit.read\naudit.export"),
        "old.deep": ("1", ""),
        "same": ("", "true"),
    }


def test_an_entry_that_changed_nothing_is_shown(platform: PlatformUnderTest, owner: Person) -> None:
    entry = _put(platform)
    assert "Nothing but that it happened" in _see(platform, owner, f"/studio/audit/{entry.id}/").body


@pytest.mark.parametrize("id", ["x", "aud_01J9ZK3V7Q8W2E4R6T8Y0A1B2C", "aud_7" + "Z" * 25, "x" * 3000])
def test_an_entry_that_there_is_not_is_not_found(platform: PlatformUnderTest, owner: Person, id: str) -> None:
    assert _see(platform, owner, f"/studio/audit/{id}/").status == 404


# Given out.


def test_it_is_given_out_as_a_table_without_formulas(platform: PlatformUnderTest, owner: Person) -> None:
    _put(platform, actor_name="=HYPERLINK(1)", after='{"a": "ü, \\"quoted\\"\\nline"}')
    _put(platform, actor_name="Ada", subject="msg_1")
    answer = _export(platform, owner, format="csv", q="hyperlink")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-tester-2026-03-01.csv"'
    assert answer.body.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(answer.body.removeprefix("\ufeff")))
    assert row["actor_name"] == "'=HYPERLINK(1)"
    assert json.loads(row["after"]) == {"a": 'ü, "quoted"\nline'}


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_begins_as_a_formula_does(begin: str) -> None:
    assert log.harmless(f"{begin}1+1") == f"'{begin}1+1"
    assert log.harmless("1+1") == "1+1"


def test_it_is_given_out_for_programs(platform: PlatformUnderTest, owner: Person) -> None:
    entry = _put(platform, after='{"role": "editor"}')
    (given,) = _export(platform, owner, format="json").json["entries"]
    assert (given["id"], given["after"]) == (entry.id, {"role": "editor"})
    assert _export(platform, owner, format="json", q="nothing like it").json == {"entries": []}


def test_that_it_was_given_out_is_noted(platform: PlatformUnderTest, owner: Person) -> None:
    _put(platform)
    _export(platform, owner, format="csv", person="per_1")
    noted = [entry for entry in AuditEntry.query("2026-03") if entry.action == "team.log.exported"]
    (entry,) = noted
    assert json.loads(entry.after) == {"person": "per_1", "format": "csv", "entries": 1}


@pytest.mark.parametrize("limit", ["GIVEN_AT_MOST", "GIVEN_BYTES", "READ_FOR_A_FILE"])
def test_what_does_not_fit_into_a_file_is_refused_and_not_cut_off(
    platform: PlatformUnderTest, owner: Person, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, limit, 3)
    for _ in range(4):
        _put(platform)
    for format in ("csv", "json"):
        answer = _export(platform, owner, format=format)
        assert answer.status == 422
        assert "more than one file can hold" in answer.body
    body = {"format": "json"}
    cookies = platform.sign_in(owner.id)
    assert platform.call("POST", "/studio/audit/export", json_body=body, cookies=cookies).status == 422
    assert AuditEntry.count("2026-03") == 4


def test_a_manager_reads_the_log_and_takes_nothing_home(platform: PlatformUnderTest, owner: Person) -> None:
    manager = a_person(platform, role="manager")
    _put(platform)
    page = _see(platform, manager)
    assert page.status == 200
    assert "/studio/audit/export" not in page.body
    assert _export(platform, manager, format="csv").status == 403


@pytest.mark.parametrize(
    "fields", [{"format": "exe"}, {}, {"format": "csv", "since": "never"}, {"format": "csv", "x": "y"}]
)
def test_a_crafted_request_for_a_file_is_refused(
    platform: PlatformUnderTest, owner: Person, fields: dict[str, str]
) -> None:
    assert _export(platform, owner, **fields).status == 422
    assert AuditEntry.count("2026-03") == 0
