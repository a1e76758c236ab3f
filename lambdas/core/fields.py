"""Types of what people type, each refusing what it must and saying so under a code.

What the JSON schema says and what is accepted is the same by construction: one pattern, one length.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# Everything below space, delete and C1, line and paragraph separators, and what turns the direction
# of text around (a name could make a sentence read backwards).
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_CONTROL_BUT_BREAKS = _CONTROL.replace(r"\u0000-\u001f", r"\u0000-\u0008\u000b-\u001f")
# Halves of a character: JSON and command lines can carry them, no file, table or mail can.
_SURROGATE = re.compile("[\ud800-\udfff]")
# No "=?": mail programs would read an encoded word (RFC 2047) there, which can stand for anything.
_EMAIL = (
    r"^(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$"
)


@dataclass(frozen=True)
class TextField:
    """`low` to `high` characters without control characters and without white space at the ends.

    `lines` allows line feeds and tabs. Codes: missing, too_short, too_long, control_characters,
    surrounding_space.
    """

    low: int
    high: int
    lines: bool = False

    @property
    def pattern(self) -> str:
        """ECMA 262 and Python alike."""
        forbidden = _CONTROL_BUT_BREAKS if self.lines else _CONTROL
        inner, end = f"[^{forbidden}]", rf"[^\s{forbidden}]"
        return f"^{end}({inner}*{end})?$" if self.low else f"^({end}({inner}*{end})?)?$"

    def check(self, value: str) -> str:
        if not value.strip() and self.low:
            raise PydanticCustomError("missing", "Fill this in.")
        if len(value) < self.low:
            raise PydanticCustomError("too_short", "Write at least {min} characters.", {"min": self.low})
        if len(value) > self.high:
            raise PydanticCustomError("too_long", "Write at most {max} characters.", {"max": self.high})
        if _SURROGATE.search(value) or not re.fullmatch(self.pattern, value):
            if value == value.strip():
                raise PydanticCustomError("control_characters", "Remove control characters and line breaks.")
            raise PydanticCustomError("surrounding_space", "Remove white space at the ends.")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": self.low, "maxLength": self.high, "pattern": self.pattern}


@dataclass(frozen=True)
class EmailField:
    """An address that SES can mail: ASCII, with a dotted domain, as long as RFC 5321 allows. Codes: missing, invalid_email."""

    low: int = 1
    high: int = 254

    def check(self, value: str) -> str:
        if not value:
            raise PydanticCustomError("missing", "Fill this in.")
        if len(value) > self.high or not re.fullmatch(_EMAIL, value):
            raise PydanticCustomError("invalid_email", "This is no e-mail address.")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": self.low, "maxLength": self.high, "pattern": _EMAIL}


Email = Annotated[str, EmailField()]
