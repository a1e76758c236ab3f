"""People for tests: an account put straight into the tables, on the team where a role is given."""

import itertools

from lambdas.core.ids import new_id
from lambdas.core.permissions import OWNER
from lambdas.platform.people import Address, Person, canonical
from lambdas.platform.team import OWNERS, Member
from tests.platform_under_test import PlatformUnderTest

_numbers = itertools.count(1)


def a_person(
    platform: PlatformUnderTest, *, name: str = "", email: str = "", role: str | None = None, locale: str = "en"
) -> Person:
    """A person with an account, of this role on the team (None: a fan). Cognito knows nothing of them."""
    number = next(_numbers)
    now = platform.clock()
    person = Person(
        new_id("per", at=now),
        email=email or f"person{number}@people.example",
        name=name or f"Person {number}",
        locale=locale,
        created_at=now,
    )
    person.save()
    Address(canonical(person.email), person_id=person.id).save()
    if role is not None:
        Member(person.id, role=role, since=now).save()
    if role == OWNER:
        Member(OWNERS).update(actions=[Member.owners.add({person.id})])
    return person
