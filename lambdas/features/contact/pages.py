"""What the contact page shows when it is published: an empty form."""

from typing import Any

from lambdas.core.feature import PageContext
from lambdas.core.forms import blank
from lambdas.features.contact.message import FIELDS


def form(context: PageContext) -> dict[str, Any]:
    return {"form": blank(*FIELDS), "fields": FIELDS}
