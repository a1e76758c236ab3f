"""Synthesised creators, made once and shared: a synthesis takes a second, starting the CDK several."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES
from stacks.assembly import add_creator, app_for

Template = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """A creator's synthesised stacks."""

    creator: Creator
    folder: Path

    def template(self, stack: str) -> Template:
        """The template of "data", "live", "api", "site" or "ops"."""
        template: Template = json.loads(self._path(stack).read_text())
        return template

    def resources(self, stack: str, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a CloudFormation type, by logical id."""
        return {name: r for name, r in self.template(stack)["Resources"].items() if r["Type"] == kind}

    def kinds(self) -> list[str]:
        """The types of all resources of all stacks."""
        return [resource["Type"] for stack in self.stacks() for resource in self.template(stack)["Resources"].values()]

    def stacks(self) -> tuple[str, ...]:
        """Those that there are, in the order of their deployment."""
        there = (name for name in ("data", "live", "api", "site", "ops") if self._path(name).exists())
        return tuple(there)

    def _path(self, stack: str) -> Path:
        return self.folder / f"prism-{self.creator.id}-{stack}.template.json"


Synthesise = Callable[..., Assembly]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Synthesise a creator with the features known; the same request is answered by the same assembly."""
    made: dict[str, Assembly] = {}

    def make(creator: Creator, *, known: tuple[Feature[Any], ...] = FEATURES) -> Assembly:
        key = f"{creator.model_dump_json()} {[feature.name for feature in known]}"
        if key not in made:
            folder = tmp_path_factory.mktemp("assembly")
            app = app_for(folder)
            add_creator(app, creator, version="1.2.3", known=known)
            app.synth()
            made[key] = Assembly(creator=creator, folder=folder)
        return made[key]

    return make
