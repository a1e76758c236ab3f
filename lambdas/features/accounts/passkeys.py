"""/account/security/passkeys/: signing in by a finger, a face or a key instead of a password."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, Field
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict, NotFound
from lambdas.core.fields import TextField
from lambdas.core.forms import Form, blank
from lambdas.features.accounts import step_cookie
from lambdas.features.accounts.changes import change
from lambdas.features.accounts.codes import StepOver
from lambdas.features.accounts.own_pages import Done, Sent, about, show
from lambdas.features.accounts.profile import SAVES
from lambdas.features.accounts.proving import ByPassword, prove_password
from lambdas.features.accounts.routing import router
from lambdas.platform.identity import PasskeyRefused, Proof
from lambdas.platform.people import Person
from lambdas.platform.routing import form, html, limited, signed_in
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/security/passkeys/"
ONE = "/account/security/passkeys/one/"
PURPOSE = "passkey"
ADDED_WITHIN = timedelta(minutes=5)
MOST = 20
"""As many as Cognito keeps for one person."""

KEY_NAME = TextField(low=1, high=40)
KeyName = Annotated[str, KEY_NAME]
LONGEST_ID = 1400
ID_PATTERN = r"^[A-Za-z0-9_-]+$"
KeyId = Annotated[str, Path(max_length=LONGEST_ID, pattern=ID_PATTERN)]


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    title = "There are as many passkeys as there can be"


class Options(BaseModel):
    options: dict[str, Any] = Field(description="For the browser: PublicKeyCredentialCreationOptionsJSON")


class NewPasskey(Sent):
    name: KeyName
    credential: dict[str, Any] = Field(description="What the browser made: RegistrationResponseJSON")


class Rename(Sent):
    name: KeyName


def context(visit: Visit) -> dict[str, Any]:
    full = len(visit.person.passkeys or ()) >= MOST
    passkeys = [_shown(key) for key in passkeys_of(visit.person)]
    return about(visit, form=blank("password", "name"), name_field=KEY_NAME, passkeys=passkeys, full=full)


def one_context(visit: Visit) -> dict[str, Any]:
    """Of the passkey that the address names: in its query where it is looked at, in its path where it is changed."""
    try:
        key = _found(visit.person, visit.parameters.get("id") or visit.query.get("id", ""))
    except NotFound:
        return about(visit, passkey=None, form=blank("name"), removal=blank("password"))
    form_ = Form(values={"name": key["name"]})
    return about(visit, passkey=_shown(key), name_field=KEY_NAME, form=form_, removal=blank("password"))


def _shown(key: Mapping[str, Any]) -> dict[str, Any]:
    return {**key, "added_at": datetime.fromisoformat(key["added_at"])}


def passkeys_of(person: Person) -> list[dict[str, Any]]:
    """The oldest first: [{"id", "name", "added_at"}]."""
    return sorted(person.passkeys or (), key=lambda key: str(key["added_at"]))


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.get(ONE, include_in_schema=False)
@html
@signed_in
def one_page(visit: Here) -> Html:
    """One passkey; who names none of theirs is led to all of them."""
    shown = one_context(visit)
    return show(visit, ONE, shown) if shown["passkey"] else visit.redirect(PAGE)


@router.post("/api/auth/passkeys/options", tags=["account"], summary="Begin to add a passkey")
@signed_in
@limited(SAVES)
def options(sent: Annotated[ByPassword, Body()], visit: Here) -> Options:
    """The password first. What the browser makes of the options is taken for five minutes."""
    proof = prove_password(visit, sent.password)
    _room_for_one(visit.person)
    made = visit.services.identity.begin_passkey(proof, label=visit.person.email)
    kept = {"token": proof.token, "person": visit.person.id}
    step_cookie.keep(visit, PURPOSE, kept, lasts=ADDED_WITHIN)
    return Options(options=made)


@router.post("/api/auth/passkeys", tags=["account"], summary="Add the passkey that the browser has made")
@signed_in
@limited(SAVES)
def add(sent: Annotated[NewPasskey, Body()], visit: Here) -> Done:
    """Listed first, then kept by Cognito: what is killed in between leaves one that is seen and can be removed."""
    begun = step_cookie.kept(visit, PURPOSE)
    if begun.get("person") != visit.person.id:
        raise StepOver(fix="Begin again: your password is asked for once more.")
    id = str(sent.credential.get("id", ""))
    if not re.fullmatch(ID_PATTERN, id) or len(id) > LONGEST_ID:
        raise PasskeyRefused(fix="Try again, on this very page.")
    known = any(key["id"] == id for key in visit.person.passkeys or ())
    entry = {"id": id, "name": sent.name, "added_at": visit.services.clock().isoformat()}
    change(visit.person, lambda now: _with(now, entry), correlation_id=visit.correlation_id)
    try:
        visit.services.identity.add_passkey(Proof(token=begun["token"]), sent.credential)
    except PasskeyRefused:
        if not known:
            change(visit.person, lambda now: _without(now, id), correlation_id=visit.correlation_id)
            raise
        # Sent again after an answer that was lost: it was added then.
    step_cookie.drop(visit)
    return Done()


@router.post("/api/auth/passkeys/<id>/name", tags=["account"], summary="Call a passkey something else")
@form(page=ONE, sent=f"{PAGE}?done=passkey-named", fields=("name",), context=one_context)
@signed_in
@limited(SAVES)
def rename(id: KeyId, sent: Annotated[Rename, Body()], visit: Here) -> Done:
    def renamed(now: Person) -> Sequence[Action]:
        _found(now, id)
        keys = [{**key, "name": sent.name} if key["id"] == id else key for key in now.passkeys or ()]
        return [Person.passkeys.set(keys)]

    change(visit.person, renamed, correlation_id=visit.correlation_id)
    return Done()


@router.post("/api/auth/passkeys/<id>/remove", tags=["account"], summary="Remove a passkey")
@form(page=ONE, sent=f"{PAGE}?done=passkey-removed", fields=("password",), name="removal", context=one_context)
@signed_in
def remove(id: KeyId, sent: Annotated[ByPassword, Body()], visit: Here) -> Done:
    """Nobody signs in by it any more; where one is signed in by it already, one stays so."""
    _found(visit.person, id)
    proof = prove_password(visit, sent.password)
    visit.services.identity.drop_passkey(proof, id)
    change(visit.person, lambda now: _without(now, id), correlation_id=visit.correlation_id)
    return Done()


def _with(person: Person, entry: dict[str, Any]) -> Sequence[Action] | None:
    _room_for_one(person)
    others = [key for key in person.passkeys or () if key["id"] != entry["id"]]
    return [Person.passkeys.set([*others, entry])]


def _without(person: Person, id: str) -> Sequence[Action] | None:
    left = [key for key in person.passkeys or () if key["id"] != id]
    return [Person.passkeys.set(left)] if len(left) < len(person.passkeys or ()) else None


def _found(person: Person, id: str) -> dict[str, Any]:
    """NotFound for another person's as for one that never was."""
    for key in person.passkeys or ():
        if key["id"] == id:
            return dict(key)
    raise NotFound("You have no such passkey.")


def _room_for_one(person: Person) -> None:
    if len(person.passkeys or ()) >= MOST:
        raise TooManyPasskeys(f"You have {MOST} passkeys.", fix="Remove one that you no longer use.")
