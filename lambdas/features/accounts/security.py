"""/account/security/: what proves who one is, at a glance."""

from typing import Any

from lambdas.features.accounts.own_pages import about, show
from lambdas.features.accounts.routing import router
from lambdas.features.accounts.second_factor import SecondFactor
from lambdas.platform.routing import html, signed_in
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/security/"


def context(visit: Visit) -> dict[str, Any]:
    person = visit.person
    factor = SecondFactor.of(person)
    return about(
        visit,
        factor=factor,
        codes_left=len(factor.recovery) if factor else 0,
        passkeys=len(person.passkeys or ()),
        devices=len(visit.services.sessions.of(person.id)),
    )


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))
