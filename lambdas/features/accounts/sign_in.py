"""/account/sign-in/ and what follows: a password, perhaps a second factor, or a passkey; and signing out."""

from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field

from lambdas.core.errors import PrismError
from lambdas.core.forms import Form, blank
from lambdas.core.ids import derived_id
from lambdas.features.accounts import arriving, codes, resume, step_cookie, tries
from lambdas.features.accounts.inputs import Code, Email, Onward, Typed, TypedPassword
from lambdas.features.accounts.routing import router
from lambdas.features.accounts.second_factor import prove
from lambdas.platform import people
from lambdas.platform.limits import Hit
from lambdas.platform.people import Person
from lambdas.platform.routing import form, html
from lambdas.platform.sessions import COOKIE
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/sign-in/"
SIGNED_OUT = f"{PAGE}?done=signed-out"


class WrongCredentials(PrismError):
    """Address and password do not belong together; which of them is wrong nobody is told."""

    status = 401
    code = "wrong_credentials"
    title = "E-mail address and password do not belong together"


class PasskeyFailed(PrismError):
    """No passkey of this account answered."""

    status = 401
    code = "passkey_failed"
    title = "This passkey did not work"


class SignIn(Typed):
    email: Email
    password: TypedPassword


class SecondCode(Typed):
    code: Code


class PasskeyOf(Typed):
    email: Email


class PasskeyOptions(BaseModel):
    options: dict[str, Any] = Field(description="PublicKeyCredentialRequestOptionsJSON")


class PasskeyAnswer(Typed):
    credential: dict[str, Any] = Field(description="AuthenticationResponseJSON")


@router.get(PAGE, include_in_schema=False)
@html
def page(visit: Here) -> Html:
    """Who is signed in already goes on."""
    place = arriving.remembered(visit)
    if visit.session is not None:
        onward = place["next"] or resume.HOME
        return visit.redirect(resume.without_language(onward, locale=visit.locale))
    values = {"email": place["email"], "password": "", "next": place["next"]}
    return visit.page(PAGE, {**arriving.context(visit), "form": Form(values=values)})


@router.post("/api/auth/sign-in", tags=["account"], summary="Sign in with a password")
@form(page=PAGE, sent=resume.HOME, fields=("email", "password", "next"), context=arriving.context)
def sign_in(sent: Annotated[SignIn, Body()], visit: Here) -> Onward:
    """`wrong_credentials` whatever is wrong. Where there is a second factor, `next` is the page that asks for it."""
    arriving.remember(visit, email=sent.email, onward=sent.next)
    person = proved(visit, email=sent.email, password=sent.password)
    return arriving.arrive(visit, person, method="password", onward=sent.next)


def proved(visit: Visit, *, email: str, password: str) -> Person:
    """The person whose address and password these are; WrongCredentials, after the same work whatever is wrong."""
    services = visit.services
    hits = tries.count("sign-in", email=email, address=visit.address, services=services)
    person_id = people.find(email)
    try:
        proof = services.identity.prove(person_id or nobody(email), password)
    except Exception:
        # Not answered is not tried: Cognito's bad minute locks nobody out.
        tries.give_back(hits, services=services)
        raise
    person = _row(person_id) if proof is not None else None
    if person is None:
        raise WrongCredentials(fix="Check both, or ask for a code by mail.")
    tries.give_back(hits, services=services)
    return person


def nobody(email: str) -> str:
    """An id that nobody has, for an address that nobody has: the same each time."""
    return derived_id("per", "nobody", people.canonical(email))


@router.get(arriving.SECOND_FACTOR_PAGE, include_in_schema=False)
@html
def second_factor_page(visit: Here) -> Html:
    if not step_cookie.kept(visit, arriving.SECOND_FACTOR):
        return visit.redirect(PAGE)
    return visit.page(arriving.SECOND_FACTOR_PAGE, {**arriving.context(visit), "form": blank("code")})


@router.post("/api/auth/second-factor", tags=["account"], summary="Sign in with the second factor")
@form(page=arriving.SECOND_FACTOR_PAGE, sent=resume.HOME, fields=("code",), context=arriving.context)
def second_factor(sent: Annotated[SecondCode, Body()], visit: Here) -> Onward:
    """An app's code or a recovery code, after the password, within five minutes; five tries, then from the start."""
    services = visit.services
    place = step_cookie.kept(visit, arriving.SECOND_FACTOR)
    # The step first: without one nobody may use up anybody's tries.
    step = codes.find(str(place.get("id", "")), (arriving.SECOND_FACTOR,), services=services)
    person = _row(step.person_id)
    if person is None:
        raise codes.StepOver(fix="Sign in again.")
    hits = tries.count_person("second-factor", person, services=services)
    step = codes.attempt(step.id, (arriving.SECOND_FACTOR,), services=services)
    changed_at: datetime | None = person.password_changed_at
    if changed_at is not None and changed_at > step.created_at:
        # It was the password before that had been proved.
        raise codes.StepOver(fix="Sign in again.")
    used = prove(person, sent.code, services=services, correlation_id=visit.correlation_id)
    if used is None:
        raise codes.wrong_code()
    codes.use_alone(step)
    tries.give_back(hits, services=services)
    return arriving.enter(visit, person, method=f"password+{used}", onward=str(place.get("next", "")))


@router.post("/api/auth/passkey/options", tags=["account"], summary="What the browser asks a passkey")
def passkey_options(sent: Annotated[PasskeyOf, Body()], visit: Here) -> PasskeyOptions:
    """Alike for those who have no passkey, and for those who do not exist.

    Counted by address only: a passkey cannot be guessed, and stays a way in while somebody else uses up an
    account's tries at its password.
    """
    services = visit.services
    hits = tries.count_address("passkey", address=visit.address, services=services)
    stand_in = nobody(sent.email)
    options, session = services.identity.ask_for_passkey(people.find(sent.email) or stand_in, stand_in=stand_in)
    step = codes.begin(
        arriving.PASSKEY,
        services=services,
        locale=visit.locale,
        correlation_id=visit.correlation_id,
        email=sent.email,
        # Here and not in the browser: its length could tell whether there is an account.
        data={"session": session, "hits": [[hit.subject, hit.moment] for hit in hits]},
        lasts=arriving.SECOND_FACTOR_LASTS,
    )
    place = {"id": step.id, "email": sent.email, "next": resume.safe(sent.next)}
    step_cookie.keep(visit, arriving.PASSKEY, place, lasts=arriving.SECOND_FACTOR_LASTS)
    return PasskeyOptions(options=options)


@router.post("/api/auth/passkey/sign-in", tags=["account"], summary="Sign in with a passkey")
def passkey_sign_in(sent: Annotated[PasskeyAnswer, Body()], visit: Here) -> Onward:
    """One answer to one challenge. A passkey is two factors in itself: nothing else is asked."""
    services = visit.services
    place = step_cookie.kept(visit, arriving.PASSKEY)
    step = codes.find(str(place.get("id", "")), (arriving.PASSKEY,), services=services)
    codes.use_alone(step)
    person_id = people.find(step.email)
    asked = step.data or {"session": "", "hits": []}
    proof = services.identity.prove_by_passkey(person_id or nobody(step.email), asked["session"], sent.credential)
    person = _row(person_id) if proof is not None else None
    if person is None:
        raise PasskeyFailed(fix="Try again, or sign in with your password.")
    tries.give_back(tuple(Hit(subject=subject, moment=moment) for subject, moment in asked["hits"]), services=services)
    return arriving.enter(visit, person, method="passkey", onward=sent.next or str(place.get("next", "")))


@router.post("/api/auth/sign-out", tags=["account"], summary="Sign out here")
@form(page=PAGE, sent=SIGNED_OUT, fields=("email", "password", "next"), context=arriving.context)
def sign_out(visit: Here) -> Onward:
    """The session ends at once; who is signed out already stays so."""
    if visit.session is not None:
        visit.services.sessions.end(visit.session.person_id, visit.session.id)
    visit.drop_cookie(COOKIE)
    step_cookie.drop(visit)
    return arriving.go_on(visit, SIGNED_OUT)


def _row(person_id: str | None) -> Person | None:
    """None where nobody has this id, or their account has just been deleted."""
    try:
        return Person.get(person_id, consistent_read=True) if person_id else None
    except Person.DoesNotExist:
        return None
