"""What the studio's forms about the team send."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lambdas.core.creator import Locale
from lambdas.core.fields import EmailField, TextField

TICKED = "permission."
"""A form has a checkbox for each permission, named `permission.<name>`; programs send a list."""

RoleId = Annotated[str, Field(min_length=1, max_length=40, description="A standard role, or a custom role's id")]
Version = Annotated[int, Field(ge=1, description="What the form was made from: 412 where it has changed since")]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class RoleChange(Sent):
    role: RoleId
    version: Version


class AsSeen(Sent):
    version: Version


class NewInvitation(Sent):
    email: Annotated[str, EmailField()]
    role: RoleId
    locale: Annotated[Locale, Field(description="The invitation's language")]


class RoleShape(Sent):
    name: Annotated[str, TextField(low=1, high=40)]
    permissions: Annotated[frozenset[Annotated[str, Field(max_length=80)]], Field(max_length=200)] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _from_checkboxes(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        ticked = [name.removeprefix(TICKED) for name in sent if name.startswith(TICKED)]
        rest = {name: value for name, value in sent.items() if not name.startswith(TICKED)}
        return rest | {"permissions": ticked} if ticked and "permissions" not in sent else rest


class RoleEdit(RoleShape):
    version: Version


class Done(BaseModel):
    status: Literal["done"] = "done"


class Changed(BaseModel):
    id: str
    version: int = Field(description="Send it with the next change")


class Made(BaseModel):
    id: str
