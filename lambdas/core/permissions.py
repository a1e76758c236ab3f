"""Who may do what: permissions are declared by the features' manifests, roles are sets of them.

A standard role holds whatever permissions name it; the owner holds all there are. A custom role is a
set of permissions that the creator's team put together. What nobody declares (a feature switched
off) nobody holds.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

StandardRole = Literal["owner", "manager", "editor", "moderator", "finance", "support"]
STANDARD_ROLES: tuple[StandardRole, ...] = ("owner", "manager", "editor", "moderator", "finance", "support")
OWNER: StandardRole = "owner"


class Permission:
    """One right, such as `contact.messages.read`; `roles` are the standard roles beside the owner that hold it."""

    __slots__ = ("name", "roles")

    def __init__(self, name: str, *roles: StandardRole) -> None:
        self.name = name
        self.roles: frozenset[StandardRole] = frozenset(roles)


class Standing(NamedTuple):
    """What someone is and may do here. `role` is a standard role, a custom role's id, or "fan"."""

    role: str
    permissions: frozenset[str]

    @property
    def on_the_team(self) -> bool:
        return self.role != FAN.role

    @property
    def is_owner(self) -> bool:
        return self.role == OWNER


FAN = Standing(role="fan", permissions=frozenset())
"""Everyone who is signed in and not on the team."""


def standing(role: str, *, declared: Iterable[Permission], custom: Mapping[str, frozenset[str]]) -> Standing:
    """The permissions of a role: `custom` are the creator's own roles by id. An unknown role holds nothing."""
    there = tuple(declared)
    if role == OWNER:
        held = frozenset(permission.name for permission in there)
    elif role in custom:
        held = custom[role] & {permission.name for permission in there}
    else:
        held = frozenset(permission.name for permission in there if role in permission.roles)
    return Standing(role=role, permissions=held)


def may_give(actor: Standing, role: Standing) -> bool:
    """Whether someone may give another this role: owners any, others none that can do more than they can."""
    return actor.is_owner or (not role.is_owner and role.permissions <= actor.permissions)


def may_change(actor: Standing, *, present: Standing, wanted: Standing) -> bool:
    """Whether someone may change another's role from `present` to `wanted` (FAN to remove them): nobody above themselves."""
    return may_give(actor, present) and may_give(actor, wanted)


def may_shape(actor: Standing, *, role: Standing, wanted: frozenset[str]) -> bool:
    """Whether someone may make of a custom role one that holds `wanted`: never of their own, and within what they hold.

    `role` stands with all that it was given, of features switched off too: what nobody can see nobody passes on.
    """
    return actor.role != role.role and (actor.is_owner or role.permissions | wanted <= actor.permissions)
