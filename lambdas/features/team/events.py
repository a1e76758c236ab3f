"""What follows: an invitation is mailed, and who has left the team is signed out."""

from collections.abc import Iterator
from urllib.parse import urlencode

from pynamodb.exceptions import UpdateError

from lambdas.core.events import Change, Event
from lambdas.core.ids import derived_id
from lambdas.core.permissions import STANDARD_ROLES
from lambdas.features.team.invitations import OPEN_FOR
from lambdas.features.team.links import token_of
from lambdas.features.team.models import Invitation
from lambdas.platform.mail import Undeliverable
from lambdas.platform.services import Services
from lambdas.platform.sessions import SessionRow
from lambdas.platform.team import OWNERS, TEAM

WANTED = "team.invitation.wanted"
GONE = "team.member.gone"


def of_invitations(change: Change) -> Iterator[Event]:
    """A mail is wanted: of a new invitation, and each time it is asked for again."""
    new, old = change.new, change.old
    if new is None or (old is not None and old.nonce == new.nonce and old.wanted == new.wanted):
        return
    yield Event(
        id=derived_id("evt", WANTED, new.id, new.nonce, str(int(new.wanted))),
        name=WANTED,
        at=change.at,
        subject=new.id,
        correlation_id=new.correlation_id,
        data={"nonce": new.nonce},
    )


def of_members(change: Change) -> Iterator[Event]:
    """Somebody is on the team no more."""
    if change.new is None and change.old is not None and change.old.id != OWNERS:
        yield Event(
            id=derived_id("evt", GONE, change.old.id, change.sequence), name=GONE, at=change.at, subject=change.old.id
        )


def mail(event: Event, services: Services) -> None:
    """Mail an invitation. Events repeat: what has been mailed is noted, and what is answered or withdrawn is left alone."""
    try:
        invitation = Invitation.get(TEAM, event.subject, consistent_read=True)
    except Invitation.DoesNotExist:
        return
    over = invitation.expires_at <= services.clock()
    if over or invitation.nonce != event.data["nonce"] or invitation.mailed >= invitation.wanted:
        return
    try:
        _send(invitation, services)
    except Undeliverable as refused:
        _note(invitation, undeliverable=str(refused))
    else:
        _note(invitation, undeliverable=None)


def sign_out(event: Event, services: Services) -> None:
    """End the sessions from before they went: the request that took them off does so too, if nothing came between."""
    for row in SessionRow.query(event.subject, consistent_read=True):
        if row.created_at <= event.at:
            services.sessions.end(event.subject, row.id)


def _send(invitation: Invitation, services: Services) -> None:
    creator = services.creator
    locale = creator.language_or_own(invitation.locale)
    path = creator.path("/account/invitation/", locale)
    link = f"{creator.origin}{path}?{urlencode({'token': token_of(invitation, services)})}"
    letter = services.renderer().letter(
        "team/invitation",
        locale,
        {
            "invitation": invitation,
            "standard": invitation.role in STANDARD_ROLES,
            "link": link,
            "days": OPEN_FOR.days,
        },
    )
    services.mail.send(
        letter,
        to=invitation.email,
        reference=derived_id("mail", "invitation", invitation.id, invitation.nonce),
    )


def _note(invitation: Invitation, *, undeliverable: str | None) -> None:
    """That so many have gone out; one that was answered in the meantime has no row to note it in."""
    said = (
        Invitation.undeliverable.set(undeliverable) if undeliverable is not None else Invitation.undeliverable.remove()
    )
    try:
        Invitation(TEAM, invitation.id).update(
            actions=[Invitation.mailed.set(invitation.wanted), said],
            condition=Invitation.nonce == invitation.nonce,
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
