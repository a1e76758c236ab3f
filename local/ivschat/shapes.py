"""A request to an AWS API, judged by the service's own description that botocore brings."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore.loaders import Loader
from botocore.model import ServiceModel


class Fault(NamedTuple):
    """What is wrong with a request: the field's path (`capabilities[1]`), and why."""

    field: str
    message: str


@cache
def service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def faults(shape: Any, value: Any, field: str = "") -> Iterator[Fault]:
    """All that is wrong with a value: types, what is required, lengths, ranges, patterns and enumerations.

    What the description does not know is passed over, as AWS does; null is as good as nothing.
    """
    if shape.type_name == "structure":
        yield from _structure_faults(shape, value, field)
    elif shape.type_name == "list":
        yield from _list_faults(shape, value, field)
    elif shape.type_name == "map":
        yield from _map_faults(shape, value, field)
    elif shape.type_name == "string":
        yield from _string_faults(shape, value, field)
    elif shape.type_name in {"integer", "long"}:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Fault(field, "must be a whole number")
        else:
            yield from _range_faults(shape, value, field, "must be")
    else:
        raise NotImplementedError(f"{field} is a {shape.type_name}")


def _structure_faults(shape: Any, value: Any, field: str) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(field, "must be an object")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield Fault(_below(field, name), "is required")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from faults(member, value[name], _below(field, name))


def _list_faults(shape: Any, value: Any, field: str) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(field, "must be a list")
        return
    yield from _range_faults(shape, len(value), field, "must have a length of")
    for place, each in enumerate(value):
        yield from faults(shape.member, each, f"{field}[{place}]")


def _map_faults(shape: Any, value: Any, field: str) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(field, "must be an object")
        return
    yield from _range_faults(shape, len(value), field, "must have a length of")
    for key, each in value.items():
        yield from faults(shape.key, key, field)
        yield from faults(shape.value, each, _below(field, key))


def _string_faults(shape: Any, value: Any, field: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(field, "must be a string")
        return
    yield from _range_faults(shape, len(value), field, "must have a length of")
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not re.fullmatch(pattern, value):
        yield Fault(field, f"must satisfy the pattern {pattern}")
    if allowed and value not in allowed:
        yield Fault(field, f"must be one of {', '.join(allowed)}")


def _range_faults(shape: Any, number: int, field: str, must: str) -> Iterator[Fault]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        yield Fault(field, f"{must} at least {least}")
    if most is not None and number > most:
        yield Fault(field, f"{must} at most {most}")


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
