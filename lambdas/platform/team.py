"""The creator's team: who has which role. Roles stand here and nowhere else."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.core.feature import Feature, declared
from lambdas.core.permissions import FAN, OWNER, STANDARD_ROLES, Standing, standing
from lambdas.platform.tables import Table

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

TEAM = "team"
"""What every member and every custom role says of itself, so that all of them are found without a scan."""


class Members(GlobalSecondaryIndex["Member"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Everyone on the team; the item of the owners is not in it."""

    class Meta:
        index_name = "members"
        projection = KeysOnlyProjection()

    team = UnicodeAttribute(hash_key=True)


class Member(Table):
    """One person of the team, under their id; and under `OWNERS` the set of all who own the platform.

    The set is what makes "the last owner cannot go" hold when two go at once: every change of an
    owner is one transaction with it. `version` grows with every change of the role.
    """

    class Meta:
        short_name = "team"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    team = UnicodeAttribute(default=TEAM)
    role = UnicodeAttribute(null=True)
    since = UTCDateTimeAttribute(null=True)
    version = NumberAttribute(default=1)
    owners = UnicodeSetAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")

    members = Members()


OWNERS = "owners"


class Roles(GlobalSecondaryIndex["CustomRole"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Every custom role."""

    class Meta:
        index_name = "roles"
        projection = KeysOnlyProjection()

    team = UnicodeAttribute(hash_key=True)


class CustomRole(Table):
    """A set of permissions that the team gave a name. `version` grows when either changes.

    `holders` are the members who have it: giving and taking it are one transaction with this item, so
    "a role somebody holds is not deleted" is a condition, and not a question asked before.
    """

    class Meta:
        short_name = "team-roles"

    id = UnicodeAttribute(hash_key=True)
    team = UnicodeAttribute(default=TEAM)
    name = UnicodeAttribute()
    permissions = UnicodeSetAttribute(null=True)
    holders = UnicodeSetAttribute(null=True)
    version = NumberAttribute(default=1)

    roles = Roles()


def standing_of(person_id: str, features: Iterable[Feature[Any]]) -> Standing:
    """What a person may do, by a consistent read of their row (two where their role is a custom one)."""
    try:
        role = Member.get(person_id, consistent_read=True).role
    except Member.DoesNotExist:
        return FAN
    return standing_of_role(role, features) if role else FAN


def standing_of_role(role: str, features: Iterable[Feature[Any]]) -> Standing:
    """What a role may do; nothing, where it is a custom one that is gone."""
    custom: dict[str, frozenset[str]] = {}
    if role not in STANDARD_ROLES:
        try:
            custom[role] = frozenset(CustomRole.get(role, consistent_read=True).permissions or ())
        except CustomRole.DoesNotExist:
            return FAN
    return standing(role, declared=declared(features), custom=custom)


def owners() -> frozenset[str]:
    """The ids of all who own the platform, by a consistent read; none on one that nobody has claimed yet."""
    try:
        return frozenset(Member.get(OWNERS, consistent_read=True).owners or ())
    except Member.DoesNotExist:
        return frozenset()


def claim(write: "TransactWrite", person_id: str, *, at: datetime) -> None:
    """Add to a transaction what makes a person the owner of a platform that nobody owns; it is NotWritten where somebody does."""
    write.save(Member(person_id, role=OWNER, since=at))
    write.update(Member(OWNERS), actions=[Member.owners.add({person_id})], condition=Member.owners.does_not_exist())
