"""Custom roles: sets of permissions that the team puts together, within what who does it may do themselves."""

from typing import TYPE_CHECKING

from lambdas.core.errors import FieldError, Invalid, NotFound, PreconditionFailed
from lambdas.core.feature import declared
from lambdas.core.ids import new_id
from lambdas.core.permissions import STANDARD_ROLES, Standing, may_shape
from lambdas.features.team.invitations import open_invitations
from lambdas.features.team.refusals import AboveYou, RoleHeld, YourOwn
from lambdas.features.team.seats import (
    Role,
    Seat,
    actor_of,
    custom_roles,
    role_of,
    role_unchanged,
    settled,
    still_standing,
)
from lambdas.platform import audit
from lambdas.platform.tables import transaction
from lambdas.platform.team import CustomRole

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

    from lambdas.platform.visit import Visit

AT_MOST = 30
MANAGE = "team.roles.manage"


def create(visit: "Visit", *, name: str, permissions: frozenset[str]) -> CustomRole:
    """A new role. AboveYou where it would hold more than who makes it; Invalid for a name that is taken."""
    services = visit.services

    def decide() -> CustomRole:
        actor = actor_of(visit, MANAGE)
        id = new_id("rol", at=services.clock())
        there = custom_roles(services.features)
        _is_sound(visit, name, permissions, others=there)
        if len(there) >= AT_MOST:
            raise Invalid(fields=(FieldError(path="name", code="too_many", message="There are too many roles."),))
        _may_shape(actor, Standing(role=id, permissions=frozenset()), permissions)
        row = CustomRole(id, name=name, permissions=set(permissions) or None)
        entry = audit.entry(visit, "team.role.created", id, after=_noted(name, permissions))
        with transaction(CustomRole) as write:
            write.save(row, condition=CustomRole.id.does_not_exist())
            still_standing(write, actor)
            write.save(entry)
        return row

    return settled(decide)


def edit(visit: "Visit", id: str, *, name: str, permissions: frozenset[str], version: int) -> int:
    """Change a role's name and permissions for everyone who holds it; the new version.

    What it held of features that are switched off goes. NotFound, PreconditionFailed, YourOwn, AboveYou, Invalid.
    """
    services = visit.services

    def decide() -> int:
        actor = actor_of(visit, MANAGE)
        role = _custom(visit, id, version)
        _is_sound(visit, name, permissions, others=[r for r in custom_roles(services.features) if r.id != id])
        _may_shape(actor, role.given, permissions)
        kept: Action = CustomRole.permissions.set(set(permissions)) if permissions else CustomRole.permissions.remove()
        entry = audit.entry(
            visit,
            "team.role.edited",
            id,
            before=_noted(role.name, role.given.permissions),
            after=_noted(name, permissions),
        )
        with transaction(CustomRole) as write:
            write.update(
                CustomRole(id),
                actions=[CustomRole.name.set(name), CustomRole.version.set(CustomRole.version + 1), kept],
                condition=role_unchanged(role),
            )
            still_standing(write, actor)
            write.save(entry)
        return version + 1

    return settled(decide)


def delete(visit: "Visit", id: str, *, version: int) -> None:
    """Delete a role. RoleHeld while somebody holds it or is invited to it; NotFound, PreconditionFailed, AboveYou."""

    def decide() -> None:
        actor = actor_of(visit, MANAGE)
        role = _custom(visit, id, version)
        _may_shape(actor, role.given, frozenset())
        # Who is invited to it is asked, not made sure of: an invitation to a role that is gone does not hold.
        invited = any(found.invitation.role == id for found in open_invitations(visit.services))
        if role.holders or invited:
            raise RoleHeld(fix="Give those who hold it another role first.")
        entry = audit.entry(visit, "team.role.deleted", id, before=_noted(role.name, role.given.permissions))
        with transaction(CustomRole) as write:
            write.delete(CustomRole(id), condition=role_unchanged(role) & CustomRole.holders.does_not_exist())
            still_standing(write, actor)
            write.save(entry)

    settled(decide)


def custom(visit: "Visit", id: str) -> Role:
    """A custom role; NotFound where there is none, a standard one included."""
    role = role_of(id, visit.services.features)
    if role is None or not role.custom:
        raise NotFound("There is no such role.")
    return role


def _custom(visit: "Visit", id: str, version: int) -> Role:
    role = custom(visit, id)
    if role.version != version:
        raise PreconditionFailed(fix="Look at what stands now, then try again.")
    return role


def _may_shape(actor: Seat, role: Standing, wanted: frozenset[str]) -> None:
    if actor.role.id == role.role:
        raise YourOwn(fix="Ask another member who may.")
    if not may_shape(actor.role.standing, role=role, wanted=wanted):
        raise AboveYou(fix="Ask an owner of the site.")


def _is_sound(
    visit: "Visit", name: str, permissions: frozenset[str], *, others: "list[Role] | tuple[Role, ...]"
) -> None:
    known = {permission.name for permission in declared(visit.services.features)}
    faults = []
    taken = {role.name.casefold() for role in others} | set(STANDARD_ROLES)
    if name.casefold() in taken:
        faults.append(FieldError(path="name", code="taken", message="There is a role of this name."))
    if not permissions <= known:
        faults.append(FieldError(path="permissions", code="unknown_permission", message="There is no such permission."))
    if faults:
        raise Invalid(fields=tuple(faults))


def _noted(name: str, permissions: frozenset[str]) -> dict[str, object]:
    return {"name": name, "permissions": sorted(permissions)}
