"""The creator's team: who has which role. Roles stand here and nowhere else."""

from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute

from lambdas.core.feature import Feature, declared
from lambdas.core.permissions import FAN, STANDARD_ROLES, Standing, standing
from lambdas.platform.tables import Table


class Member(Table):
    """One person of the team, under their id; and under `OWNERS` the set of all who own the platform.

    The set is what makes "the last owner cannot go" hold when two go at once: every change of an
    owner is one transaction with it.
    """

    class Meta:
        short_name = "team"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    role = UnicodeAttribute(null=True)
    since = UTCDateTimeAttribute(null=True)
    version = NumberAttribute(default=1)
    owners = UnicodeSetAttribute(null=True)


OWNERS = "owners"


class CustomRole(Table):
    """A set of permissions that the team gave a name."""

    class Meta:
        short_name = "team-roles"

    id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    permissions = UnicodeSetAttribute(null=True)
    version = NumberAttribute(default=1)


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
