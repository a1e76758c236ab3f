"""Another person's ids are worth nothing, on any route of any function.

The routes are those that exist, their bodies are made from the OpenAPI description, the ids are all that the tables
hold. To somebody else each of them must be what an id is that nobody has, and nothing may have changed.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from lambdas.features.contact.message import ContactMessage
from lambdas.features.contact.service import store
from lambdas.features.live.models import Show
from lambdas.platform.people import Person
from lambdas.platform.routing import extras
from lambdas.platform.tables import table_name
from lambdas.web.admission import JSON
from lambdas.web.app import App
from lambdas.web.edge import FunctionName
from lambdas.web.openapi import describe
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest, start_platform

_ID = re.compile(r"\b[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}\b")
_NOBODYS = "0" * 26
FUNCTIONS: tuple[FunctionName, ...] = ("api", "account", "studio")
_COUNTERS = ("rate-limits",)


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    return start_platform()


def _with_something_of_everything(platform: PlatformUnderTest) -> Person:
    """A person who has what one can have."""
    theirs = a_person(platform, role="manager")
    theirs.passkeys = [{"id": f"pky_{'1' * 26}", "name": "Phone", "added_at": platform.clock().isoformat()}]
    theirs.save()
    platform.sign_in(theirs.id)
    platform.sign_in(theirs.id)
    message = ContactMessage(name="A Fan", email=theirs.email, message="Ten letters at least.")
    store(
        message,
        id=f"msg_{'2' * 26}",
        locale="en",
        correlation_id="",
        services=platform.services,
        keep=timedelta(days=1),
    )
    now = platform.clock()
    Show(f"shw_{'3' * 26}", at=now, state="scheduled", title="Theirs", starts_at=now, changed_by=theirs.id).save()
    return theirs


def _rows(platform: PlatformUnderTest, *, but: str) -> dict[str, list[str]]:
    """Every table's items as text, but the counters and what belongs to the one who asks."""
    client = boto3.client("dynamodb")
    prefix = table_name(platform.creator.id, "")
    names = [n for page in client.get_paginator("list_tables").paginate() for n in page["TableNames"]]
    return {
        name: sorted(text for item in client.scan(TableName=name)["Items"] if but not in (text := json.dumps(item)))
        for name in names
        if name.startswith(prefix) and name.removeprefix(prefix) not in _COUNTERS
    }


def _operations(app: App) -> Iterator[tuple[str, str, Any]]:
    """Method, path and a fitting JSON body (None where it has none) of every route that names something."""
    routes = app.routes
    document = describe(app.resolver, title="All of it")
    for route in routes:
        described = document["paths"].get(route.openapi_path, {}).get(route.method.lower(), {})
        schema = described.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
        body = _example(schema, document) if schema else None
        if "<" in route.path or (isinstance(body, dict) and any(map(_names_something, body))):
            yield route.method, route.path, body


def _names_something(field: str) -> bool:
    return field == "id" or field.endswith(("_id", "subject", "role"))


def _example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """The plainest value of a schema: what is required, and nothing else."""
    if "$ref" in schema:
        return _example(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _example(schema[choice][0], document)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type", "object"):
        case "object":
            fields = schema.get("properties", {})
            return {name: _example(fields[name], document) for name in schema.get("required", ())}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            fitting = (
                t for t in TEXTS if schema.get("minLength", 0) <= len(t) and re.search(schema.get("pattern", ""), t)
            )
            return next(fitting)


TEXTS = ("a word", "12345678", "somebody@people.example", "#123456", "a text that is long enough for anything", "")
"""One of these fits each field there is; StopIteration where a new kind of field wants another."""


def _asked(
    platform: PlatformUnderTest, method: str, path: str, id: str, body: Any, cookies: dict[str, str]
) -> tuple[int, Any]:
    platform.clock.forward(seconds=1)  # the next one must not be refused for being the hundredth
    address = re.sub(r"<[^>]+>", id, path)
    sent = body
    if isinstance(body, dict):
        sent = {name: id if _names_something(name) else value for name, value in body.items()}
    answer: Answer = platform.call(method, address, json_body=sent, cookies=cookies)
    said = _ID.sub("ID", re.sub(r'"correlation_id": "[^"]*"', "", answer.body))
    return answer.status, said.replace(id, "ID")


def test_another_persons_ids_are_like_ids_that_nobody_has(platform: PlatformUnderTest) -> None:
    theirs = _with_something_of_everything(platform)
    fan = a_person(platform)
    before = _rows(platform, but=fan.id)
    found = sorted({id for rows in before.values() for row in rows for id in _ID.findall(row)})
    ids = {id.partition("_")[0]: id for id in found}  # one of each kind
    assert set(ids) >= {"per", "ses", "pky", "msg", "shw"}
    cookies = platform.sign_in(fan.id)
    tried = 0
    for function in FUNCTIONS:
        for method, path, body in _operations(platform.apps[function]):
            for kind, id in ids.items():
                foreign = _asked(platform, method, path, id, body, cookies)
                nobodys = _asked(platform, method, path, f"{kind}_{_NOBODYS}", body, cookies)
                assert foreign == nobodys, f"{method} {path} with {id} of somebody else"
                assert theirs.email not in foreign[1], f"{method} {path} tells whose {id} is"
                if function == "studio":
                    assert foreign[0] in {303, 401, 403}, f"{method} {path} lets a fan in"
                tried += 1
    assert tried > 20
    assert _rows(platform, but=fan.id) == before


def test_every_studio_route_is_tried(platform: PlatformUnderTest) -> None:
    """A route that names something must be one of those above: a path parameter is how this test knows."""
    named = [route for route in platform.apps["studio"].routes if "<" in route.path]
    assert named
    assert all(extras(route.func).needs for route in named)
