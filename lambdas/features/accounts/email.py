"""/account/security/email/: another address, once its mailbox has proven itself by a code."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.errors import Conflict, NotSignedIn
from lambdas.core.forms import blank
from lambdas.features.accounts import codes, step_cookie, tries
from lambdas.features.accounts.changes import GOING, read_again
from lambdas.features.accounts.email_back import with_this_change
from lambdas.features.accounts.inputs import Code, Email, TypedPassword
from lambdas.features.accounts.models import Step
from lambdas.features.accounts.own_pages import Done, Sent, about, refused, show
from lambdas.features.accounts.proving import prove_password
from lambdas.features.accounts.routing import router
from lambdas.platform.people import Address, Person, canonical
from lambdas.platform.routing import form, html, signed_in
from lambdas.platform.tables import Met, NotWritten, transaction
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/security/email/"
CODE_PAGE = "/account/security/email/code/"
PURPOSE = "email"

_TRIES = 8


class AddressTaken(Conflict):
    code = "address_taken"
    title = "Someone has an account with this address already"


class NewAddress(Sent):
    password: TypedPassword
    email: Email


class Confirmation(Sent):
    code: Code


def context(visit: Visit) -> dict[str, Any]:
    return about(visit, form=blank("password", "email"))


def code_context(visit: Visit) -> dict[str, Any]:
    """Where the code was sent to, empty where nothing was begun, or too long ago."""
    try:
        begun = _begun(visit)
        new_address = "" if begun.used else begun.email
    except codes.StepOver:
        new_address = ""
    return about(visit, form=blank("code"), new_address=new_address)


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.get(CODE_PAGE, include_in_schema=False)
@html
@signed_in
def code_page(visit: Here) -> Html:
    """Where the code is typed; who has nothing begun is led to where it begins."""
    shown = code_context(visit)
    return show(visit, CODE_PAGE, shown) if shown["new_address"] else visit.redirect(PAGE)


@router.post("/api/auth/email", tags=["account"], summary="Ask for another e-mail address")
@form(page=PAGE, sent=CODE_PAGE, fields=("password", "email"), context=context)
@signed_in
def ask(sent: Annotated[NewAddress, Body()], visit: Here) -> Done:
    """A code goes to the new address; whether someone has an account there is told to its mailbox and to nobody else."""
    person = visit.person
    if sent.email == person.email:
        raise refused("email", "same_address", "This is your address already.")
    prove_password(visit, sent.password)
    tries.count("mailed-code", email=sent.email, address=visit.address, services=visit.services)
    step = codes.begin(
        PURPOSE,
        services=visit.services,
        locale=visit.locale,
        correlation_id=visit.correlation_id,
        email=sent.email,
        person_id=person.id,
    )
    step_cookie.keep(visit, PURPOSE, {"step": step.id}, lasts=codes.LASTS)
    return Done()


@router.post("/api/auth/email/confirm", tags=["account"], summary="Take the new address, by its code")
@form(page=CODE_PAGE, sent="/account/security/?done=email", fields=("code",), context=code_context)
@signed_in
def confirm(sent: Annotated[Confirmation, Body()], visit: Here) -> Done:
    """The address is one's own from now on, and nobody else's; the one before is told."""
    step = codes.check(_begun(visit).id, (PURPOSE,), sent.code, services=visit.services)
    person = visit.person
    for _ in range(_TRIES):
        # Pressed twice, or again after an answer that was lost.
        if step.used and person.email == step.email:
            step_cookie.drop(visit)
            return Done()
        try:
            _move(visit, step)
        except Met:
            read_again(person)
        except NotWritten as refusal:
            read_again(person)
            _say_why(refusal, step, person)
        else:
            read_again(person)
            step_cookie.drop(visit)
            return Done()
    raise Conflict("Your account is being changed from several places.", fix="Try again in a moment.")


def _begun(visit: Visit) -> Step:
    """What this browser has begun, used or not. StepOver for another person's as for one that never was."""
    id = str(step_cookie.kept(visit, PURPOSE).get("step", "none"))
    step = codes.find(id, (PURPOSE,), services=visit.services)
    if step.person_id != visit.person.id:
        raise codes.StepOver(fix="Begin again.")
    return step


def _move(visit: Visit, step: Step) -> None:
    """In one transaction: the row, the code's use, the address that is taken and the one that is free again."""
    person, new, now = visit.person, canonical(step.email), visit.services.clock()
    if person.leaving == GOING:
        # Its addresses are free already: one more would lead to nobody for ever.
        raise NotSignedIn("This account is being deleted.", fix="Sign up again whenever you like.")
    with transaction(Person) as write:
        write.update(
            Person(person.id),
            actions=[
                Person.email.set(step.email),
                Person.email_changed_at.set(now),
                Person.email_changes.set(with_this_change(person, now)),
                Person.version.set(Person.version + 1),
                Person.correlation_id.set(visit.correlation_id),
            ],
            condition=Person.version == person.version,
        )
        codes.use(write, step)
        if new != canonical(person.email):
            write.save(Address(new, person_id=person.id), condition=Address.email.does_not_exist())
            write.delete(Address(canonical(person.email)), condition=Address.person_id == person.id)


def _say_why(refusal: NotWritten, step: Step, person: Person) -> None:
    """What stood in the way; returns where trying again may help. `person` is the row as it stands by now."""
    if 1 in refusal.places:
        step.used = True
        if person.email != step.email:
            raise codes.StepOver(fix="Begin again.") from None
    elif 2 in refusal.places:
        raise AddressTaken(fix="Take another address, or sign in with this one.") from None
