"""/account/security/password/: choosing another password."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core import passwords
from lambdas.core.errors import Invalid
from lambdas.core.forms import blank
from lambdas.features.accounts.changes import change
from lambdas.features.accounts.inputs import TypedPassword
from lambdas.features.accounts.own_pages import Done, Sent, about, refused, show
from lambdas.features.accounts.proving import prove_password
from lambdas.features.accounts.routing import router
from lambdas.platform.identity import PasswordRefused
from lambdas.platform.people import Person
from lambdas.platform.routing import form, html, signed_in
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/security/password/"


class NewPassword(Sent):
    password: TypedPassword
    new_password: TypedPassword


def context(visit: Visit) -> dict[str, Any]:
    return about(visit, form=blank("password", "new_password"), low=passwords.LEAST, high=passwords.MOST)


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.post("/api/auth/password", tags=["account"], summary="Choose another password")
@form(page=PAGE, sent="/account/security/?done=password", fields=("password", "new_password"), context=context)
@signed_in
def save(sent: Annotated[NewPassword, Body()], visit: Here) -> Done:
    """Everywhere else one is signed out, and a letter says that it was changed."""
    assert visit.session is not None
    person, services = visit.person, visit.services
    fault = passwords.fault(sent.new_password, email=person.email, field="new_password")
    if fault is not None:
        raise Invalid(fields=(fault,))
    prove_password(visit, sent.password)
    # Before and after: killed in between, nobody who should be out is in; and nobody came in with the old one meanwhile.
    services.sessions.end_all(person.id, but=visit.session.id)
    try:
        services.identity.set_password(person.id, passwords.normalised(sent.new_password))
    except PasswordRefused:
        raise refused("new_password", "password_refused", "This password cannot be used.") from None
    change(person, lambda _: [Person.password_changed_at.set(services.clock())], correlation_id=visit.correlation_id)
    services.sessions.end_all(person.id, but=visit.session.id)
    return Done()
