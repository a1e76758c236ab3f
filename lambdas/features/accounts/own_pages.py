"""What the pages and actions of one's own things share."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Locale
from lambdas.core.errors import FieldError, Invalid
from lambdas.platform.visit import Html, Visit

LEAVING = "/account/delete/"

FLASHES = frozenset(
    {
        *("name", "picture", "picture-removed", "preferences", "password", "email", "second-factor-off"),
        *("passkey", "passkey-named", "passkey-removed", "ended", "ended-others", "kept"),
    }
)
"""What `?done=` may say: the keys of the texts below `accounts.done` that pages of one's own show."""


class Sent(BaseModel):
    """What every action may bring: the page's language."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    language: Annotated[Locale | Literal[""], Field(description="The page's; empty for the creator's own.")] = ""


class Done(BaseModel):
    status: Literal["done"] = "done"


def refused(field: str, code: str, message: str) -> Invalid:
    """One fault in one field."""
    return Invalid(fields=(FieldError(path=field, code=code, message=message),))


def about(visit: Visit, **more: Any) -> dict[str, Any]:
    """What every page of one's own knows: whose it is, and what has just been done (`?done=…`)."""
    done = visit.query.get("done", "")
    return {"person": visit.person, "done": done if done in FLASHES else "", **more}


def show(visit: Visit, path: str, context: Mapping[str, Any], *, secret: bool = False) -> Html:
    """The page; who has asked to be deleted is led to where that can be taken back, whatever they wanted to see."""
    if visit.person.leaving and path != LEAVING:
        return visit.redirect(LEAVING)
    shown = visit.page(path, context)
    if secret:
        shown.headers["cache-control"] = "no-store, no-transform"
    return shown
