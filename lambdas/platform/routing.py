"""How a feature declares its routes: Powertools' router, and what PRISM adds to a route.

router = Router()

@router.post("/api/contact", status_code=201)
@form(page="/contact/", sent="/contact/sent/", fields=FIELDS)
@limited(Limit(name="contact", times=5, per=timedelta(hours=1)))
def send(message: Annotated[ContactMessage, Body()], visit: Here) -> Received: ...
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import Router as PowertoolsRouter
from aws_lambda_powertools.event_handler.openapi.params import Header

from lambdas.platform.limits import Limit

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """The pages of a route that takes a browser's form: where it stands, and where a success leads.

    Paths have no language in them. `fields` are those shown again with what was typed. `review` says
    that the route may ask to look at it once more (`AskAgain`).
    """

    page: str
    sent: str
    fields: tuple[str, ...]
    review: bool


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What PRISM knows of a route beyond Powertools. `metered` false takes it out of the general limit."""

    form: FormPage | None = None
    limits: tuple[Limit, ...] = ()
    needs: str | None = None
    metered: bool = True


_KEY = "__prism_route__"


def extras(handler: Callable[..., Any]) -> Extras:
    found: Extras = getattr(handler, _KEY, _NONE)
    return found


def _with(handler: F, **changed: Any) -> F:
    setattr(handler, _KEY, replace(extras(handler), **changed))
    return handler


_NONE = Extras()


def form(*, page: str, sent: str, fields: tuple[str, ...], review: bool = False) -> Callable[[F], F]:
    """Take the route's body as a browser's form too: errors come back on `page`, a success goes on to `sent`."""
    return lambda handler: _with(handler, form=FormPage(page=page, sent=sent, fields=fields, review=review))


def limited(*limits: Limit) -> Callable[[F], F]:
    """Count each request that passed validation against these limits, by person or address."""
    return lambda handler: _with(handler, limits=limits)


def needs(permission: str) -> Callable[[F], F]:
    """Only for those who hold `permission`, which the feature's manifest declares."""
    return lambda handler: _with(handler, needs=permission)


def unmetered(handler: F) -> F:
    """Leave the route out of the general limit: it costs nothing to answer, and monitors ask often."""
    return _with(handler, metered=False)


class Router(PowertoolsRouter):
    """Powertools' router, with a constructor that has a type."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Your own name for this request: sent again with the same key it is done once, and answered alike.",
    ),
]
"""A route's parameter: `key: IdempotencyKey = None`."""
