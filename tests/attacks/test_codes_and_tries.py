"""Guessing, mail bombing and telling who has an account, by somebody with many addresses and much patience."""

import pytest

from lambdas.core.errors import TooManyRequests
from lambdas.core.events import Change
from lambdas.features.accounts import mails, tries
from lambdas.features.accounts.arriving import MOST_SESSIONS
from lambdas.features.accounts.models import Step
from lambdas.platform.people import Person
from lambdas.platform.sessions import SessionRow
from tests.browsing import Browser
from tests.features.entering import mailed_code, newest_step
from tests.features.own import OTHER_PASSWORD, PASSWORD, Post, app_code, post, somebody, who  # noqa: F401
from tests.platform_under_test import PlatformUnderTest

ADA = "ada@people.example"


def test_a_network_of_ipv6_is_no_endless_number_of_addresses(platform: PlatformUnderTest) -> None:
    services = platform.services
    for number in range(tries.NETWORK_TIMES):
        tries.count_address("sign-in", address=f"2001:db8:1:{number:x}::/64", services=services)
    with pytest.raises(TooManyRequests):
        tries.count_address("sign-in", address="2001:db8:1:ffff::/64", services=services)
    tries.count_address("sign-in", address="2001:db8:2::/64", services=services)


def test_a_success_gives_a_network_its_try_back_too(platform: PlatformUnderTest) -> None:
    somebody(platform, email=ADA)
    browser = Browser(platform, address="[2001:db8:1:2::3]:4000")
    for _ in range(tries.TIMES + 1):
        assert browser.send("/api/auth/sign-in", email=ADA, password=PASSWORD).status == 200
    hits = tries.count("sign-in", email=ADA, address="2001:db8:1:2::/64", services=platform.services)
    assert len(hits) == 3


def test_nobody_fills_a_mailbox_with_codes(platform: PlatformUnderTest) -> None:
    mailed = 0
    for hour in range(23):
        for number in range(tries.TIMES):
            sender = Browser(platform, address=f"198.51.{hour}.{number}:1")
            spelt = ADA if number % 2 else ADA.upper()
            mailed += sender.send("/api/auth/forgot", email=spelt).status == 200
        platform.clock.forward(hours=1)
        if mailed < (hour + 1) * tries.TIMES:
            break
    assert mailed == tries.MAILS_A_DAY == Step.count()
    platform.clock.forward(days=1)
    assert Browser(platform).send("/api/auth/forgot", email=ADA).status == 200


def test_a_code_goes_to_the_address_that_was_proven_however_it_is_spelt(
    platform: PlatformUnderTest,
    post: Post,  # noqa: F811
) -> None:
    """There are mail servers on which ADA@ is another mailbox than ada@."""
    somebody(platform, email=ADA)
    Browser(platform).send("/api/auth/forgot", email="ADA@people.example")
    change = Change(
        table="account-steps", old=None, new=newest_step(Browser(platform)), at=platform.clock(), sequence="1"
    )
    for event in mails.what_happened(change):
        mails.deliver(event, platform.services)
    assert [to for to, _ in post.sent] == [ADA]


def test_an_address_looks_the_same_before_and_after_it_has_an_account(platform: PlatformUnderTest) -> None:
    def keys() -> list[str]:
        asked = Browser(platform).send("/api/auth/passkey/options", email=ADA).json["options"]
        return [key["id"] for key in asked["allowCredentials"]]

    before = keys()
    somebody(platform, email=ADA)
    assert keys() == before


def test_a_second_factor_does_not_follow_a_password_that_was_changed_meanwhile(platform: PlatformUnderTest) -> None:
    owner = somebody(platform, email=ADA)
    factor = {"nonce": "n", "since": platform.clock().isoformat(), "last": 0, "recovery": []}
    who(owner).update(actions=[Person.second_factor.set(factor)])
    thief = Browser(platform, address="198.51.100.9:1")
    assert thief.send("/api/auth/sign-in", email=ADA, password=PASSWORD).json["next"] == "/account/second-factor/"
    platform.clock.forward(seconds=5)
    changed = owner.send("/api/auth/password", password=PASSWORD, new_password=OTHER_PASSWORD)
    assert changed.status == 200, changed.body
    refused = thief.send("/api/auth/second-factor", code=app_code(owner, "n"))
    assert (refused.status, refused.json["code"]) == (410, "step_over")
    assert owner.get("/account/").status == 200


def test_who_resets_a_password_may_still_give_their_second_factor(platform: PlatformUnderTest) -> None:
    owner = somebody(platform, email=ADA)
    factor = {"nonce": "n", "since": platform.clock().isoformat(), "last": 0, "recovery": []}
    who(owner).update(actions=[Person.second_factor.set(factor)])
    code = app_code(owner, "n")
    elsewhere = Browser(platform)
    elsewhere.send("/api/auth/forgot", email=ADA)
    asked = elsewhere.send("/api/auth/confirm", code=mailed_code(elsewhere), password=OTHER_PASSWORD)
    assert asked.json["next"] == "/account/second-factor/"
    assert elsewhere.send("/api/auth/second-factor", code=code).status == 200


def test_signing_in_again_and_again_leaves_no_endless_list_of_sessions(platform: PlatformUnderTest) -> None:
    id = who(somebody(platform, email=ADA)).id
    for _ in range(MOST_SESSIONS + 5):
        platform.clock.forward(seconds=1)
        platform.sign_in(id)
    newest = Browser(platform)
    platform.clock.forward(seconds=1)
    assert newest.send("/api/auth/sign-in", email=ADA, password=PASSWORD).status == 200
    assert len(list(SessionRow.query(id))) == MOST_SESSIONS
    assert newest.get("/account/").status == 200
