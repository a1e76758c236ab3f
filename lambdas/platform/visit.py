"""One request, as a feature's routes see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from lambdas.core.creator import Locale
from lambdas.core.ids import pseudonym
from lambdas.platform.services import Services


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who asks, how, and what the route may use.

    `address` is the viewer's, as CloudFront saw it (IPv6 cut to its /64). `as_form` says that a
    browser sent a form and reads HTML. `locale` is the page's language. `describe` gives the API's
    OpenAPI document.
    """

    services: Services
    address: str
    locale: Locale
    correlation_id: str
    as_form: bool
    describe: Callable[[], dict[str, Any]]

    @property
    def visitor(self) -> str:
        """Who asks, to tell visitors apart without storing addresses: the same for the same address and session key."""
        return pseudonym(self.address, key=self.services.keys.current_and_previous("session")[0])


def _this(request: Request) -> Visit:
    visit = request.context["visit"]
    assert isinstance(visit, Visit)
    return visit


Here = Annotated[Visit, Depends(_this)]
"""A route's parameter: `def send(message: Message, visit: Here) -> …`."""
