"""Making an account, and giving one a new password: each once for each step, and never by halves."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from lambdas.features.accounts import codes
from lambdas.features.accounts.models import Step
from lambdas.platform import audit, team
from lambdas.platform.people import Address, Person, canonical
from lambdas.platform.tables import NotWritten, transaction
from lambdas.platform.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pynamodb.transactions import TransactWrite

    Writing = Callable[[TransactWrite], None]

_STEP, _OWNER = 0, 3
"""Which parts of the transactions below say that the step was used, and that somebody owns the platform already."""


def open_account(step: Step, password: str, visit: Visit) -> bool | None:
    """Make the account that a proven step asks for, whole or not at all.

    True where it is made, False where the step has had its effect before, None where the address has just
    become somebody's. Cognito comes first: a crash leaves an identity that no account leads to, which the
    next try uses and the step's end removes (`mails.clear_away`). Whoever proves the creator's own address
    owns a platform that nobody owns yet.
    """
    services = visit.services
    services.identity.create(step.person_id)
    services.identity.set_password(step.person_id, password)
    person = _person(step, visit)

    def write_all(write: "TransactWrite") -> None:
        codes.use(write, step)
        write.save(Address(canonical(step.email), person_id=person.id), condition=Address.email.does_not_exist())
        write.save(person, condition=Person.id.does_not_exist())

    done = _written(write_all, step, person.id, visit, at=person.created_at)
    if done is None:
        services.identity.delete(person.id)
    return done


def set_anew(step: Step, person_id: str, password: str, visit: Visit) -> bool | None:
    """Give the account of a proven address a new password, and end its sessions.

    Outcomes as of `open_account`; None where the address has just become another's, or nobody's: then nobody
    gets in by this password, and its owner chooses one by their new address.
    """
    services = visit.services
    now = services.clock()
    services.identity.set_password(person_id, password)
    # Whoever was in with the password before is out, also where this is killed before its end.
    services.sessions.end_all(person_id)

    def write_all(write: "TransactWrite") -> None:
        codes.use(write, step, person_id=person_id)
        write.condition_check(Address, canonical(step.email), condition=Address.person_id == person_id)
        write.update(
            Person(person_id),
            actions=[
                Person.password_changed_at.set(now),
                Person.version.set(Person.version + 1),
                Person.correlation_id.set(visit.correlation_id),
            ],
            condition=Person.id.exists(),
        )

    done = _written(write_all, step, person_id, visit, at=now)
    if done is None:
        # Proved was an address that is not theirs any more: what was set for it must open nothing.
        services.identity.set_password(person_id, secrets.token_urlsafe(32))
    if done:
        step.person_id = person_id
        # And whoever came in with it while it was being changed.
        services.sessions.end_all(person_id)
    return done


def _person(step: Step, visit: Visit) -> Person:
    now = visit.services.clock()
    return Person(
        step.person_id,
        email=step.email,
        name=step.name,
        locale=step.locale,
        created_at=now,
        # The browser that it was made in is no new one.
        new_device={"session": "", "agent": visit.agent, "at": now.isoformat()},
        correlation_id=visit.correlation_id,
    )


def _written(write_all: "Writing", step: Step, person_id: str, visit: Visit, *, at: datetime) -> bool | None:
    """One transaction of three parts, the step's first; and three more that make an owner, where nobody is one yet."""
    own = canonical(step.email) == canonical(str(visit.services.creator.email)) and not team.owners()
    for claims in (True, False) if own else (False,):
        try:
            with transaction(Person) as write:
                write_all(write)
                if claims:
                    team.claim(write, person_id, at=at)
                    write.save(audit.own_entry(visit.services, "team.platform.claimed", person_id))
        except NotWritten as refused:
            if _STEP in refused.places:
                return False
            if min(refused.places) < _OWNER:
                return None
        else:
            return True
    return None
