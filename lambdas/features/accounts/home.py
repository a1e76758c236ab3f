"""/account/: who one is here, and the way to everything that is one's own."""

from typing import Any

from lambdas.features.accounts.own_pages import about, show
from lambdas.features.accounts.routing import router
from lambdas.platform.routing import html, signed_in
from lambdas.platform.visit import Here, Html, Visit

PAGE = "/account/"


def context(visit: Visit) -> dict[str, Any]:
    return about(visit, on_the_team=visit.standing.on_the_team, role=visit.standing.role)


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, context(visit))
