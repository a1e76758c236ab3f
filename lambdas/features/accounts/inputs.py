"""What people type on their way in: names that look like what they are, codes however they are spaced."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lambdas.core.creator import Locale
from lambdas.core.fields import Email, TextField
from lambdas.core.passwords import MOST

# Formats (bidi marks, joiners of no width), private and unassigned ones, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters that show nothing: fillers of Hangul, Braille without a dot, the joiner of graphemes.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 4


@dataclass(frozen=True)
class PersonName:
    """1 to 80 characters, composed (NFC), each of which can be seen. Codes: those of `TextField`."""

    low: int = 1
    high: int = 80

    def check(self, value: str) -> str:
        # First: what is refused by its length is not worth composing.
        if len(value) > 4 * self.high:
            raise PydanticCustomError("too_long", "Write at most {max} characters.", {"max": self.high})
        name = TextField(low=self.low, high=self.high).check(unicodedata.normalize("NFC", value))
        if any(not _is_seen(character) for character in name) or _towers(name):
            raise PydanticCustomError("control_characters", "Remove characters that cannot be seen.")
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


def _is_seen(character: str) -> bool:
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _BLANK_LETTERS:
        return False
    # Of all spaces the plain one: others look like it, or like nothing.
    return category != "Zs" or character == " "


def _towers(name: str) -> bool:
    """Whether marks are piled on one letter, over the lines above."""
    pile = 0
    for character in unicodedata.normalize("NFD", name):
        pile = pile + 1 if unicodedata.category(character) in _MARKS else 0
        if pile > _MOST_MARKS:
            return True
    return False


def _plain_code(value: object) -> object:
    """A code without the spaces and dashes that people and mail programs put into it."""
    return "".join(value.split()).replace("-", "").lower() if isinstance(value, str) and len(value) <= 200 else value


NAME = PersonName()
Name = Annotated[str, NAME]
Code = Annotated[str, BeforeValidator(_plain_code), Field(min_length=1, max_length=40)]
TypedPassword = Annotated[str, Field(min_length=1, max_length=4 * MOST)]
"""A password as it is typed: whether it is a good one is asked only where a new one is chosen."""

Language = Annotated[Locale | Literal[""], Field(description="The page's; empty for the creator's own.")]


class Typed(BaseModel):
    """What every form of the way in brings: the page's language, and where to go on afterwards."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    language: Language = ""
    next: Annotated[str, Field(description="A path on this site; anything else leads to the account's home.")] = ""


class Onward(BaseModel):
    """Where the browser goes on."""

    next: str = Field(description="A path on this site, with its language")


__all__ = ["NAME", "Code", "Email", "Language", "Name", "Onward", "PersonName", "Typed", "TypedPassword"]
