"""What a visitor sends through the contact form."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Locale
from lambdas.core.fields import EmailField, TextField

FIELDS: Mapping[str, TextField | EmailField] = {
    "name": TextField(low=1, high=80),
    "email": EmailField(),
    "subject": TextField(low=0, high=120),
    "message": TextField(low=10, high=4000, lines=True),
}
"""What a person sees and fills in, and how long each may be."""


class ContactMessage(BaseModel):
    """A message to the creator."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: Annotated[str, FIELDS["name"]]
    email: Annotated[str, FIELDS["email"]]
    subject: Annotated[str, FIELDS["subject"]] = ""
    message: Annotated[str, FIELDS["message"]]
    language: Annotated[Locale | Literal[""], Field(description="The page's; empty for the creator's own.")] = ""
    token: Annotated[
        str, Field(max_length=200, description="From GET /api/contact/token, two seconds old or more.")
    ] = ""
    website: Annotated[str, Field(max_length=200, description="Leave this empty: people do not see it.")] = ""
