"""Inviting somebody to the team, and what becomes of an invitation until it is answered."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdas.core.creator import Locale
from lambdas.core.errors import NotFound
from lambdas.core.ids import derived_id
from lambdas.core.permissions import OWNER, may_give
from lambdas.features.team.models import Invitation
from lambdas.features.team.refusals import (
    AboveYou,
    InvitationGone,
    InvitedAlready,
    MailedEnough,
    NotYourInvitation,
    OnTheTeam,
    OwnersJoinFirst,
)
from lambdas.features.team.seats import (
    Role,
    Seat,
    actor_of,
    change_holders,
    described,
    is_id,
    role_of,
    role_unchanged,
    seat_of,
    settled,
    still_standing,
    wanted_role,
)
from lambdas.platform import audit
from lambdas.platform.limits import Limit
from lambdas.platform.people import canonical, find
from lambdas.platform.tables import transaction
from lambdas.platform.team import TEAM, CustomRole, Member

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.transactions import TransactWrite

    from lambdas.platform.services import Services
    from lambdas.platform.visit import Visit

OPEN_FOR = timedelta(days=7)
TO_ONE_ADDRESS = Limit(name="team-invitation-mails", times=10, per=timedelta(days=1))
"""Whoever invites, however often they withdraw and invite anew."""

MAILS = 5
"""So often at most is one invitation mailed: an address that does not answer is left in peace."""

INVITE = "team.members.invite"


@dataclass(frozen=True, kw_only=True)
class Open:
    """An open invitation, and whether it would be good now: who wrote it may still give this role."""

    invitation: Invitation
    role: Role | None
    holds: bool


def invite(visit: "Visit", *, email: str, role: str, locale: Locale) -> Invitation:
    """Invite an address to a role for a week; the mail follows.

    AboveYou for a role beyond the inviter's own rights, OwnersJoinFirst, OnTheTeam, InvitedAlready, Invalid.
    """
    services, address = visit.services, canonical(email)

    def decide() -> Invitation:
        actor = actor_of(visit, INVITE)
        wanted = wanted_role(role, services.features)
        _must_give(actor, wanted)
        known = find(address)
        if known is not None and seat_of(known, services.features) is not None:
            raise OnTheTeam(fix="Change their role instead.")
        now, id = services.clock(), derived_id("inv", address)
        if _open(id, services) is not None:
            raise InvitedAlready(fix="Mail that one again, or withdraw it first.")
        invitation = Invitation(
            TEAM,
            id,
            email=address,
            role=wanted.id,
            role_name=wanted.name,
            locale=locale,
            nonce=secrets.token_urlsafe(12),
            invited_by=actor.person_id,
            inviter_name=visit.person.name,
            created_at=now,
            correlation_id=visit.correlation_id,
            expires_at=now + OPEN_FOR,
        )
        entry = audit.entry(visit, "team.invitation.sent", id, after=_noted(invitation, wanted))
        services.limits.hit(TO_ONE_ADDRESS, address)
        with transaction(Invitation) as write:
            # One that has run out may still be lying there: tables are cleared when there is time.
            write.save(invitation, condition=Invitation.id.does_not_exist() | (Invitation.expires_at <= now))
            _role_stands(write, wanted, actor)
            write.save(entry)
        return invitation

    return settled(decide)


def mail_again(visit: "Visit", id: str) -> None:
    """Mail an open invitation once more, good for a week from now, in the name of who asks for it. MailedEnough, AboveYou."""
    services = visit.services

    def decide() -> None:
        actor = actor_of(visit, INVITE)
        invitation = _there(id, services)
        wanted = wanted_role(invitation.role, services.features)
        _must_give(actor, wanted)
        if invitation.wanted >= MAILS:
            raise MailedEnough(retry_after=int((invitation.expires_at - services.clock()).total_seconds()))
        entry = audit.entry(visit, "team.invitation.repeated", id, after=_noted(invitation, wanted))
        services.limits.hit(TO_ONE_ADDRESS, invitation.email)
        with transaction(Invitation) as write:
            write.update(
                Invitation(TEAM, id),
                actions=[
                    Invitation.invited_by.set(actor.person_id),
                    Invitation.inviter_name.set(visit.person.name),
                    Invitation.role_name.set(wanted.name),
                    Invitation.expires_at.set(services.clock() + OPEN_FOR),
                    Invitation.wanted.set(invitation.wanted + 1),
                    Invitation.correlation_id.set(visit.correlation_id),
                    Invitation.undeliverable.remove(),
                ],
                condition=_same(invitation) & (Invitation.wanted == invitation.wanted),
            )
            _role_stands(write, wanted, actor)
            write.save(entry)

    settled(decide)


def withdraw(visit: "Visit", id: str) -> None:
    """End an open invitation: its link is dead. AboveYou where its role goes beyond one's own rights."""

    def decide() -> None:
        actor = actor_of(visit, INVITE)
        invitation = _there(id, visit.services)
        role = role_of(invitation.role, visit.services.features)
        if role is not None and not may_give(actor.role.standing, role.given):
            raise AboveYou(fix="Ask an owner of the site.")
        entry = audit.entry(visit, "team.invitation.withdrawn", id, before=_noted(invitation, role))
        with transaction(Invitation) as write:
            write.delete(Invitation(TEAM, id), condition=_same(invitation))
            still_standing(write, actor)
            write.save(entry)

    settled(decide)


def open_invitations(services: "Services") -> tuple[Open, ...]:
    """Those that nobody has answered yet, newest first."""
    now = services.clock()
    rows = [row for row in Invitation.query(TEAM, consistent_read=True) if row.expires_at > now]
    return tuple(_as_open(row, services) for row in sorted(rows, key=lambda row: row.created_at, reverse=True))


def find_open(id: str, nonce: str, services: "Services") -> Open | None:
    """The open invitation that a link names; None where it is answered, withdrawn or run out."""
    row = _open(id, services)
    return _as_open(row, services) if row is not None and row.nonce == nonce else None


def accept(visit: "Visit", *, id: str, nonce: str) -> str:
    """Join the team by an invitation; the role's id. It is gone then, so a second time is InvitationGone.

    Who invited must still be on the team, allowed to invite and to give this role: nobody's rights are worth more
    after they have gone than before. NotYourInvitation for who has another address, OnTheTeam.
    """
    services, person = visit.services, visit.person

    def decide() -> str:
        found = find_open(id, nonce, services)
        if found is None or not found.holds or found.role is None:
            raise InvitationGone(fix="Ask for a new one.")
        invitation, role = found.invitation, found.role
        if canonical(person.email) != invitation.email:
            raise NotYourInvitation(fix="Sign in with the address that was invited.")
        if seat_of(person.id, services.features) is not None:
            raise OnTheTeam(fix="Go to the studio.")
        inviter = seat_of(invitation.invited_by, services.features)
        assert inviter is not None
        entry = audit.entry(
            visit, "team.invitation.accepted", person.id, after={**described(role), "invited_by": invitation.invited_by}
        )
        joined = Member(person.id, role=role.id, since=services.clock(), correlation_id=visit.correlation_id)
        with transaction(Member) as write:
            write.delete(Invitation(TEAM, id), condition=_same(invitation))
            write.save(joined, condition=Member.id.does_not_exist())
            change_holders(write, person.id, out_of=None, into=role, standing_on=inviter)
            write.save(entry)
        return role.id

    return settled(decide)


def forget(email: str) -> None:
    """Forget that this address was invited; a second time changes nothing."""
    Invitation(TEAM, derived_id("inv", canonical(email))).delete()


def _must_give(actor: Seat, role: Role) -> None:
    if role.id == OWNER:
        raise OwnersJoinFirst(fix="Invite them to another role, and make them an owner when they have joined.")
    if not may_give(actor.role.standing, role.given):
        raise AboveYou(fix="Ask an owner of the site.")


def _role_stands(write: "TransactWrite", role: Role, actor: Seat) -> None:
    if role.custom:
        write.condition_check(CustomRole, role.id, condition=role_unchanged(role))
    still_standing(write, actor, but={role.id} if role.custom else ())


def _as_open(row: Invitation, services: "Services") -> Open:
    role, inviter = role_of(row.role, services.features), seat_of(row.invited_by, services.features)
    holds = (
        role is not None
        and inviter is not None
        and INVITE in inviter.role.standing.permissions
        and may_give(inviter.role.standing, role.given)
    )
    return Open(invitation=row, role=role, holds=holds)


def _open(id: str, services: "Services") -> Invitation | None:
    if not is_id(id):
        return None
    try:
        row = Invitation.get(TEAM, id, consistent_read=True)
    except Invitation.DoesNotExist:
        return None
    return row if row.expires_at > services.clock() else None


def _there(id: str, services: "Services") -> Invitation:
    row = _open(id, services)
    if row is None:
        raise NotFound("This invitation is answered, withdrawn or run out.")
    return row


def _same(invitation: Invitation) -> "Condition":
    return Invitation.nonce == invitation.nonce


def _noted(invitation: Invitation, role: Role | None) -> dict[str, str]:
    return {"email": invitation.email, **(described(role) if role is not None else {"role": invitation.role})}
