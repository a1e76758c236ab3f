"""A browser's form answered without JavaScript: its page again, with what was typed and what is wrong."""

from typing import Any

from lambdas.core.errors import PrismError
from lambdas.core.forms import AskAgain, Form
from lambdas.platform.routing import FormPage
from lambdas.platform.visit import HTML, STUDIO, Visit

SECRET_FIELDS = frozenset({"password", "new_password", "code"})
"""What is never sent back to the browser, however the form failed."""


def form_answer(error: PrismError, *, page: FormPage, visit: Visit, sent: Any) -> dict[str, Any]:
    """The form's page with the error beside its fields; nothing that was typed is lost. Forbidden where it is not theirs to see."""
    if page.page.startswith(STUDIO):
        # Before anything is looked up for it: nobody learns what there is and what there is not.
        visit.may_see(page.page)
    typed = sent if isinstance(sent, dict) else {}
    begins = tuple(name.removesuffix("*") for name in page.fields if name.endswith("*"))
    named = [name for name in page.fields if not name.endswith("*")]
    fields = {*named, *(name for name in typed if begins and name.startswith(begins))}
    elsewhere = [e for e in error.fields if e.path not in fields]
    state = Form(
        values={name: "" if name in SECRET_FIELDS else str(typed.get(name, "")) for name in (*named, *fields)},
        errors=tuple(e for e in error.fields if e.path in fields),
        problem="" if isinstance(error, AskAgain) or (error.fields and not elsewhere) else error.code,
        token=error.token if isinstance(error, AskAgain) else str(typed.get("token", "")),
        review=isinstance(error, AskAgain),
    )
    context = {**(page.context(visit) if page.context else {}), page.name: state}
    shown = (visit.screen if page.page.startswith(STUDIO) else visit.page)(page.page, context)
    return {
        "statusCode": error.status,
        "headers": {"content-type": HTML, **error.headers},
        "body": shown.body,
        "isBase64Encoded": False,
    }
