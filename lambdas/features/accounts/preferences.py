"""/account/preferences/: the language of mails and pages, and which mails one wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field, model_validator
from pynamodb.expressions.update import Action

from lambdas.core.creator import Locale
from lambdas.core.forms import blank
from lambdas.features.accounts.changes import change, seen, still
from lambdas.features.accounts.own_pages import Sent, about, refused, show
from lambdas.features.accounts.profile import SAVES, Saved
from lambdas.features.accounts.routing import router
from lambdas.platform.people import Person, wants
from lambdas.platform.routing import form, html, limited, signed_in
from lambdas.platform.services import Services
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/preferences/"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of mail as its owner sees it; `name` is "<feature>.<notice>", `text` the key of its words."""

    name: str
    text: str
    always: bool
    wanted: bool


class Preferences(Sent):
    """The kinds that are wanted, under their names; those that are not named are not. A form names each `mail:<kind>`."""

    language: Annotated[Locale, Field(description="Of mails, and of the studio.")]
    mail: dict[Annotated[str, Field(max_length=80)], bool] = Field(default_factory=dict, max_length=100)
    seen: str = Field(max_length=64, description="What the page was given: tells whether someone else saved meanwhile.")

    @model_validator(mode="before")
    @classmethod
    def _boxes_that_were_checked(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "mail" in given:
            return given
        boxes = {name.removeprefix("mail:"): True for name in given if name.startswith("mail:")}
        return {name: value for name, value in given.items() if not name.startswith("mail:")} | {"mail": boxes}


def kinds(services: Services, person: Person) -> tuple[Kind, ...]:
    """Every kind of mail that the active features send to people."""
    return tuple(
        Kind(
            name=f"{feature.name}.{notice.name}",
            text=f"{feature.name}.notices.{notice.name}",
            always=notice.always,
            wanted=notice.always or wants(person, f"{feature.name}.{notice.name}"),
        )
        for feature in services.features
        for notice in feature.notices
    )


def context(visit: Visit) -> dict[str, Any]:
    return about(
        visit,
        seen=_seen(visit.person),
        form=blank("language"),
        kinds=kinds(visit.services, visit.person),
        language=visit.services.creator.language_or_own(visit.person.locale),
    )


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))


@router.post("/api/auth/preferences", tags=["account"], summary="Choose one's language and mails")
@form(page=PAGE, sent=f"{PAGE}?done=preferences", fields=("language",), context=context)
@signed_in
@limited(SAVES)
def save(wanted: Annotated[Preferences, Body()], visit: Here) -> Saved:
    """Saved in two tabs at once, the second is told what stands now (412), and nothing is lost."""
    known = [kind.name for kind in kinds(visit.services, visit.person) if not kind.always]
    unknown = sorted(set(wanted.mail) - {kind.name for kind in kinds(visit.services, visit.person)})
    if unknown:
        raise refused("mail", "invalid", "There is no such kind of mail.")
    if wanted.language not in visit.services.creator.languages:
        raise refused("language", "invalid", "The site does not speak this language.")
    mail = {kind: wanted.mail.get(kind, False) for kind in known}

    def chosen(person: Person) -> Sequence[Action] | None:
        kept = dict((person.preferences or {}).get("mail") or {})
        # What a feature that is switched off had asked is kept for when it is back.
        new = {**(person.preferences or {}), "mail": {**kept, **mail}}
        if person.locale == wanted.language and new == (person.preferences or {"mail": {}}):
            return None
        still(wanted.seen, *_shown(person))
        return [Person.locale.set(wanted.language), Person.preferences.set(new)]

    change(visit.person, chosen, correlation_id=visit.correlation_id)
    return Saved(seen=_seen(visit.person))


def _shown(person: Person) -> tuple[Any, ...]:
    return person.locale, (person.preferences or {}).get("mail") or {}


def _seen(person: Person) -> str:
    return seen(*_shown(person))
