"""/studio/access/: who was given membership by hand; giving it, and ending it."""

from datetime import date
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lambdas.core.fields import Email, TextField
from lambdas.core.forms import blank
from lambdas.features.access import grants
from lambdas.platform.routing import Router, form, html, needs
from lambdas.platform.visit import Here, Html, Visit

router = Router()

INDEX = "/studio/access/"
GIVE = "/studio/access/give/"
NOTE = TextField(low=0, high=200)
_DONE = ("given", "ended")

PersonId = Annotated[str, Path(pattern=r"^per_[0-9A-Z]{26}$")]
# A form sends a field that nobody filled in as empty.
Day = Annotated[date | None, BeforeValidator(lambda sent: None if sent == "" else sent)]


class Grant(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    email: Email
    until: Annotated[Day, Field(description="The last day; without one it has no end.")] = None
    note: Annotated[str, NOTE] = ""


class Done(BaseModel):
    status: Literal["done"] = "done"


def _index(visit: Visit) -> dict[str, Any]:
    done = visit.query.get("done", "")
    return {"given": grants.listed(visit), "done": done if done in _DONE else ""}


@router.get("/studio/access/", include_in_schema=False)
@html
@needs("access.grant")
def index(visit: Here) -> Html:
    """Everybody who was given something, the newest first."""
    return visit.screen(INDEX, {**_index(visit), "form": blank()})


@router.get("/studio/access/give/", include_in_schema=False)
@html
@needs("access.grant")
def giving(visit: Here) -> Html:
    """The form by which membership is given."""
    return visit.screen(GIVE, {"form": blank("email", "until", "note"), "high": NOTE.high})


@router.post("/studio/access/give/", summary="Give somebody membership by hand")
@form(page=GIVE, sent=INDEX, fields=("email", "until", "note"), context=lambda visit: {"high": NOTE.high})
@needs("access.grant")
def give(sent: Annotated[Grant, Body()], visit: Here) -> Done:
    """They are a member of every tier until the end of that day. What they were given by hand before is replaced."""
    grants.give(visit, email=sent.email, last_day=sent.until, note=sent.note)
    visit.go(f"{INDEX}?done=given")
    return Done()


@router.post("/studio/access/<person>/end", summary="End what somebody was given by hand")
@form(page=INDEX, sent=INDEX, fields=(), context=_index)
@needs("access.grant")
def end(person: PersonId, visit: Here) -> Done:
    """It ends now, in the middle of a show too. What they hold by other ways stays theirs."""
    grants.take(visit, person)
    visit.go(f"{INDEX}?done=ended")
    return Done()
