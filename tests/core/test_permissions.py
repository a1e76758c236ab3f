"""The rules of who may do what: whatever is allowed, nobody comes by what none of those who acted held."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.permissions import (
    FAN,
    OWNER,
    STANDARD_ROLES,
    Permission,
    Standing,
    may_change,
    may_give,
    may_shape,
    standing,
)

DECLARED = (
    Permission("a.read", "manager", "editor", "support"),
    Permission("a.write", "manager", "editor"),
    Permission("b.read", "finance"),
    Permission("team.manage", "manager"),
    Permission("a.sell"),
)
EVERYTHING = frozenset(permission.name for permission in DECLARED)


def _of(role: str, **custom: frozenset[str]) -> Standing:
    return standing(role, declared=DECLARED, custom=custom)


def test_an_owner_holds_everything_there_is() -> None:
    assert _of(OWNER).permissions == EVERYTHING
    assert _of(OWNER).is_owner


def test_a_standard_role_holds_what_names_it() -> None:
    assert _of("support").permissions == {"a.read"}
    assert _of("moderator").permissions == frozenset()


def test_a_role_that_nobody_knows_holds_nothing() -> None:
    for role in ("fan", "", "Owner", "rol_gone"):
        assert _of(role).permissions == frozenset()
        assert not _of(role).is_owner


def test_nobody_holds_what_no_feature_declares() -> None:
    assert _of("rol_1", rol_1=frozenset({"a.read", "off.write"})).permissions == {"a.read"}


def test_no_custom_role_is_taken_for_the_owners() -> None:
    assert _of(OWNER, owner=frozenset()).permissions == EVERYTHING
    everything = Standing(role="rol_1", permissions=EVERYTHING)
    assert not may_give(everything, _of(OWNER))
    assert not may_change(everything, present=_of(OWNER), wanted=FAN)


sets = st.frozensets(st.sampled_from(sorted(EVERYTHING)))
standings = st.one_of(
    st.sampled_from(STANDARD_ROLES).map(_of), st.builds(Standing, role=st.just("rol_x"), permissions=sets)
)


@given(actor=standings, role=standings)
def test_a_role_is_given_within_ones_own_rights(actor: Standing, role: Standing) -> None:
    assert may_give(actor, role) == (actor.is_owner or (not role.is_owner and role.permissions <= actor.permissions))


@given(actor=standings, present=sets, wanted=sets)
def test_a_role_is_shaped_within_ones_own_rights_and_never_ones_own(
    actor: Standing, present: frozenset[str], wanted: frozenset[str]
) -> None:
    role = Standing(role="rol_y", permissions=present)
    assert may_shape(actor, role=role, wanted=wanted) == (actor.is_owner or present | wanted <= actor.permissions)
    own = Standing(role=actor.role, permissions=present)
    assert not may_shape(actor, role=own, wanted=wanted)


@dataclass
class Team:
    """Who has which role, and what the custom ones are: changed by what the rules allow only, as the studio does."""

    seats: dict[int, str]
    custom: dict[str, frozenset[str]] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)

    def of(self, who: int) -> Standing:
        return standing(self.seats.get(who, "fan"), declared=DECLARED, custom=self.custom)

    def role(self, id: str) -> Standing:
        return standing(id, declared=DECLARED, custom=self.custom)

    def change(self, actor: int, whom: int, role: str) -> None:
        if "team.manage" not in self.of(actor).permissions or actor == whom or whom not in self.seats:
            return
        wanted = self.role(role) if role != "fan" else FAN
        if not may_change(self.of(actor), present=self.of(whom), wanted=wanted):
            return
        owners = [who for who, held in self.seats.items() if held == OWNER]
        if owners == [whom]:
            return
        self._note(actor)
        if role == "fan":
            del self.seats[whom]
        else:
            self.seats[whom] = role

    def join(self, actor: int, whom: int, role: str) -> None:
        known = role != OWNER and (role in STANDARD_ROLES or role in self.custom)
        if not known or whom in self.seats or "team.manage" not in self.of(actor).permissions:
            return
        if may_give(self.of(actor), self.role(role)):
            self._note(actor)
            self.seats[whom] = role

    def leave(self, actor: int) -> None:
        if [who for who, held in self.seats.items() if held == OWNER] != [actor]:
            self.seats.pop(actor, None)

    def shape(self, actor: int, role: str, wanted: frozenset[str]) -> None:
        present = Standing(role=role, permissions=self.custom.get(role, frozenset()))
        if "team.manage" in self.of(actor).permissions and may_shape(self.of(actor), role=present, wanted=wanted):
            self._note(actor)
            self.custom[role] = wanted & EVERYTHING

    def delete(self, actor: int, role: str) -> None:
        present = Standing(role=role, permissions=self.custom.get(role, frozenset()))
        held = role in self.seats.values()
        if (
            "team.manage" in self.of(actor).permissions
            and not held
            and may_shape(self.of(actor), role=present, wanted=frozenset())
        ):
            self.custom.pop(role, None)

    def _note(self, actor: int) -> None:
        self.acted |= self.of(actor).permissions


people = st.integers(0, 4)
custom_ids = st.sampled_from(("rol_1", "rol_2"))
roles = st.one_of(st.sampled_from((*STANDARD_ROLES, "fan")), custom_ids)
steps = st.one_of(
    st.tuples(st.just("change"), people, people, roles),
    st.tuples(st.just("join"), people, people, roles),
    st.tuples(st.just("leave"), people),
    st.tuples(st.just("shape"), people, custom_ids, sets),
    st.tuples(st.just("delete"), people, custom_ids),
)
teams = st.builds(
    Team,
    seats=st.dictionaries(people, st.one_of(st.sampled_from(STANDARD_ROLES), custom_ids)),
    custom=st.dictionaries(custom_ids, sets),
)


@given(team=teams, walk=st.lists(steps, max_size=40))
def test_nobody_comes_by_what_none_of_those_who_acted_held(team: Team, walk: list[Any]) -> None:
    before = {who: team.of(who).permissions for who in range(5)}
    for name, *how in walk:
        getattr(team, name)(*how)
        for who in range(5):
            assert team.of(who).permissions - before[who] <= team.acted, (name, how)


@given(team=teams, walk=st.lists(steps, max_size=40))
def test_a_team_that_had_an_owner_always_has_one(team: Team, walk: list[Any]) -> None:
    team.seats[0] = OWNER
    for name, *how in walk:
        getattr(team, name)(*how)
        assert OWNER in team.seats.values()


@given(team=teams, walk=st.lists(steps, max_size=40))
def test_without_an_owner_who_acts_nobody_becomes_one(team: Team, walk: list[Any]) -> None:
    owners = {who for who, role in team.seats.items() if role == OWNER}
    for name, *how in walk:
        if how[0] not in owners:
            getattr(team, name)(*how)
    assert {who for who, role in team.seats.items() if role == OWNER} <= owners
