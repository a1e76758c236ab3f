"""/account/delete/: asking that everything be deleted, and taking that back while the grace lasts."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field
from pynamodb.expressions.condition import size

from lambdas.core.errors import Conflict
from lambdas.core.forms import blank
from lambdas.core.permissions import OWNER
from lambdas.features.accounts.changes import ASKED, GOING, read_again
from lambdas.features.accounts.own_pages import LEAVING, Done, Sent, about, show
from lambdas.features.accounts.proving import ByPassword, prove_password
from lambdas.features.accounts.routing import router
from lambdas.platform import audit
from lambdas.platform.people import Person
from lambdas.platform.routing import form, html, signed_in
from lambdas.platform.sessions import COOKIE
from lambdas.platform.tables import Met, NotWritten, transaction
from lambdas.platform.team import OWNERS, Member
from lambdas.platform.visit import Here, Html, Visit

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

PAGE = LEAVING
ASKED_PAGE = "/account/delete/asked/"

GRACE = timedelta(days=14)
"""So long after it was asked for, everything is deleted."""

_TRIES = 8


class LastOwner(Conflict):
    code = "last_owner"
    title = "The last owner cannot go"


class Leaving(BaseModel):
    due: str = Field(description="When everything is deleted")


def context(visit: Visit) -> dict[str, Any]:
    return about(visit, form=blank("password"), due=visit.person.deletion_due, days=GRACE.days, standing=visit.standing)


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.get(ASKED_PAGE, include_in_schema=False)
@html
def asked_page(visit: Here) -> Html:
    return visit.page(ASKED_PAGE, {"days": GRACE.days})


@router.post("/api/auth/delete", tags=["account"], summary="Ask that one's account be deleted")
@form(page=PAGE, sent=ASKED_PAGE, fields=("password",), context=context)
@signed_in
def ask(sent: Annotated[ByPassword, Body()], visit: Here) -> Leaving:
    """In 14 days everything is deleted; until then signing in leads to where that can be taken back. LastOwner."""
    prove_password(visit, sent.password)
    person = visit.person
    for _ in range(_TRIES):
        if person.leaving:
            break
        owned = visit.standing.is_owner
        try:
            _note_asked(visit)
        except Met:
            read_again(person)
        except NotWritten as refused:
            # Where the row has changed too, nobody knows yet whose going made them the last one: perhaps their own.
            if refused.places == (1,) and owned and visit.standing_now().is_owner:
                raise LastOwner(
                    "You are the only owner of this site.", fix="Make someone else an owner in the studio, under Team."
                ) from None
            visit.standing_now()
            read_again(person)
        else:
            break
    read_again(person)
    if person.deletion_due is None:
        raise Conflict("Your account is being changed from several places.", fix="Try again in a moment.")
    visit.services.sessions.end_all(person.id)
    visit.drop_cookie(COOKIE)
    return Leaving(due=person.deletion_due.isoformat())


def _note_asked(visit: Visit) -> None:
    """In one transaction: an owner who goes counts no longer among those who keep the site."""
    person, due = visit.person, visit.services.clock() + GRACE
    with transaction(Person) as write:
        write.update(
            Person(person.id),
            actions=[
                Person.leaving.set(ASKED),
                Person.deletion_due.set(due),
                Person.version.set(Person.version + 1),
                Person.correlation_id.set(visit.correlation_id),
            ],
            condition=(Person.version == person.version) & Person.leaving.does_not_exist(),
        )
        if visit.standing.is_owner:
            write.update(
                Member(OWNERS),
                actions=[Member.owners.delete({person.id})],
                condition=Member.owners.contains(person.id) & (size("owners") > 1),  # type: ignore[no-untyped-call]
            )
        else:
            # Whoever is made an owner at this moment would stay among those who keep the site.
            write.condition_check(Member, person.id, condition=Member.role.does_not_exist() | (Member.role != OWNER))
        if visit.standing.on_the_team:
            write.save(audit.entry(visit, "account.deletion.asked", person.id, after={"due": due.isoformat()}))


@router.post("/api/auth/delete/cancel", tags=["account"], summary="Keep one's account after all")
@form(page=PAGE, sent="/account/?done=kept", fields=(), context=context)
@signed_in
def cancel(sent: Annotated[Sent, Body()], visit: Here) -> Done:
    """Nothing is deleted; an owner is one again."""
    person = visit.person
    for _ in range(_TRIES):
        if person.leaving != ASKED:
            break
        try:
            _note_kept(visit)
        except (NotWritten, Met):
            read_again(person)
        else:
            read_again(person)
    if person.leaving == GOING:
        raise Conflict("Your account is being deleted.", fix="Sign up again whenever you like.")
    if person.leaving:
        raise Conflict("Your account is being changed from several places.", fix="Try again in a moment.")
    return Done()


def _note_kept(visit: Visit) -> None:
    person = visit.person
    with transaction(Person) as write:
        write.update(
            Person(person.id),
            actions=[
                Person.leaving.remove(),
                Person.deletion_due.remove(),
                Person.version.set(Person.version + 1),
                Person.correlation_id.set(visit.correlation_id),
            ],
            condition=(Person.version == person.version) & (Person.leaving == ASKED),
        )
        if visit.standing.role == OWNER:
            _own_again(write, person.id)
        if visit.standing.on_the_team:
            write.save(audit.entry(visit, "account.deletion.cancelled", person.id))


def _own_again(write: "TransactWrite", person_id: str) -> None:
    write.update(Member(OWNERS), actions=[Member.owners.add({person_id})])
    # Whoever took their role in the meantime has the last word.
    write.condition_check(Member, person_id, condition=Member.role == OWNER)
