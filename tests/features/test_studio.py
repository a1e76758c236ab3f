"""The studio's own screens: who sees what, what is new to whom, what a fresh platform lacks."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from lambdas.core.ids import derived_id
from lambdas.core.permissions import STANDARD_ROLES
from lambdas.features.contact.models import Message
from lambdas.features.registry import FEATURES
from lambdas.features.studio.last_time import ONE_VISIT, exports, forget, last_time
from lambdas.features.studio.models import StudioVisit
from lambdas.platform.mail import MailState
from lambdas.platform.people import Person
from lambdas.platform.team import Member
from tests.platform_under_test import START, PlatformUnderTest

OVERVIEW = "/studio/"


def someone(platform: PlatformUnderTest, role: str | None, *, id: str = "per_1", **fields: Any) -> dict[str, str]:
    now = platform.clock()
    values = {"email": f"{id}@team.example", "name": "Some One", "locale": "en"} | fields
    Person(id, created_at=now, **values).save()
    if role:
        Member(id, role=role, since=now).save()
    return platform.sign_in(id)


def received(platform: PlatformUnderTest, number: int = 1, **fields: Any) -> None:
    now = platform.clock()
    values: dict[str, Any] = {
        "name": f"Fan {number}",
        "email": f"fan{number}@fans.example",
        "subject": f"Subject {number}",
        "body": "Some words about a lighthouse.",
        "locale": "en",
        "fingerprint": "f",
        "state": "open",
        "expires_at": now + timedelta(days=365),
    }
    Message(derived_id("msg", str(number)), received_at=now, **{**values, **fields}).save()


def shown(platform: PlatformUnderTest, who: dict[str, str], path: str = OVERVIEW, query: str = "") -> str:
    answer = platform.call("GET", path, cookies=who, query=query)
    assert answer.status == 200, answer.body
    return answer.body


def rail(html: str) -> list[str]:
    return re.findall(r'href="(/studio/[^"?]*)"', html.partition('class="rail-nav"')[2].partition("</nav>")[0])


def figure(html: str) -> str:
    return " ".join(re.findall(r'<li class="figure">(.*?)</li>', html, re.S))


@pytest.fixture
def owner(platform: PlatformUnderTest) -> dict[str, str]:
    return someone(platform, "owner", id="per_owner", name="Olga Owner")


# The frame


@pytest.mark.parametrize("role", STANDARD_ROLES)
def test_everyone_on_the_team_has_an_overview_and_sees_their_sections_only(
    platform: PlatformUnderTest, role: str
) -> None:
    html = shown(platform, someone(platform, role))
    held = {p.name for f in FEATURES for p in f.permissions if role == "owner" or role in p.roles}
    theirs = {screen.path for f in FEATURES for screen in f.screens if screen.nav and screen.needs in held}
    assert set(rail(html)) == theirs
    assert rail(html)[0] == OVERVIEW


@pytest.mark.parametrize("path", [OVERVIEW, "/studio/search/", "/studio/help/", "/studio/search/results"])
def test_whoever_is_not_on_the_team_sees_nothing_of_the_studio(platform: PlatformUnderTest, path: str) -> None:
    refused = platform.call("GET", path, cookies=someone(platform, None))
    assert refused.status == 403
    assert "rail" not in refused.body


def test_whoever_is_not_signed_in_is_led_there_and_back(platform: PlatformUnderTest) -> None:
    answer = platform.call("GET", "/studio/search/", query="q=x")
    assert (answer.status, answer.headers["location"]) == (
        303,
        "/account/sign-in/?next=%2Fstudio%2Fsearch%2F%3Fq%3Dx",
    )


def test_the_studio_speaks_its_readers_language(platform: PlatformUnderTest) -> None:
    html = shown(platform, someone(platform, "owner", locale="de"))
    assert '<html lang="de"' in html
    assert "Überblick" in html


def test_the_section_one_is_in_is_marked_and_only_that(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    def current(path: str) -> list[str]:
        nav = shown(platform, owner, path).partition('class="rail-nav"')[2].partition("</nav>")[0]
        return re.findall(r'href="([^"]+)" aria-current="page"', nav)

    assert current(OVERVIEW) == [OVERVIEW]
    assert current("/studio/contact/") == ["/studio/contact/"]
    assert current("/studio/search/") == []


def test_a_name_is_text_and_nothing_else(platform: PlatformUnderTest) -> None:
    html = shown(platform, someone(platform, "owner", name='"><script>alert(1)</script>'))
    assert "<script>alert" not in html


# Since last time


def test_what_came_since_the_last_visit_is_new_and_stays_new_during_this_one(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    received(platform, 1)
    first = shown(platform, owner)
    assert "The latest" in first
    platform.clock.forward(hours=5)
    received(platform, 2)
    for minutes in (1, 10, 10, 20):
        platform.clock.forward(minutes=minutes)
        html = shown(platform, owner)
        assert "1 new" in figure(html)
        assert "Fan 2" in html
        assert "Fan 1" not in html
    platform.clock.forward(hours=1)
    assert "Nothing new." in shown(platform, owner)


def test_what_is_new_is_each_persons_own(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    other = someone(platform, "support", id="per_2")
    for who in (owner, other):
        shown(platform, who)
    platform.clock.forward(hours=2)
    received(platform)
    shown(platform, owner)
    platform.clock.forward(hours=2)
    assert "1 new" not in shown(platform, owner)
    assert "1 new" in shown(platform, other)


def test_the_overview_tells_nobody_what_they_may_not_read(platform: PlatformUnderTest) -> None:
    received(platform)
    html = shown(platform, someone(platform, "editor"))
    assert "Fan 1" not in html
    assert "/studio/contact/" not in html


def test_two_tabs_at_once_are_one_visit(platform: PlatformUnderTest) -> None:
    last_time("per_1", now=START)
    later = START + timedelta(days=1)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: last_time("per_1", now=later), range(8))) == {START}
    assert StudioVisit.get("per_1").since == START


def test_two_first_tabs_at_once_are_one_first_visit(platform: PlatformUnderTest) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: last_time("per_1", now=START), range(8))) == {None}
    assert StudioVisit.count() == 1


def test_a_visit_lasts_as_long_as_one_comes_back(platform: PlatformUnderTest) -> None:
    now = START
    for _ in range(10):
        assert last_time("per_1", now=now) is None
        now += ONE_VISIT - timedelta(seconds=1)
    last = StudioVisit.get("per_1").seen_at
    assert last_time("per_1", now=last + ONE_VISIT) == last


def test_a_visit_is_given_out_and_forgotten(platform: PlatformUnderTest) -> None:
    last_time("per_1", now=START)
    assert exports("per_1", platform.services) == {"last_visit": START.isoformat()}
    for _ in range(2):
        forget("per_1", platform.services)
    assert exports("per_1", platform.services) == {}


def test_who_came_since_the_last_visit_is_counted_and_who_joined_the_team_is_named(
    platform: PlatformUnderTest, owner: dict[str, str]
) -> None:
    shown(platform, owner)
    platform.clock.forward(hours=2)
    someone(platform, None, id="per_fan", name="Fanny Fan")
    someone(platform, "support", id="per_2", name="Sam Support")
    html = shown(platform, owner)
    assert re.findall(r"<strong>(\d+)</strong><span>([^<]+)</span><small>([^<]+)", html) == [
        ("2", "Members of the team", "1 new"),
        ("3", "People with an account", "2 new"),
    ]
    assert "Sam Support" in html
    assert "Fanny Fan" not in html


def test_the_team_is_found_by_name_and_by_address(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    someone(platform, "support", id="per_2", name="Sam Support")
    someone(platform, None, id="per_fan", name="Sam Fan")
    for words in ("q=sam", "q=PER_2%40team"):
        html = shown(platform, owner, "/studio/search/", words)
        assert "/studio/team/members/per_2/" in html
        assert "per_fan" not in html


# Next steps, and mail


def test_a_fresh_platform_says_what_it_lacks(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    html = shown(platform, owner)
    for step in ("Show your face", "Say it in one sentence", "Complete the imprint", "Connect your domain", "Invite"):
        assert step in html


def test_a_step_that_is_done_is_gone(
    platform: PlatformUnderTest, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    someone(platform, "support", id="per_2")
    monkeypatch.setattr(platform.services.mail, "state", lambda: MailState(sandboxed=False, domain=True))
    html = shown(platform, owner)
    assert "Invite someone" not in html
    assert "Connect your domain" not in html


def test_who_does_not_set_up_is_not_asked_to(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform.services.mail, "state", lambda: MailState(sandboxed=True, domain=False))
    html = shown(platform, someone(platform, "moderator"))
    for step in ("Show your face", "Connect your domain", "Invite someone"):
        assert step not in html
    assert "does not reach strangers" not in html


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MailState(sandboxed=True, domain=True), "Your mail does not reach strangers yet"),
        (MailState(sandboxed=False, domain=True), None),
        (None, "We could not ask how far your mail goes"),
    ],
)
def test_the_overview_says_how_far_mail_goes(
    platform: PlatformUnderTest,
    owner: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    state: MailState | None,
    said: str | None,
) -> None:
    monkeypatch.setattr(platform.services.mail, "state", lambda: state)
    html = shown(platform, owner)
    assert ('<section class="banner' in html) == (said is not None)
    assert said is None or said in html


# Search


def test_a_search_finds_sections_and_what_is_in_them(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    received(platform, body="The song about the Lighthouse.")
    html = shown(platform, owner, "/studio/search/", "q=lighthouse")
    assert f'href="/studio/contact/{derived_id("msg", "1")}/"' in html
    assert 'href="/studio/contact/"' in shown(platform, owner, "/studio/search/", "q=inbox")
    found = platform.call("GET", "/studio/search/results", query="q=lighthouse", cookies=owner)
    assert [one["title"] for one in found.json] == ["Fan 1"]


def test_a_search_finds_nobody_what_they_may_not_read(platform: PlatformUnderTest) -> None:
    received(platform)
    editor = someone(platform, "editor")
    assert "Fan 1" not in shown(platform, editor, "/studio/search/", "q=lighthouse")
    assert platform.call("GET", "/studio/search/results", query="q=lighthouse", cookies=editor).json == []


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=" + "x" * 500, "q=%3Cscript%3E", "q=%00", "q=a&q=b"])
def test_whatever_is_searched_for_is_a_page(platform: PlatformUnderTest, owner: dict[str, str], query: str) -> None:
    assert "<script>" not in shown(platform, owner, "/studio/search/", query)


def test_the_help_says_what_every_section_is_for(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    html = shown(platform, owner, "/studio/help/")
    assert "What came through your contact form." in html
    assert "<kbd>/</kbd>" in html
