"""What the creator's model refuses, said in the words of the person who edits the file."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lambdas.core.errors import FieldError
from lambdas.features import creator_yaml

Location = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class FileFault(FieldError):
    """One fault in one file: `line` and `column` count from 1, `fix` says what to write instead."""

    file: str
    line: int
    column: int
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def faults_of(
    error: ValidationError, *, file: str, root: creator_yaml.Mapping, model: type[BaseModel]
) -> list[FileFault]:
    """Every refusal of the model, at its place in the file."""
    found = []
    for detail in error.errors(include_url=False):
        message, fix = explain(detail, model)
        place = creator_yaml.place_of(root, detail["loc"])
        found.append(
            FileFault(
                file=file,
                line=place.line,
                column=place.column,
                path=dotted(detail["loc"]),
                code=detail["type"],
                message=message,
                fix=fix,
            )
        )
    return found


def dotted(location: Location) -> str:
    """`brand.primary`, `site.links.0.url`."""
    return ".".join(map(str, location))


def nearest(word: str, known: list[str], *, likeness: float = 0.6) -> str | None:
    """The known word that was probably meant, None where nothing is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[close[0]] if close else None


def explain(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """One refusal as (what is wrong, what to do)."""
    location = detail["loc"]
    path = dotted(location)
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(location, model)
    if kind == "missing" and isinstance(given, Mapping):
        return f"{path} is missing", f"add `{location[-1]}: …`{_purpose(location, model)}"
    shown = _shown(given)
    if kind == "literal_error":
        known = _choices(location, model) or [
            c.strip("' ") for c in str(context["expected"]).replace(" or ", ", ").split(",")
        ]
        # Codes such as regions look alike without meaning alike.
        meant = nearest(given, known, likeness=0.75) if isinstance(given, str) else None
        hint = f"did you mean {meant}? It is one of {', '.join(known)}" if meant else f"write one of {', '.join(known)}"
        return f"{path} cannot be {shown}", hint
    if kind == "value_error":
        reason = str(context.get("error") or context.get("reason") or detail["msg"])
        return (f"{path} cannot be {shown}" if path else "two settings do not fit together"), reason
    return f"{path} cannot be {shown}", _wanted(kind, given, context, location, model) or detail["msg"]


def _wanted(kind: str, given: object, context: Mapping[str, Any], location: Location, model: type[BaseModel]) -> str:
    match kind:
        case "string_type" if isinstance(given, bool | int | float):
            return f'put it in quotes: "{_shown(given)}"'
        case "string_type":
            return "write one text here"
        case "bool_type" | "bool_parsing":
            return "write true or false"
        case "int_type" | "int_parsing" | "int_from_float":
            return "write a whole number"
        case "tuple_type" | "list_type":
            return "write a list: one value a line, each after a dash"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"write a block of settings: {', '.join(_keys(location, model)) or 'key: value'}"
        case "greater_than_equal":
            return f"write {context['ge']} or more"
        case "less_than_equal":
            return f"write {context['le']} or less"
        case "string_too_long":
            return f"shorten it to {context['max_length']} characters"
        case "string_too_short":
            return "write something here"
        case "too_long" if isinstance(given, str):
            return f"shorten it to {context['max']} characters"
        case "too_long":
            return f"keep {context['max_length']} at most"
        case "string_pattern_mismatch":
            return f"it must look like {context['pattern']}{_purpose(location, model)}"
        case "invalid_email":
            return "write an address such as hello@kasper.live"
        case "url_parsing" | "url_scheme" | "url_type" | "url_too_long":
            return "write a whole address, such as https://example.com/me"
    return ""


def _unknown_key(location: Location, model: type[BaseModel]) -> tuple[str, str]:
    key, known = str(location[-1]), _keys(location[:-1], model)
    what = f"unknown feature {key!r}" if location[:-1] == ("features",) else f"unknown key {key!r}"
    where = f" in {dotted(location[:-1])}" if len(location) > 1 else ""
    meant = nearest(key, known)
    return what + where, f"did you mean {meant}?" if meant else f"remove it; known are {', '.join(known)}"


def _keys(location: Location, model: type[BaseModel]) -> list[str]:
    inner = _model_at(location, model)
    return list(inner.model_fields) if inner else []


def _choices(location: Location, model: type[BaseModel]) -> list[str]:
    return choices(_annotation_at(location, model))


def choices(annotation: Any) -> list[str]:
    """The words a field takes, none where it takes more than a few words."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return next((found for part in get_args(annotation) if (found := choices(part))), [])


def _purpose(location: Location, model: type[BaseModel]) -> str:
    holder = _model_at(location[:-1], model)
    field = holder.model_fields.get(str(location[-1])) if holder and location else None
    return f" ({field.description})" if field and field.description else ""


def _model_at(location: Location, model: type[BaseModel]) -> type[BaseModel] | None:
    return model_in(_annotation_at(location, model))


def _annotation_at(location: Location, model: type[BaseModel]) -> Any:
    here: Any = model
    for step in location:
        if isinstance(step, int):
            continue  # a list's annotation leads to its items' by `model_in`
        inner = model_in(here)
        if inner is None or step not in inner.model_fields:
            return None
        here = inner.model_fields[step].annotation
    return here


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, also in a list or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a block"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
