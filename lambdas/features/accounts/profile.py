"""/account/profile/: the name one is shown by, and a picture."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field
from pynamodb.expressions.update import Action

from lambdas.core.forms import Form, blank
from lambdas.features.accounts.changes import change, seen, still
from lambdas.features.accounts.inputs import NAME, Name
from lambdas.features.accounts.own_pages import Done, Sent, about, refused, show
from lambdas.features.accounts.routing import router
from lambdas.platform.limits import Limit
from lambdas.platform.people import Person
from lambdas.platform.pictures import MAX_BYTES, NotAPicture, keep_upload
from lambdas.platform.routing import form, html, limited, signed_in, takes_file
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/profile/"

PICTURES = Limit(name="account-picture", times=20, per=timedelta(hours=1))
SAVES = Limit(name="account-saves", times=60, per=timedelta(hours=1))


class NewName(Sent):
    name: Name
    seen: str = Field(max_length=64, description="What the page was given: tells whether someone else saved meanwhile.")


class Saved(BaseModel):
    seen: str = Field(description="Send it with the next change.")


def context(visit: Visit) -> dict[str, Any]:
    person = visit.person
    return about(
        visit,
        seen=seen(person.name),
        form=Form(values={"name": person.name}),
        picture_form=blank("picture"),
        name_field=NAME,
        most_bytes=MAX_BYTES,
    )


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.post("/api/auth/profile", tags=["account"], summary="Change the name one is shown by")
@form(page=PAGE, sent=f"{PAGE}?done=name", fields=("name",), context=context)
@signed_in
@limited(SAVES)
def save(wanted: Annotated[NewName, Body()], visit: Here) -> Saved:
    """Saved in two tabs at once, the second is told what stands now (412), and nothing is lost."""

    def renamed(person: Person) -> Sequence[Action] | None:
        if person.name == wanted.name:
            return None
        still(wanted.seen, person.name)
        return [Person.name.set(wanted.name)]

    change(visit.person, renamed, correlation_id=visit.correlation_id)
    return Saved(seen=seen(visit.person.name))


@router.post("/api/auth/picture", tags=["account"], summary="Give oneself a picture")
@form(page=PAGE, sent=f"{PAGE}?done=picture", fields=("picture",), name="picture_form", context=context)
@takes_file(at_most=MAX_BYTES + 10_000)
@signed_in
@limited(PICTURES)
def picture(sent: Annotated[Sent, Body()], visit: Here) -> Done:
    """It is prepared within seconds: until then, and where it turns out to be none, the one before stays."""
    file = visit.files.get("picture")
    if file is None or not file.content:
        raise refused("picture", "missing", "Choose a picture.")
    if len(file.content) > MAX_BYTES:
        raise refused("picture", "too_heavy", "The picture is too large.")
    try:
        key = keep_upload(file.content, visit.services)
    except NotAPicture:
        raise refused("picture", "no_picture", "This file is no picture.") from None
    change(
        visit.person,
        lambda _: [Person.upload.set(key), Person.upload_fault.remove()],
        correlation_id=visit.correlation_id,
    )
    return Done()


@router.post("/api/auth/picture/remove", tags=["account"], summary="Take one's picture away")
@form(page=PAGE, sent=f"{PAGE}?done=picture-removed", fields=("picture",), name="picture_form", context=context)
@signed_in
@limited(PICTURES)
def remove_picture(sent: Annotated[Sent, Body()], visit: Here) -> Done:
    """And whatever was being prepared."""

    def without(person: Person) -> Sequence[Action] | None:
        if not (person.picture or person.upload or person.upload_fault):
            return None
        return [Person.picture.remove(), Person.upload.remove(), Person.upload_fault.remove()]

    change(visit.person, without, correlation_id=visit.correlation_id)
    return Done()
