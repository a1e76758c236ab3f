"""Deleting those whose grace is over: every feature forgets them, then Cognito, then the account itself.

Killed at any point, the next hour finishes: each step may be done again without harm, and the row that
says what is to be done goes last.
"""

from lambdas.core.ids import derived_id
from lambdas.core.references import load
from lambdas.features.accounts.changes import ASKED, GOING
from lambdas.features.accounts.letters import tell
from lambdas.platform.people import Address, Person, canonical, find
from lambdas.platform.pictures import drop_picture
from lambdas.platform.services import Services
from lambdas.platform.tables import NotWritten, transaction

_AT_ONCE = 100


def erase_due(services: Services) -> None:
    """Delete everyone whose time has come, at most 100 a run; one who fails costs the others nothing. ExceptionGroup of what failed."""
    failures = []
    for person_id in due(services):
        try:
            erase(person_id, services)
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup("accounts could not be deleted", failures) from failures[0]


def due(services: Services) -> list[str]:
    """Those who are being deleted already, then those whose grace is over, the longest first."""
    begun = [row.id for row in Person.leavers.query(GOING, limit=_AT_ONCE)]
    over = [row.id for row in Person.leavers.query(ASKED, Person.deletion_due <= services.clock(), limit=_AT_ONCE)]
    return [*begun, *over][:_AT_ONCE]


def erase(person_id: str, services: Services) -> None:
    """Delete one person, if it is still time to: who has taken it back in the meantime stays."""
    person = _begin(person_id, services)
    if person is None:
        return
    services.sessions.end_all(person_id)
    for feature in sorted((f for f in services.features if f.forgets), key=lambda f: f.name == "accounts"):
        load(str(feature.forgets))(person_id, services)
    reference = derived_id("mail", "deleted", person_id)
    tell(person, "deleted", services, reference=reference, at=services.clock(), to=person.email)
    services.identity.delete(person_id)
    # A sign-in that had found the address just before it went.
    services.sessions.end_all(person_id)
    person.delete(condition=Person.leaving == GOING)


def forget(person_id: str, services: Services) -> None:
    """What this feature keeps beside the row: sessions, the picture. The row itself goes last of all (`erase`)."""
    services.sessions.end_all(person_id)
    try:
        person = Person.get(person_id, consistent_read=True)
    except Person.DoesNotExist:
        return
    if person.picture:
        drop_picture(person.picture, services)


def _begin(person_id: str, services: Services) -> Person | None:
    """The person, for whom there is no way back and no way in now; None where there is nobody, or they stay."""
    try:
        person = Person.get(person_id, consistent_read=True)
    except Person.DoesNotExist:
        return None
    if person.leaving == GOING:
        return person
    try:
        with transaction(Person) as write:
            write.update(
                Person(person.id),
                actions=[Person.leaving.set(GOING), Person.version.set(Person.version + 1)],
                condition=(Person.version == person.version)
                & (Person.leaving == ASKED)
                & (Person.deletion_due <= services.clock()),
            )
            # With it: nobody signs in to what is being deleted.
            if find(person.email) == person.id:
                write.delete(Address(canonical(person.email)), condition=Address.person_id == person.id)
    except NotWritten:
        return None
    return person
