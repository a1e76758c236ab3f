"""Creators for tests: openly fictional, complete, and as small as the test lets them be."""

from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES, creator_model


def a_creator(*, features: tuple[Feature[Any], ...] = FEATURES, **fields: Any) -> Creator:
    """A valid creator with these fields set (`features` are the manifests known, `switches` the file's block)."""
    switches = fields.pop("switches", {})
    data = {
        "id": "tester",
        "name": "Testa Fictional",
        "domain": "tester.example",
        "email": "hello@tester.example",
        "features": switches,
        **fields,
    }
    return creator_model(features).model_validate(data)
