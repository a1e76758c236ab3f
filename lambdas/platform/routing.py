"""How a feature declares its routes: Powertools' router, and what PRISM adds to a route.

router = Router()

@router.post("/api/contact", status_code=201)
@form(page="/contact/", sent="/contact/sent/", fields=FIELDS)
@limited(Limit(name="contact", times=5, per=timedelta(hours=1)))
def send(message: Annotated[ContactMessage, Body()], visit: Here) -> Received: ...
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import Router as PowertoolsRouter
from aws_lambda_powertools.event_handler.openapi.params import Header

from lambdas.platform.limits import Limit

if TYPE_CHECKING:
    from lambdas.platform.visit import Visit

F = TypeVar("F", bound=Callable[..., Any])


class FormPage(NamedTuple):
    """The pages of a route that takes a browser's form: where it stands, and where a success leads.

    `page` is a page or a screen as its manifest declares it, `sent` an address; neither has a language
    in it, and both may have the route's own parameters in braces. `fields` are those shown again with
    what was typed ("permission.*" names all that begin so), and `name` is what the template calls the
    form. `context` gives what else the page needs. `review` says that the route may ask to look at it once more (`AskAgain`).
    """

    page: str
    sent: str
    fields: tuple[str, ...]
    review: bool
    name: str
    context: "Callable[[Visit], Mapping[str, Any]] | None"


class Extras(NamedTuple):
    """What PRISM knows of a route beyond Powertools.

    `person` is for those who are signed in, `needs` for those who hold a permission. `html` answers
    with a page whatever happens. `metered` false takes it out of the general limit. `file_bytes` is
    how large a body with a file may be (0: no files).
    """

    form: FormPage | None = None
    limits: tuple[Limit, ...] = ()
    needs: str | None = None
    person: bool = False
    html: bool = False
    metered: bool = True
    file_bytes: int = 0


_KEY = "__prism_route__"


def extras(handler: Callable[..., Any]) -> Extras:
    found: Extras = getattr(handler, _KEY, _NONE)
    return found


def _with(handler: F, **changed: Any) -> F:
    setattr(handler, _KEY, extras(handler)._replace(**changed))
    return handler


_NONE = Extras()


def form(
    *,
    page: str,
    sent: str,
    fields: tuple[str, ...],
    review: bool = False,
    name: str = "form",
    context: "Callable[[Visit], Mapping[str, Any]] | None" = None,
) -> Callable[[F], F]:
    """Take the route's body as a browser's form too: errors come back on `page`, a success goes on to `sent`.

    `visit.go(…)` in the route leads a success elsewhere. See `FormPage`.
    """
    made = FormPage(page=page, sent=sent, fields=fields, review=review, name=name, context=context)
    return lambda handler: _with(handler, form=made)


def html(handler: F) -> F:
    """A page that a person looks at: whoever must sign in is led there and back, and errors are pages too."""
    return _with(handler, html=True)


def signed_in(handler: F) -> F:
    """Only for those who are signed in."""
    return _with(handler, person=True)


def takes_file(*, at_most: int) -> Callable[[F], F]:
    """Take multipart/form-data of at most so many bytes: a file's field is there as its bytes (`visit.files`)."""
    return lambda handler: _with(handler, file_bytes=at_most)


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
