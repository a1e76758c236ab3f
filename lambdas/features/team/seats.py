"""Who sits where on the team, and what may be changed of it; every change is decided on what stands when it is written."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionFailed
from lambdas.core.feature import Feature, declared
from lambdas.core.permissions import FAN, OWNER, STANDARD_ROLES, Standing, may_change, standing
from lambdas.features.team.refusals import AboveYou, LastOwner, Leaving, YourOwn
from lambdas.platform import audit
from lambdas.platform.people import Person
from lambdas.platform.tables import Met, NotWritten, transaction
from lambdas.platform.team import OWNERS, TEAM, CustomRole, Member, owners

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

    from lambdas.platform.services import Services
    from lambdas.platform.visit import Visit

_TRIES = 6
_ID = re.compile(r"[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role as it stands. `standing` is what it may do now; `given` all that it was ever given, of features switched off too.

    `name` and `version` are a custom role's (empty and None of a standard one).
    """

    id: str
    standing: Standing
    given: Standing
    name: str = ""
    version: int | None = None
    holders: frozenset[str] = frozenset()

    @property
    def custom(self) -> bool:
        return self.version is not None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One person's place on the team."""

    person_id: str
    role: Role
    since: datetime | None
    version: int


def is_id(text: str) -> bool:
    """Whether it may name anything of ours: what is none is not looked up."""
    return _ID.fullmatch(text) is not None


def role_of(id: str, features: Iterable[Feature[Any]]) -> Role | None:
    """A standard or custom role, by a consistent read; None where there is none of this id."""
    if id in STANDARD_ROLES:
        held = standing(id, declared=declared(features), custom={})
        return Role(id=id, standing=held, given=held)
    if not is_id(id):
        return None
    try:
        return custom_role(CustomRole.get(id, consistent_read=True), features)
    except CustomRole.DoesNotExist:
        return None


def custom_role(row: CustomRole, features: Iterable[Feature[Any]]) -> Role:
    given = frozenset(row.permissions or ())
    return Role(
        id=row.id,
        standing=standing(row.id, declared=declared(features), custom={row.id: given}),
        given=Standing(role=row.id, permissions=given),
        name=row.name,
        version=int(row.version),
        holders=frozenset(row.holders or ()),
    )


def custom_roles(features: Iterable[Feature[Any]]) -> tuple[Role, ...]:
    """All custom roles by name. One that was made a moment ago may still be missing: they are found by an index."""
    there = tuple(features)
    ids = [entry.id for entry in CustomRole.roles.query(TEAM)]
    rows = CustomRole.batch_get(ids, consistent_read=True) if ids else ()
    return tuple(sorted((custom_role(row, there) for row in rows), key=lambda role: (role.name.casefold(), role.id)))


def seat_of(person_id: str, features: Iterable[Feature[Any]]) -> Seat | None:
    """A person's place, by consistent reads; None for who is not on the team."""
    if not is_id(person_id):
        return None
    try:
        row = Member.get(person_id, consistent_read=True)
    except Member.DoesNotExist:
        return None
    return _seat(row, role_of(row.role or "", features))


def seats(features: Iterable[Feature[Any]]) -> tuple[Seat, ...]:
    """Everyone on the team. Who joined a moment ago may still be missing: they are found by an index."""
    there = tuple(features)
    ids = [entry.id for entry in Member.members.query(TEAM)]
    rows = list(Member.batch_get(ids, consistent_read=True)) if ids else []
    roles = {id: role_of(id, there) for id in {row.role or "" for row in rows}}
    return tuple(_seat(row, roles[row.role or ""]) for row in rows)


def _seat(row: Member, role: Role | None) -> Seat:
    # A role that is gone allows nothing.
    known = role or Role(id=row.role or FAN.role, standing=FAN, given=FAN)
    return Seat(person_id=row.id, role=known, since=row.since, version=int(row.version))


def actor_of(visit: "Visit", permission: str) -> Seat:
    """Who asks, as they stand at this moment; Forbidden where they have just lost the permission that let them in."""
    assert visit.session is not None
    seat = seat_of(visit.session.person_id, visit.services.features)
    if seat is None or permission not in seat.role.standing.permissions:
        raise Forbidden("Your role does not allow this.", fix="Ask an owner of the site to give you one that does.")
    return seat


def wanted_role(id: str, features: Iterable[Feature[Any]]) -> Role:
    """The role that a form names; Invalid where there is none."""
    role = role_of(id, features)
    if role is None:
        raise Invalid(fields=(FieldError(path="role", code="unknown_role", message="There is no such role."),))
    return role


def settled(decide: Callable[[], T]) -> T:
    """Decide, and decide anew where something it stood on was changed before it was written; Conflict where that never ends."""
    for _ in range(_TRIES):
        try:
            return decide()
        except (NotWritten, Met):
            continue
    raise Conflict("The team is being changed from several places.", fix="Try again in a moment.")


def change_role(visit: "Visit", person_id: str, *, role: str, version: int) -> int:
    """Give a member another role; the new version.

    NotFound for who is not on the team, PreconditionFailed where somebody has changed them since, YourOwn, AboveYou,
    LastOwner, Invalid for a role that there is not.
    """

    def decide() -> int:
        actor = actor_of(visit, "team.members.manage")
        seat = _changeable(visit, actor, person_id, version)
        wanted = wanted_role(role, visit.services.features)
        if seat.role.id == wanted.id:
            return seat.version
        _must(may_change(actor.role.standing, present=seat.role.given, wanted=wanted.given))
        _not_the_last_owner(seat)
        if wanted.id == OWNER and _is_leaving(person_id):
            raise Leaving(fix="Choose somebody who stays.")
        entry = audit.entry(
            visit,
            "team.role.changed",
            person_id,
            before=described(seat.role),
            after=described(wanted),
        )
        with transaction(Member) as write:
            write.update(
                Member(person_id),
                actions=[
                    Member.role.set(wanted.id),
                    Member.version.set(Member.version + 1),
                    Member.correlation_id.set(visit.correlation_id),
                ],
                condition=_unchanged(seat),
            )
            change_holders(write, person_id, out_of=seat.role, into=wanted, standing_on=actor)
            write.save(entry)
        return seat.version + 1

    return settled(decide)


def remove(visit: "Visit", person_id: str, *, version: int) -> None:
    """Take a member off the team: they are a fan, and signed out everywhere.

    NotFound, PreconditionFailed, YourOwn, AboveYou and LastOwner as for a change of role.
    """

    def decide() -> None:
        actor = actor_of(visit, "team.members.manage")
        seat = _changeable(visit, actor, person_id, version)
        _must(may_change(actor.role.standing, present=seat.role.given, wanted=FAN))
        _take_off(visit, seat, actor=actor, action="team.member.removed")

    settled(decide)
    visit.services.sessions.end_all(person_id)


def leave(visit: "Visit") -> None:
    """Go off the team oneself, and be signed out everywhere; LastOwner."""
    assert visit.session is not None
    person_id = visit.session.person_id

    def decide() -> None:
        seat = actor_of(visit, "team.members.read")
        _take_off(visit, seat, actor=seat, action="team.member.left")

    settled(decide)
    visit.services.sessions.end_all(person_id)


def forget(person_id: str, services: "Services") -> None:
    """Take off the team who deletes their account; who is not on it changes nothing. LastOwner."""

    def decide() -> None:
        seat = seat_of(person_id, services.features)
        if seat is None:
            return
        _not_the_last_owner(seat)
        entry = audit.own_entry(services, "team.member.forgotten", person_id, before=described(seat.role))
        with transaction(Member) as write:
            write.delete(Member(person_id), condition=_unchanged(seat))
            change_holders(write, person_id, out_of=seat.role, into=None, standing_on=None)
            write.save(entry)

    settled(decide)


def _take_off(visit: "Visit", seat: Seat, *, actor: Seat, action: str) -> None:
    _not_the_last_owner(seat)
    entry = audit.entry(visit, action, seat.person_id, before=described(seat.role))
    with transaction(Member) as write:
        write.delete(Member(seat.person_id), condition=_unchanged(seat))
        other = actor if actor.person_id != seat.person_id else None
        change_holders(write, seat.person_id, out_of=seat.role, into=None, standing_on=other)
        write.save(entry)


def change_holders(
    write: "TransactWrite", person_id: str, *, out_of: Role | None, into: Role | None, standing_on: Seat | None
) -> None:
    """Add to a transaction that a person goes out of one role and into another, and that who does it still may.

    The roles stand as they were read, or it is not written; nor where the last owner would go. `standing_on` is
    whose rights the change stands on, where they are not the person themselves.
    """
    if out_of is not None and out_of.id == OWNER:
        _own_no_more(write, person_id)
    if into is not None and into.id == OWNER:
        write.update(Member(OWNERS), actions=[Member.owners.add({person_id})], condition=Member.owners.exists())
        # Who is about to delete their account would leave the site to nobody.
        write.condition_check(Person, person_id, condition=Person.id.exists() & Person.leaving.does_not_exist())
    touched: dict[str, tuple[Role, list[Action]]] = {}
    if out_of is not None and out_of.custom:
        touched[out_of.id] = (out_of, [CustomRole.holders.delete({person_id})])
    if into is not None and into.custom:
        touched[into.id] = (into, [CustomRole.holders.add({person_id})])
    for role, actions in touched.values():
        write.update(CustomRole(role.id), actions=actions, condition=role_unchanged(role))
    if standing_on is not None:
        still_standing(write, standing_on, but=touched)


def _own_no_more(write: "TransactWrite", person_id: str) -> None:
    counted = Member.owners.contains(person_id)
    if person_id in owners():
        others = size(Member.owners) > 1  # type: ignore[no-untyped-call]
        write.update(Member(OWNERS), actions=[Member.owners.delete({person_id})], condition=others & counted)
    else:
        # They have asked that their account be deleted, and count no longer among those who keep the site.
        write.condition_check(Member, OWNERS, condition=~counted)


def still_standing(write: "TransactWrite", seat: Seat, *, but: Iterable[str] = ()) -> None:
    """Add to a transaction that somebody still has the role they had, and it still allows the same. `but`: roles looked at anyway."""
    write.condition_check(Member, seat.person_id, condition=Member.role == seat.role.id)
    if seat.role.custom and seat.role.id not in but:
        write.condition_check(CustomRole, seat.role.id, condition=role_unchanged(seat.role))


def role_unchanged(role: Role) -> Condition:
    same: Condition = CustomRole.version == role.version
    return same


def _unchanged(seat: Seat) -> Condition:
    same: Condition = (Member.version == seat.version) & (Member.role == seat.role.id)
    return same


def _changeable(visit: "Visit", actor: Seat, person_id: str, version: int) -> Seat:
    seat = seat_of(person_id, visit.services.features)
    if seat is None:
        raise NotFound("They are not on the team, or no longer.")
    if seat.person_id == actor.person_id:
        raise YourOwn(fix="Ask another member who may.")
    if seat.version != version:
        raise PreconditionFailed(fix="Look at what stands now, then try again.")
    return seat


def _is_leaving(person_id: str) -> bool:
    try:
        return bool(Person.get(person_id, consistent_read=True).leaving)
    except Person.DoesNotExist:
        return True


def _must(allowed: bool) -> None:
    if not allowed:
        raise AboveYou(fix="Ask an owner of the site.")


def _not_the_last_owner(seat: Seat) -> None:
    if seat.role.id == OWNER and owners() <= {seat.person_id}:
        raise LastOwner(fix="Make another member an owner first.")


def described(role: Role) -> dict[str, str]:
    """A role as the log keeps it: a custom one by its name too, for it may be gone when the log is read."""
    return {"role": role.id} | ({"role_name": role.name} if role.custom else {})
