"""/account/security/totp/: codes of an authenticator app as a second factor, and recovery codes for when it is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from markupsafe import Markup
from pydantic import BaseModel, Field
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict
from lambdas.core.forms import blank
from lambdas.features.accounts import second_factor, step_cookie, tries
from lambdas.features.accounts.changes import change
from lambdas.features.accounts.codes import StepOver, wrong_code
from lambdas.features.accounts.inputs import Code, TypedPassword
from lambdas.features.accounts.own_pages import Done, Sent, about, show
from lambdas.features.accounts.proving import ByPassword, prove_code, prove_password
from lambdas.features.accounts.routing import router
from lambdas.features.accounts.second_factor import RECOVERY_CODES, SecondFactor
from lambdas.platform.people import Person
from lambdas.platform.routing import form, html, signed_in
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/security/totp/"
CONFIRM_PAGE = "/account/security/totp/confirm/"
OFF_PAGE = "/account/security/totp/off/"
RECOVERY_PAGE = "/account/security/recovery/"
CODES_PAGE = "/account/security/recovery/codes/"

SETTING_UP = "totp"
SHOWN_ONCE = "recovery-codes"
LASTS = timedelta(minutes=15)


class OnAlready(Conflict):
    code = "second_factor_on"
    title = "The second factor is on already"


class ByBoth(Sent):
    password: TypedPassword
    code: Code


class ByCode(Sent):
    code: Code


class Setup(BaseModel):
    secret: str = Field(description="To be typed into the app, in groups of four")
    address: str = Field(description="otpauth://…, what the QR code says")


class RecoveryCodes(BaseModel):
    codes: tuple[str, ...] = Field(description="Each works once. They are never shown again.")


def context(visit: Visit) -> dict[str, Any]:
    factor = SecondFactor.of(visit.person)
    return about(
        visit,
        form=blank("password"),
        factor=factor,
        since=datetime.fromisoformat(factor.since) if factor else None,
        codes_left=len(factor.recovery) if factor else 0,
        codes_in_all=RECOVERY_CODES,
    )


def both_context(visit: Visit) -> dict[str, Any]:
    return {**context(visit), "form": blank("password", "code")}


def confirm_context(visit: Visit) -> dict[str, Any]:
    """With the QR code and its secret, empty where nothing was begun, or too long ago."""
    try:
        secret = _secret(visit)
    except StepOver:
        return about(visit, form=blank("code"), qr="", secret="")
    qr = _drawn(_otpauth(visit, secret))
    return about(visit, form=blank("code"), qr=qr, secret=second_factor.as_typed(secret))


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.get(CONFIRM_PAGE, include_in_schema=False)
@html
@signed_in
def confirm_page(visit: Here) -> Html:
    """The QR code, and the first code of the app; who has nothing begun is led to where it begins."""
    shown = confirm_context(visit)
    return show(visit, CONFIRM_PAGE, shown, secret=True) if shown["qr"] else visit.redirect(PAGE)


@router.get(OFF_PAGE, include_in_schema=False)
@html
@signed_in
def off_page(visit: Here) -> Html:
    return show(visit, OFF_PAGE, both_context(visit)) if visit.person.second_factor else visit.redirect(PAGE)


@router.get(RECOVERY_PAGE, include_in_schema=False)
@html
@signed_in
def recovery_page(visit: Here) -> Html:
    return show(visit, RECOVERY_PAGE, both_context(visit)) if visit.person.second_factor else visit.redirect(PAGE)


@router.get(CODES_PAGE, include_in_schema=False)
@html
@signed_in
def codes_page(visit: Here) -> Html:
    """The recovery codes, this once."""
    kept = step_cookie.kept(visit, SHOWN_ONCE)
    if kept.get("person") != visit.person.id:
        return visit.redirect(RECOVERY_PAGE)
    step_cookie.drop(visit)
    return show(visit, CODES_PAGE, about(visit, codes=kept["codes"], made_at=visit.services.clock()), secret=True)


@router.post("/api/auth/totp/begin", tags=["account"], summary="Begin to set up an authenticator app")
@form(page=PAGE, sent=CONFIRM_PAGE, fields=("password",), context=context)
@signed_in
def begin(sent: Annotated[ByPassword, Body()], visit: Here) -> Setup:
    """The password first. Nothing is on until a code of the app has been given."""
    _is_off(visit.person)
    prove_password(visit, sent.password)
    setting_up = {"person": visit.person.id, "nonce": second_factor.new_nonce()}
    step_cookie.keep(visit, SETTING_UP, setting_up, lasts=LASTS)
    secret = _secret_of(visit, setting_up["nonce"])
    return Setup(secret=second_factor.as_typed(secret), address=_otpauth(visit, secret))


@router.post("/api/auth/totp/confirm", tags=["account"], summary="Turn the second factor on, by the app's first code")
@form(page=CONFIRM_PAGE, sent=CODES_PAGE, fields=("code",), context=confirm_context)
@signed_in
def confirm(sent: Annotated[ByCode, Body()], visit: Here) -> RecoveryCodes:
    """From now on signing in by password asks for a code. Ten recovery codes are given, this once."""
    services, person = visit.services, visit.person
    secret, nonce = _secret(visit), _begun(visit)["nonce"]
    counted = tries.count_person("second-factor", person, services=services)
    number = second_factor.period_of(secret, sent.code, now=services.clock(), last=0)
    if number is None:
        raise wrong_code()
    tries.give_back(counted, services=services)
    codes = second_factor.new_recovery_codes()
    factor = SecondFactor(nonce=nonce, since=services.clock().isoformat(), last=number, recovery=_kept(visit, codes))

    def turned_on(now: Person) -> Sequence[Action]:
        _is_off(now)
        return [Person.second_factor.set(factor.as_json())]

    change(person, turned_on, correlation_id=visit.correlation_id)
    _show_once(visit, codes)
    return RecoveryCodes(codes=codes)


@router.post("/api/auth/totp/off", tags=["account"], summary="Turn the second factor off")
@form(
    page=OFF_PAGE, sent="/account/security/?done=second-factor-off", fields=("password", "code"), context=both_context
)
@signed_in
def off(sent: Annotated[ByBoth, Body()], visit: Here) -> Done:
    """By the password and a code, of the app or a recovery one."""
    if visit.person.second_factor:
        prove_password(visit, sent.password)
        prove_code(visit, sent.code)
        change(visit.person, _turned_off, correlation_id=visit.correlation_id)
    return Done()


@router.post("/api/auth/recovery", tags=["account"], summary="Make new recovery codes")
@form(page=RECOVERY_PAGE, sent=CODES_PAGE, fields=("password", "code"), context=both_context)
@signed_in
def renew(sent: Annotated[ByBoth, Body()], visit: Here) -> RecoveryCodes:
    """By the password and a code. The ones before no longer work."""
    if not visit.person.second_factor:
        raise Conflict("The second factor is off.", fix="Turn it on first.")
    prove_password(visit, sent.password)
    prove_code(visit, sent.code)
    codes = second_factor.new_recovery_codes()

    def renewed(now: Person) -> Sequence[Action]:
        factor = SecondFactor.of(now)
        if factor is None:
            raise Conflict("The second factor has just been turned off.", fix="Turn it on first.")
        return [Person.second_factor.set(replace(factor, recovery=_kept(visit, codes)).as_json())]

    change(visit.person, renewed, correlation_id=visit.correlation_id)
    _show_once(visit, codes)
    return RecoveryCodes(codes=codes)


def _turned_off(now: Person) -> Sequence[Action] | None:
    return [Person.second_factor.remove()] if now.second_factor else None


def _is_off(person: Person) -> None:
    if person.second_factor:
        raise OnAlready(fix="Turn it off first, where you want to use another app.")


def _begun(visit: Visit) -> dict[str, Any]:
    begun = step_cookie.kept(visit, SETTING_UP)
    if begun.get("person") != visit.person.id:
        raise StepOver(fix="Begin again: your password is asked for once more.")
    return begun


def _secret(visit: Visit) -> bytes:
    return _secret_of(visit, _begun(visit)["nonce"])


def _secret_of(visit: Visit, nonce: str) -> bytes:
    return second_factor.secret(key=_key(visit), person_id=visit.person.id, nonce=nonce)


def _key(visit: Visit) -> str:
    return visit.services.keys.current_and_previous("second-factor")[0]


def _kept(visit: Visit, codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(second_factor.hashed(code, key=_key(visit), person_id=visit.person.id) for code in codes)


def _show_once(visit: Visit, codes: Sequence[str]) -> None:
    step_cookie.keep(visit, SHOWN_ONCE, {"person": visit.person.id, "codes": list(codes)}, lasts=LASTS)


def _otpauth(visit: Visit, secret: bytes) -> str:
    return second_factor.otpauth(secret, issuer=visit.services.creator.name, account=visit.person.email)


def _drawn(address: str) -> Markup:
    """The QR code as SVG, in black on white whatever the theme: that is what phones read best."""
    import segno  # here: a tenth of a second, and nobody needs it but who sets an app up

    drawn = segno.make(address, error="m", micro=False)
    svg = drawn.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff")
    return Markup(svg)  # noqa: S704  (squares that segno drew, no text)
