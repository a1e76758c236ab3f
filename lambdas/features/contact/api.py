"""POST /api/contact, for the site's form and for programs; GET /api/contact/token."""

from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field

from lambdas.core.forms import AskAgain
from lambdas.core.ids import derived_id, new_id
from lambdas.features.contact.feature import FEATURE
from lambdas.features.contact.message import FIELDS, ContactMessage
from lambdas.features.contact.service import KeyReused, store
from lambdas.features.contact.token import FormTokens, TokenMissing
from lambdas.platform.limits import Limit
from lambdas.platform.routing import IdempotencyKey, Router, form, limited
from lambdas.platform.visit import Here, Visit

router = Router()


class FormToken(BaseModel):
    token: str = Field(description="Send it with the message, two seconds old or more, within a day.")


class Received(BaseModel):
    id: str = Field(description="The message's id, such as msg_01J9ZK3V7Q8W2E4R6T8Y0A1B2C")


@router.get("/api/contact/token", tags=["contact"], summary="A token for the contact form")
def token(visit: Here) -> FormToken:
    return FormToken(token=_tokens(visit).issue())


@router.post("/api/contact", status_code=201, tags=["contact"], summary="Send the creator a message")
@form(page="/contact/", sent="/contact/sent/", fields=tuple(FIELDS), review=True)
@limited(Limit(name="contact", times=10, per=timedelta(hours=1)))  # without JavaScript a message takes two
def send(message: Annotated[ContactMessage, Body()], visit: Here, key: IdempotencyKey = None) -> Received:
    """The creator is mailed, and the sender told that it has arrived. Sent again with the same token or key: once."""
    services = visit.services
    if message.website:
        # The field no person sees: let the program believe that it worked.
        return Received(id=new_id("msg", at=services.clock()))
    try:
        nonce = _tokens(visit).nonce(message.token)
        # A key is its sender's own. Their address may change between two tries, on a phone; their e-mail does not.
        id = derived_id("msg", message.email, key) if key else derived_id("msg", nonce)
        store(
            message,
            id=id,
            locale=visit.locale,
            correlation_id=visit.correlation_id,
            services=services,
            keep=timedelta(days=FEATURE.config_in(services.creator.features).keep_days),
        )
    except (TokenMissing, KeyReused):
        if not visit.as_form:
            raise
        # Without JavaScript a published page carries no token, one left open for a day a stale one, and one that
        # was gone back to the token of the message before: show it again, with a fresh one.
        raise AskAgain(token=_tokens(visit).issue()) from None
    return Received(id=id)


def _tokens(visit: Visit) -> FormTokens:
    return FormTokens(keys=visit.services.keys.current_and_previous("session"), clock=visit.services.clock)
