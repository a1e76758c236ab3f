"""The API's description, and that the API keeps to it whatever it is sent."""

from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest


def test_every_route_is_described_with_its_problems(platform: PlatformUnderTest) -> None:
    document = platform.call("GET", "/api/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert {"/api/health", "/api/contact", "/api/me", "/api/auth/sign-in", "/api/auth/devices/{id}/end"} <= set(
        document["paths"]
    )
    assert all(path.startswith("/api/") for path in document["paths"]), "pages are for people"
    contact = document["paths"]["/api/contact"]["post"]
    assert set(contact["requestBody"]["content"]) == {"application/json", "application/x-www-form-urlencoded"}
    assert {"201", "400", "403", "409", "413", "415", "422", "429", "503"} <= set(contact["responses"])
    assert contact["parameters"][0]["name"] == "Idempotency-Key"


def test_the_description_names_nothing_that_it_does_not_have(platform: PlatformUnderTest) -> None:
    document = platform.call("GET", "/api/openapi.json").json
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known


@pytest.fixture
def schema(platform: PlatformUnderTest) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", AsWsgi(platform))


class AsWsgi:
    """The API as somebody who is signed in meets it, a WSGI application for the tester; hours pass between requests, so no limit is met."""

    def __init__(self, platform: PlatformUnderTest) -> None:
        self._platform = platform
        self._person = a_person(platform)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self._platform.clock.forward(hours=1)
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        headers |= {"content-type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {}
        length = int(environ.get("CONTENT_LENGTH") or 0)
        answer = self._platform.call(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            body=environ["wsgi.input"].read(length) if length else None,
            headers=headers,
            query=environ.get("QUERY_STRING", ""),
            cookies=self._platform.sign_in(self._person.id),
        )
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers.items()))
        return [answer.body.encode()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_api_keeps_to_its_description_whatever_it_is_sent(schema: Any, mode: GenerationMode) -> None:
    tried = []
    for operation in (found.ok() for found in schema.get_all_operations()):
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.headers or operation.query):
            continue  # nothing to get wrong

        @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def keeps_to_it(case: schemathesis.Case[Any]) -> None:
            answer = case.call()
            if not case.operation.path.startswith("/api/auth/"):
                case.validate_response(answer)
                return
            # A code or a password of the right shape is still the wrong one, what is over is "gone", and a form about
            # what was never begun leads to where it begins.
            own: list[Any] = [positive_data_acceptance, negative_data_rejection]
            case.validate_response(answer, excluded_checks=own)
            assert mode is GenerationMode.POSITIVE or answer.status_code >= 300

        keeps_to_it()
        tried.append(operation.label)
    assert "POST /api/contact" in tried


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [ref for value in node.values() for ref in _references(value)]
    return [ref for value in node for ref in _references(value)] if isinstance(node, list) else []
