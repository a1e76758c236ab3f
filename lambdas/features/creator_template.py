"""A creator as a YAML file to read and edit: every setting with its value, its purpose as a comment.

All of it comes from the model: a field's description, its choices and its default are said there only.
"""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lambdas.core.creator import Creator
from lambdas.features.creator_faults import choices

_WIDTH = 110
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*")
# Words that older YAML readers take for something else than a text.
_READ_AS_OTHER = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# YAML's printable set without the line breaks and the byte order mark: what stands in a quoted text as it is.
_ESCAPED = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def render(creator: Creator) -> str:
    """The file's text; reading it gives the same creator."""
    return "\n".join((*_head(creator), *_block(creator, indent=0))) + "\n"


def _head(creator: Creator) -> Iterator[str]:
    yield "# yaml-language-server: $schema=schema.json"
    yield "#"
    yield f"# {' '.join(creator.name.split())}: everything about this creator is in this file."
    yield f"# Edit it freely, then run `prism validate {creator.id}`. Every setting says what it does; all are shown,"
    yield "# most with their default. Pictures go into the folder beside it that has the creator's id."
    yield ""


def _block(model: BaseModel, *, indent: int) -> Iterator[str]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if indent == 0 and isinstance(value, BaseModel):
            yield ""
        yield from _comment(_purpose(field, value), indent=indent)
        yield from _entry(name, value, indent=indent)


def _purpose(field: FieldInfo, value: object) -> str:
    words = [field.description or (type(value).__doc__ if isinstance(value, BaseModel) else "") or ""]
    known = choices(field.annotation)
    if known:
        words.append(f"One of: {', '.join(known)}." if not isinstance(value, tuple) else f"Of: {', '.join(known)}.")
    return " ".join(" ".join(words).split())


def _comment(text: str, *, indent: int) -> Iterator[str]:
    pad = " " * indent + "# "
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
    )


def _entry(name: str, value: Any, *, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, BaseModel):
        lines = list(_block(value, indent=indent + 2))
        yield f"{pad}{name}:" if lines else f"{pad}{name}: {{}}"
        yield from lines
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        yield f"{pad}{name}:"
        for item in value:
            first, *rest = _plain_block(item)
            yield f"{pad}  - {first}"
            yield from (f"{pad}    {line}" for line in rest)
    else:
        yield f"{pad}{name}: {_scalar(value)}"


def _plain_block(model: BaseModel) -> Iterator[str]:
    """A list's item: its fields without comments, which would repeat with every item."""
    for name in type(model).model_fields:
        yield from _entry(name, getattr(model, name), indent=0)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    text = str(value)
    if _SAFE.fullmatch(text) and text.lower() not in _READ_AS_OTHER:
        return text
    return _ESCAPED.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
