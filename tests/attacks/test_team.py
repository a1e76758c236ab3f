"""What members of the team may not do to others, or learn of them."""

import pytest

from lambdas.features.team import invitations
from lambdas.features.team.invitations import TO_ONE_ADDRESS
from lambdas.platform.team import CustomRole, Member
from tests.browsing import Browser
from tests.features.own import somebody, who
from tests.platform_under_test import PlatformUnderTest


def member(platform: PlatformUnderTest, role: str, **fields: str) -> Browser:
    browser = somebody(platform, **fields)
    Member(who(browser).id, role=role, since=platform.clock()).save()
    return browser


def test_nobody_is_sent_invitation_after_invitation(platform: PlatformUnderTest) -> None:
    manager = member(platform, "manager")
    statuses = []
    for _ in range(TO_ONE_ADDRESS.times + 1):
        answer = manager.send("/studio/team/invite/", email="bea@people.example", role="support", locale="en")
        statuses.append(answer.status)
        if answer.status == 201:
            assert manager.send(f"/studio/team/invitations/{answer.json['id']}/withdraw").status == 200
    assert statuses == [201] * TO_ONE_ADDRESS.times + [429]
    other = manager.send("/studio/team/invite/", email="cleo@people.example", role="support", locale="en")
    assert other.status == 201
    platform.clock.forward(days=1, seconds=1)
    manager.cookies |= platform.sign_in(who(manager).id)
    again = manager.send("/studio/team/invite/", email="bea@people.example", role="support", locale="en")
    assert again.status == 201
    assert len(invitations.open_invitations(platform.services)) == 2


@pytest.mark.parametrize(("role", "seen"), [("support", False), ("manager", True)])
def test_the_search_shows_addresses_only_to_who_looks_after_the_team(
    platform: PlatformUnderTest, role: str, seen: bool
) -> None:
    member(platform, "editor", name="Bea Fictional", email="hidden@people.example")
    reader = member(platform, role, name="Ada Reader")
    by_name = reader.get("/studio/search/results?q=bea").body
    assert "Bea Fictional" in by_name
    assert ("hidden@" in by_name) is seen
    assert ("Bea Fictional" in reader.get("/studio/search/results?q=hidden").body) is seen


def test_a_role_that_grew_after_the_invitation_is_not_given_by_it(platform: PlatformUnderTest) -> None:
    """The inviter could not give it any more: the invitation holds no longer, for whoever accepts it."""
    manager = member(platform, "manager")
    CustomRole("rol_00000000000000000000000001", name="Helpers", permissions={"team.members.read"}).save()
    sent = manager.send(
        "/studio/team/invite/", email="bea@people.example", role="rol_00000000000000000000000001", locale="en"
    )
    assert sent.status == 201
    CustomRole("rol_00000000000000000000000001").update(
        actions=[CustomRole.permissions.set({"audit.export"}), CustomRole.version.set(2)]
    )
    (found,) = invitations.open_invitations(platform.services)
    assert not found.holds
