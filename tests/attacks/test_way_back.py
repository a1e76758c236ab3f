"""Somebody knows a password and is in: what they do to the address and the second factor must not keep the owner out."""

import re
from datetime import timedelta

import pytest

from lambdas.features.accounts.changes import GOING
from lambdas.features.accounts.email_back import GOOD_FOR
from lambdas.platform.people import Address, Person, find
from tests.browsing import Browser
from tests.features.entering import mailed_code
from tests.features.own import PASSWORD, Post, followed, post, somebody, who  # noqa: F401
from tests.platform_under_test import PlatformUnderTest

OWNERS, FIRST, SECOND = "ada@people.example", "thief@people.example", "thief.again@people.example"


@pytest.fixture
def thief(platform: PlatformUnderTest) -> Browser:
    return somebody(platform, email=OWNERS)


def move(thief: Browser, email: str) -> None:
    """Another address, proven, as its letter's reader sees it."""
    thief.platform.clock.forward(minutes=1)
    thief.post("/api/auth/email", email=email, password=PASSWORD)
    with followed(thief):
        done = thief.send("/api/auth/email/confirm", code=mailed_code(thief))
    assert done.status == 200, done.body


def tokens(post: Post, to: str) -> list[str]:  # noqa: F811
    """The ways back that went to a mailbox, oldest first."""
    letters = [letter.text for mailbox, letter in post.sent if mailbox == to]
    return [found[1] for text in letters if (found := re.search(r"/account/email-back/\?token=(\S+)", text))]


def take_back(platform: PlatformUnderTest, token: str) -> int:
    return Browser(platform, address="203.0.113.50:1").send("/api/auth/email/back", token=token).status


def test_a_second_change_does_not_take_the_way_back_away(thief: Browser, post: Post) -> None:  # noqa: F811
    id = who(thief).id
    move(thief, FIRST)
    move(thief, SECOND)
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 200
    assert (find(OWNERS), find(FIRST), find(SECOND)) == (id, None, None)
    assert thief.get("/account/").status == 303


def test_the_thiefs_own_way_back_does_not_void_the_owners(thief: Browser, post: Post) -> None:  # noqa: F811
    id = who(thief).id
    move(thief, FIRST)
    move(thief, SECOND)
    assert take_back(thief.platform, tokens(post, FIRST)[0]) == 200
    assert find(FIRST) == id
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 200
    assert find(OWNERS) == id


def test_what_is_taken_back_stays_so(thief: Browser, post: Post) -> None:  # noqa: F811
    id = who(thief).id
    move(thief, FIRST)
    move(thief, SECOND)
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 200
    assert take_back(thief.platform, tokens(post, FIRST)[0]) == 410
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 410
    assert find(OWNERS) == id


def test_changes_that_nobody_can_undo_any_more_are_not_kept(thief: Browser) -> None:
    move(thief, FIRST)
    thief.platform.clock.forward(hours=73)
    move(thief, SECOND)
    assert len(who(thief).email_changes or ()) == 1


@pytest.mark.parametrize("before", [timedelta(minutes=1), GOOD_FOR - timedelta(hours=1)])
def test_a_second_factor_that_was_turned_on_just_before_keeps_nobody_out(
    thief: Browser,
    post: Post,  # noqa: F811
    before: timedelta,
) -> None:
    id, since = who(thief).id, thief.platform.clock().isoformat()
    factor = {"nonce": "n", "since": since, "last": 0, "recovery": []}
    Person.get(id).update(actions=[Person.second_factor.set(factor)])
    thief.platform.clock.forward(seconds=before.total_seconds())
    move(thief, FIRST)
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 200
    assert Person.get(id).second_factor is None


def test_one_of_long_before_stays(thief: Browser, post: Post) -> None:  # noqa: F811
    id, since = who(thief).id, thief.platform.clock().isoformat()
    factor = {"nonce": "n", "since": since, "last": 0, "recovery": []}
    Person.get(id).update(actions=[Person.second_factor.set(factor)])
    thief.platform.clock.forward(hours=73)
    move(thief, FIRST)
    assert take_back(thief.platform, tokens(post, OWNERS)[0]) == 200
    assert Person.get(id).second_factor == factor


def test_who_is_being_deleted_takes_no_address_with_them(thief: Browser) -> None:
    """Else nobody could ever sign up with it: it would lead to an account that is gone."""
    thief.post("/api/auth/email", email=FIRST, password=PASSWORD)
    code, person = mailed_code(thief), who(thief)
    person.update(actions=[Person.leaving.set(GOING), Person.version.set(Person.version + 1)])
    assert thief.send("/api/auth/email/confirm", code=code).status == 401
    assert [row.email for row in Address.scan()] == [OWNERS]
