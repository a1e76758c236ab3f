"""/account/sign-up/, /account/forgot/ and /account/confirm/: an address is proved first, then a password chosen."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core import passwords
from lambdas.core.errors import Conflict, Invalid
from lambdas.core.forms import Form, blank
from lambdas.core.ids import new_id
from lambdas.features.accounts import arriving, codes, resume, step_cookie, tries
from lambdas.features.accounts.accounts import open_account, set_anew
from lambdas.features.accounts.inputs import NAME, Code, Email, Name, Onward, Typed, TypedPassword
from lambdas.features.accounts.models import Step
from lambdas.features.accounts.routing import router
from lambdas.features.accounts.sign_in import proved
from lambdas.platform import people
from lambdas.platform.routing import form, html
from lambdas.platform.tables import Met
from lambdas.platform.visit import Here, Html, Visit

SIGN_UP_PAGE = "/account/sign-up/"
FORGOT_PAGE = "/account/forgot/"
CONFIRM_PAGE = "/account/confirm/"

SIGN_UP, FORGOT = "sign-up", "forgot"
_PURPOSES = (SIGN_UP, FORGOT)
_TRIES = 3


class SignUp(Typed):
    name: Name
    email: Email


class Forgot(Typed):
    email: Email


class Confirm(Typed):
    code: Code
    password: TypedPassword


def sign_up_context(visit: Visit) -> dict[str, Any]:
    return {**arriving.context(visit), "name_field": NAME}


def confirm_context(visit: Visit) -> dict[str, Any]:
    place = step_cookie.kept(visit, arriving.MAILED)
    return {
        **arriving.context(visit),
        "email": str(place.get("email", "")),
        "digits": codes.DIGITS,
        "least": passwords.LEAST,
        "most": passwords.MOST,
    }


@router.get(SIGN_UP_PAGE, include_in_schema=False)
@html
def sign_up_page(visit: Here) -> Html:
    place = arriving.remembered(visit)
    if visit.session is not None:
        return visit.redirect(resume.without_language(place["next"] or resume.HOME, locale=visit.locale))
    values = {"email": place["email"], "name": "", "next": place["next"]}
    return visit.page(SIGN_UP_PAGE, {**sign_up_context(visit), "form": Form(values=values)})


@router.post("/api/auth/sign-up", tags=["account"], summary="Begin an account")
@form(page=SIGN_UP_PAGE, sent=CONFIRM_PAGE, fields=("email", "name", "next"), context=sign_up_context)
def sign_up(sent: Annotated[SignUp, Body()], visit: Here) -> Onward:
    """A code is mailed. Whether the address has an account already only its mailbox is told."""
    return _begin(visit, SIGN_UP, email=sent.email, name=sent.name, onward=sent.next)


@router.get(FORGOT_PAGE, include_in_schema=False)
@html
def forgot_page(visit: Here) -> Html:
    place = arriving.remembered(visit)
    values = {"email": place["email"], "next": place["next"]}
    return visit.page(FORGOT_PAGE, {**arriving.context(visit), "form": Form(values=values)})


@router.post("/api/auth/forgot", tags=["account"], summary="Begin to choose a new password")
@form(page=FORGOT_PAGE, sent=CONFIRM_PAGE, fields=("email", "next"), context=arriving.context)
def forgot(sent: Annotated[Forgot, Body()], visit: Here) -> Onward:
    """A code is mailed, or that there is no account with this address; the answer here is the same."""
    return _begin(visit, FORGOT, email=sent.email, name="", onward=sent.next)


@router.post("/api/auth/resend", tags=["account"], summary="Mail another code")
@form(page=CONFIRM_PAGE, sent=f"{CONFIRM_PAGE}?done=resent", fields=("code", "password"), context=confirm_context)
def resend(visit: Here) -> Onward:
    """A new code, to the same address; the one before is not taken any more in this browser."""
    place = step_cookie.kept(visit, arriving.MAILED)
    before = codes.find(str(place.get("id", "")), _PURPOSES, services=visit.services)
    _begin(visit, before.purpose, email=before.email, name=before.name, onward=str(place.get("next", "")))
    return arriving.go_on(visit, f"{CONFIRM_PAGE}?done=resent")


@router.get(CONFIRM_PAGE, include_in_schema=False)
@html
def confirm_page(visit: Here) -> Html:
    if not step_cookie.kept(visit, arriving.MAILED):
        return visit.redirect(SIGN_UP_PAGE)
    return visit.page(CONFIRM_PAGE, {**confirm_context(visit), "form": blank("code", "password")})


@router.post("/api/auth/confirm", tags=["account"], summary="Prove an address and choose a password")
@form(page=CONFIRM_PAGE, sent=resume.HOME, fields=("code", "password"), context=confirm_context)
def confirm(sent: Annotated[Confirm, Body()], visit: Here) -> Onward:
    """Makes the account or sets its password anew, and signs in, or asks for the second factor where there is one.

    Sent twice, or again after an answer that was lost: the same account, and signed in too.
    """
    services = visit.services
    place = step_cookie.kept(visit, arriving.MAILED)
    if not place:
        raise codes.StepOver(fix="Begin again.")
    fault = passwords.fault(sent.password, email=str(place["email"]))
    if fault is not None:
        raise Invalid(fields=(fault,))
    step = codes.check(str(place["id"]), _PURPOSES, sent.code, services=services)
    onward = str(place.get("next", ""))
    if step.used or not _settle(step, sent.password, visit):
        # It has had its effect. Whoever knows the password that was chosen with it is the one who did.
        person = proved(visit, email=step.email, password=sent.password)
        return arriving.arrive(visit, person, method="password", onward=onward)
    person = people.Person.get(step.person_id, consistent_read=True)
    return arriving.arrive(visit, person, method="password", onward=onward)


def _settle(step: Step, password: str, visit: Visit) -> bool:
    """Give the step its effect, once; False where another request has. `step.person_id` is then whose account it is.

    The address may get or lose its account while this runs: then it is looked at anew.
    """
    for _ in range(_TRIES):
        person_id = people.find(step.email)
        if person_id is None and step.purpose == FORGOT:
            raise codes.StepOver(fix="Begin again.")
        try:
            done = set_anew(step, person_id, password, visit) if person_id else open_account(step, password, visit)
        except Met:
            continue
        if done is not None:
            return done
    raise Conflict(fix="Try again in a moment.")


def _begin(visit: Visit, purpose: str, *, email: str, name: str, onward: str) -> Onward:
    services = visit.services
    tries.count("mailed-code", email=email, address=visit.address, services=services)
    step = codes.begin(
        purpose,
        services=services,
        locale=visit.locale,
        correlation_id=visit.correlation_id,
        email=email,
        name=name,
        # Who a new person will be, however often this is confirmed.
        person_id=new_id("per", at=services.clock()),
    )
    place = {"id": step.id, "email": email, "next": resume.safe(onward)}
    step_cookie.keep(visit, arriving.MAILED, place, lasts=codes.LASTS)
    return arriving.go_on(visit, CONFIRM_PAGE)
