"""The API's description (OpenAPI 3.1), from the routes themselves.

Powertools knows paths, parameters and shapes. Added here: every problem a route may answer with, and
that a form's route takes a form.
"""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from lambdas.core.feature import Feature
from lambdas.core.references import load
from lambdas.platform.routing import FormPage, extras
from lambdas.web.admission import FORM, JSON
from lambdas.web.problems import CONTENT_TYPE, Problem

_ALWAYS = {
    "403": "Not through the site, or from another site",
    "429": "Too many requests",
    "500": "Something went wrong on our side",
    "503": "Not available right now",
}
_WITH_BODY = {
    "400": "The body cannot be read",
    "409": "In conflict with what is there",
    "413": "The body is too large",
    "415": "A content type that is not understood",
}
_WITH_INPUT = {"422": "Some of what was sent cannot be accepted"}
_PROTECTED = {"401": "Sign in first"}
_NAMED = {"404": "There is nothing of this name"}
_OF_ACCOUNTS = {
    "401": "Not signed in, or not proved",
    "404": "There is nothing of this name, or no longer",
    "410": "What was begun is over",
    "412": "Changed from elsewhere in the meantime",
}
"""What may go wrong below /api/auth/: steps that follow one another, and changes of what is one's own."""
_OF_SHOWS = {
    "401": "Only for people who are signed in",
    "409": "Not at this time: nothing is on, or it is still being prepared",
}
_SHOWS = ("/api/live/", "/api/chat/", "/api/videos/")
"""Below these is what may be for some people only, and not at any time."""


def describe_all(features: Iterable[Feature[Any]], *, title: str = "The API of a creator's platform") -> dict[str, Any]:
    """The description of all that these features answer below /api/, whichever function does, without running any of it."""
    resolver = APIGatewayHttpResolver(enable_validation=True)
    for feature in features:
        for routes in (feature.api, feature.account):
            if routes is not None:
                resolver.include_router(load(routes))
    # A router hands on the request that it was in the middle of.
    resolver.context.clear()
    return describe(resolver, title=title)


def describe(resolver: APIGatewayHttpResolver, *, title: str) -> dict[str, Any]:
    """The document as JSON-ready data; the same for the same routes."""
    document: dict[str, Any] = resolver.get_openapi_schema(
        title=title, version="1.0.0", openapi_version="3.1.0"
    ).model_dump(by_alias=True, exclude_none=True, mode="json")
    document["servers"] = [{"url": "/"}]
    # Not in the order in which the features' modules happened to be imported.
    document["paths"] = dict(sorted(document["paths"].items()))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for route in (*resolver._static_routes, *resolver._dynamic_routes):
        operation = document["paths"].get(route.openapi_path, {}).get(route.method.lower())
        if operation is None:
            continue  # a page: for people, not for programs
        asked = extras(route.func)
        _add_problems(operation, route.openapi_path, protected=asked.needs is not None or asked.person)
        for parameter in operation.get("parameters", ()):
            _as_sent(parameter)
        page = asked.form
        if page is not None:
            _add_form(operation, page)
    return document


def _as_sent(parameter: dict[str, Any]) -> None:
    """A parameter as it travels: there or not there, never null; a header by the name people know."""
    schema = parameter["schema"]
    there = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
    for kind in there:
        schema |= kind
    if parameter["in"] == "header":
        parameter["name"] = "-".join(word.capitalize() for word in parameter["name"].split("-"))


def _add_problems(operation: dict[str, Any], path: str, *, protected: bool) -> None:
    has_body = "requestBody" in operation
    possible = dict(_ALWAYS)
    if has_body:
        possible |= _WITH_BODY
    if has_body or operation.get("parameters"):
        possible |= _WITH_INPUT
    if protected:
        possible |= _PROTECTED
    if "{" in path:
        possible |= _NAMED
    if path.startswith("/api/auth/"):
        possible |= _OF_ACCOUNTS
    if path.startswith(_SHOWS):
        possible |= _OF_SHOWS
    operation["responses"].pop("422", None)
    for status, text in sorted(possible.items()):
        operation["responses"][status] = {
            "description": text,
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _add_form(operation: dict[str, Any], page: FormPage) -> None:
    html = {"text/html": {"schema": {"type": "string"}}}
    if "requestBody" in operation:
        body = operation["requestBody"]["content"]
        body[FORM] = body[JSON]
    if page.review:
        operation["responses"]["200"] = {"description": "A form: to be checked and sent once more", "content": html}
    operation["responses"]["303"] = {"description": "A form: done; where to go next"}
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            response["content"] |= html
