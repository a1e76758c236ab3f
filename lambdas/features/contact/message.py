"""What a visitor sends through the contact form."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Locale
from lambdas.core.fields import Email, TextField


class ContactMessage(BaseModel):
    """A message to the creator."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: Annotated[str, TextField(low=1, high=80)]
    email: Email
    subject: Annotated[str, TextField(low=0, high=120)] = ""
    message: Annotated[str, TextField(low=10, high=4000, lines=True)]
    language: Annotated[Locale | Literal[""], Field(description="The page's; empty for the creator's own.")] = ""
    token: Annotated[
        str, Field(max_length=200, description="From GET /api/contact/token, two seconds old or more.")
    ] = ""
    website: Annotated[str, Field(max_length=200, description="Leave this empty: people do not see it.")] = ""


FIELDS = ("name", "email", "subject", "message")
"""What a person sees and fills in."""
