"""What this feature knows of a person, for them to have, and to be forgotten."""

from typing import Any

from lambdas.core.ids import derived_id
from lambdas.features.team import invitations, seats
from lambdas.platform.audit import KEPT, backwards
from lambdas.platform.people import Person, canonical
from lambdas.platform.services import Services


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """Their place on the team, an invitation that waits for them, and what they did there."""
    seat = seats.seat_of(person_id, services.features)
    now = services.clock()
    return {
        "membership": None
        if seat is None
        else {"role": seat.role.id, "role_name": seat.role.name, "since": seat.since.isoformat() if seat.since else ""},
        "invitation": _invitation(person_id, services),
        "log": [
            {"at": entry.at.isoformat(), "action": entry.action, "subject": entry.subject, "address": entry.address}
            for entry in (backwards(since=now - KEPT, until=now) if seat is not None else ())
            if entry.actor == person_id
        ],
    }


def forget(person_id: str, services: Services) -> None:
    """Take them off the team, and forget an invitation to their address. LastOwner where nobody else owns the site.

    The log keeps what they did, with their name, until it runs out after two years: that a team's dealings can be
    followed up is a legitimate interest (GDPR, Article 6 (1) f), and a log one can have erased proves nothing.
    """
    seats.forget(person_id, services)
    try:
        invitations.forget(Person.get(person_id, consistent_read=True).email)
    except Person.DoesNotExist:
        return


def _invitation(person_id: str, services: Services) -> dict[str, Any] | None:
    try:
        email = canonical(Person.get(person_id, consistent_read=True).email)
    except Person.DoesNotExist:
        return None
    for found in invitations.open_invitations(services):
        row = found.invitation
        if row.id == derived_id("inv", email):
            return {"role": row.role, "invited_at": row.created_at.isoformat(), "until": row.expires_at.isoformat()}
    return None
