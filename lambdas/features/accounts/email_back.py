"""/account/email-back/: the way back for who had an address taken from their account, by the link in their old mailbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from lambdas.core.errors import Conflict, PrismError
from lambdas.core.forms import blank
from lambdas.features.accounts.changes import GOING
from lambdas.features.accounts.own_pages import Done, Sent
from lambdas.features.accounts.routing import router
from lambdas.platform.keys import signer
from lambdas.platform.limits import Limit
from lambdas.platform.people import Address, Person, canonical
from lambdas.platform.routing import form, html, limited
from lambdas.platform.services import Services
from lambdas.platform.sessions import COOKIE
from lambdas.platform.tables import Met, NotWritten, transaction
from lambdas.platform.visit import Here, Html, Visit

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

PAGE = "/account/email-back/"
GOOD_FOR = timedelta(hours=72)
_TRIES = 8


class LinkOver(PrismError):
    """The link is too old, was used, is none of ours, or the address has an account of its own by now."""

    status = 410
    code = "link_over"
    title = "This link cannot be used any more"


class Link(Sent):
    token: Annotated[str, Field(max_length=1000, description="Of the link that was mailed")]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of address that its owner may undo: whose, which address they had, and when it was changed."""

    person_id: str
    former: str
    changed_at: datetime


def link(change: Change, services: Services) -> str:
    """The address that undoes a change, for the mailbox that it was taken from."""
    token = _signer(services).dumps([change.person_id, change.former, change.changed_at.isoformat()])
    return f"{services.creator.origin}{PAGE}?token={token}"


def with_this_change(person: Person, at: datetime) -> list[str]:
    """What `email_changes` is when the address is changed now: a later change takes nobody's way back away."""
    return [*_moments(person, lambda before: at - before <= GOOD_FOR), at.isoformat()]


def context(visit: Visit) -> dict[str, Any]:
    """The address that can be had back, empty where the link is over."""
    token = visit.query.get("token", "")
    try:
        former = _read(token, visit.services)[0].former
    except LinkOver:
        former = ""
    return {"former": former, "token": token, "form": blank()}


@router.get(PAGE, include_in_schema=False)
@html
def page(visit: Here) -> Html:
    return visit.page(PAGE, context(visit))


@router.post("/api/auth/email/back", tags=["account"], summary="Take back an address that was changed")
@form(page=PAGE, sent="/account/forgot/", fields=(), context=context)
@limited(Limit(name="account-email-back", times=10, per=timedelta(hours=1)))
def take_back(sent: Annotated[Link, Body()], visit: Here) -> Done:
    """The address leads to the account again, and whatever could sign in is void: password, passkeys, sessions.

    The address last: what is killed before it is done again from the start, and a link works once.
    """
    services = visit.services
    change, person = _read(sent.token, services)
    services.identity.delete(person.id)
    services.identity.create(person.id)
    services.sessions.end_all(person.id)
    for _ in range(_TRIES):
        try:
            _restore(change, person, visit)
        except (NotWritten, Met):
            change, person = _read(sent.token, services)
        else:
            services.sessions.end_all(person.id)
            visit.drop_cookie(COOKIE)
            return Done()
    raise Conflict("The account is being changed from several places.", fix="Try again in a moment.")


def _restore(change: Change, person: Person, visit: Visit) -> None:
    now = visit.services.clock()
    with transaction(Person) as write:
        write.update(
            Person(person.id),
            actions=[
                Person.email.set(change.former),
                Person.email_changed_at.set(now),
                # This change and all that came after it, whoever made them; who had an address before it may still come.
                Person.email_changes.set(_moments(person, lambda at: at < change.changed_at)),
                Person.password_changed_at.set(now),
                Person.passkeys.remove(),
                # Whoever changed the address may have turned it on, before or after, to keep the owner out.
                *([Person.second_factor.remove()] if _since(person) >= change.changed_at - GOOD_FOR else []),
                Person.version.set(Person.version + 1),
                Person.correlation_id.set(visit.correlation_id),
            ],
            condition=Person.version == person.version,
        )
        if canonical(person.email) != canonical(change.former):
            write.save(Address(canonical(change.former), person_id=person.id), condition=Address.email.does_not_exist())
            write.delete(Address(canonical(person.email)), condition=Address.person_id == person.id)


def _moments(person: Person, which: Callable[[datetime], bool]) -> list[str]:
    return [at for at in person.email_changes or () if which(datetime.fromisoformat(at))]


def _since(person: Person) -> datetime:
    since = (person.second_factor or {}).get("since")
    return datetime.fromisoformat(since) if since else person.created_at


def _read(token: str, services: Services) -> tuple[Change, Person]:
    """What a link undoes, and whose account it is; LinkOver."""
    over = LinkOver(fix="Write to the site, where you will be helped.")
    change = _signed(token, services)
    if change is None or services.clock() - change.changed_at > GOOD_FOR:
        raise over
    try:
        person = Person.get(change.person_id, consistent_read=True)
    except Person.DoesNotExist:
        raise over from None
    undone = not _moments(person, lambda at: at == change.changed_at) or person.email == change.former
    if undone or person.leaving == GOING or not _is_free(change):
        raise over
    return change, person


def _signed(token: str, services: Services) -> Change | None:
    from itsdangerous import BadData

    try:
        person_id, former, changed_at = _signer(services).loads(token)
        return Change(person_id=person_id, former=former, changed_at=datetime.fromisoformat(changed_at))
    except (BadData, ValueError, TypeError):
        return None


def _is_free(change: Change) -> bool:
    try:
        return Address.get(canonical(change.former), consistent_read=True).person_id == change.person_id
    except Address.DoesNotExist:
        return True


def _signer(services: Services) -> "URLSafeSerializer":
    return signer(services.keys.current_and_previous("session"), salt=f"email-back/{services.creator.id}")
