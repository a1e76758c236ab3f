"""Pages that the web layer itself answers with: the way to sign in, and what went wrong."""

from typing import Any
from urllib.parse import quote, urlencode

from lambdas.core.errors import PrismError
from lambdas.platform.routing import FormPage
from lambdas.platform.visit import HTML, Visit

SIGN_IN = "/account/sign-in/"
PROBLEM = "/problem/"


def location(address: str) -> str:
    """An address as a Location header: what is escaped already stays so."""
    return quote(address, safe="/?=&%#:;,+~!*'()@-._")


def sign_in_first(visit: Visit, form: FormPage | None) -> dict[str, Any]:
    """Lead to the sign-in page, and from there back to where the visitor was: for a form, the page it stands on."""
    here = form.page.format_map(visit.parameters) if form is not None and visit.as_form else visit.path
    query = "" if visit.as_form or not visit.query else f"?{urlencode(dict(visit.query))}"
    target = f"{visit.located(SIGN_IN)}?{urlencode({'next': visit.located(here) + query})}"
    return {"statusCode": 303, "headers": {"location": location(target)}, "body": "", "isBase64Encoded": False}


def problem_page(error: PrismError, visit: Visit) -> dict[str, Any]:
    """What happened and what to do, as a page of the site."""
    html = visit.services.renderer().page(PROBLEM, visit.locale, {"problem": error})
    return {
        "statusCode": error.status,
        "headers": {"content-type": HTML, **error.headers},
        "body": html,
        "isBase64Encoded": False,
    }
