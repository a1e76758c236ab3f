"""A feature with a door of every kind, for tests of the web layer."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel

from frontend_template.render import NotRendered
from lambdas.core.errors import Invalid
from lambdas.core.feature import Feature, FeatureConfig, Page
from lambdas.core.permissions import Permission
from lambdas.platform.routing import Router, form, html, needs, signed_in, takes_file
from lambdas.platform.visit import Here, Html, Visit

api, account, studio = Router(), Router(), Router()


class Wish(BaseModel):
    wish: str
    password: str = ""


@api.get("/api/who")
def who(visit: Here) -> dict[str, str | None]:
    return {"person": visit.session.person_id if visit.session else None}


@api.post("/api/wish")
@signed_in
def wish(what: Annotated[Wish, Body()], visit: Here) -> dict[str, str]:
    return {"wish": what.wish, "from": visit.person.name}


@api.post("/api/picture")
@takes_file(at_most=10_000)
def picture(visit: Here) -> dict[str, str]:
    return {name: f"{file.name}, {len(file.content)} bytes" for name, file in visit.files.items()}


@account.get("/account/guarded/")
@html
@signed_in
def page(visit: Here) -> Html:
    return visit.page("/problem/", {"problem": Invalid(f"{visit.locale} {visit.path}")})


@account.get("/account/broken/")
@html
def broken(visit: Here) -> Html:
    raise Invalid("always")


@account.get("/account/untidy/")
@html
def untidy(visit: Here) -> Html:
    raise NotRendered("pages/untidy.html.j2, line 3: what somebody typed")


def _context(visit: Visit) -> dict[str, Invalid]:
    return {"problem": Invalid(visit.parameters["number"])}


@account.post("/api/auth/wish/<number>")
@form(page="/problem/", sent="/account/guarded/{number}/", fields=("wish", "password"), context=_context)
@signed_in
def wish_by_form(number: str, what: Annotated[Wish, Body()], visit: Here) -> dict[str, str]:
    if what.wish == "elsewhere":
        visit.go("/account/elsewhere/?done=yes")
    if what.wish == "nothing":
        raise Invalid("nothing is not enough")
    visit.set_cookie("__Host-wish", "granted", seconds=60)
    return {"wish": what.wish}


@studio.get("/studio/orders")
@needs("guarded.orders.read")
def orders(visit: Here) -> dict[str, str]:
    return {"language": visit.locale, "role": visit.standing.role}


@studio.get("/studio/orders/")
@html
@needs("guarded.orders.read")
def orders_page(visit: Here) -> Html:
    return visit.page("/problem/", {"problem": Invalid()})


@studio.post("/studio/orders/refund")
@needs("guarded.orders.refund")
def refund(visit: Here) -> dict[str, str]:
    return {"refunded": "all"}


FEATURE = Feature(
    name="guarded",
    config=FeatureConfig,
    optional=False,
    api="tests.web.a_guarded_feature:api",
    api_paths=("/api/who", "/api/wish", "/api/picture"),
    account="tests.web.a_guarded_feature:account",
    studio="tests.web.a_guarded_feature:studio",
    permissions=(
        Permission("guarded.orders.read", "finance", "support"),
        Permission("guarded.orders.refund", "finance"),
    ),
    pages=(Page(path="/guarded/", template="site/problem.html.j2", personal=True, listed=False),),
)
