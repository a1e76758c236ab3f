"""What active features need beyond tables and functions: the channel, the chat room. Only there where one needs something."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.core.references import load
from stacks.constructs.resources import Resources


def with_infrastructure(features: tuple[Feature[Any], ...]) -> tuple[Feature[Any], ...]:
    """The features that ask for a construct of their own."""
    return tuple(feature for feature in features if feature.infrastructure)


def resources_class(feature: Feature[Any]) -> type[Resources]:
    """The class that a feature's manifest names; ValueError for one of another kind or place."""
    reference = feature.infrastructure or ""
    # A manifest may name what the stacks have, and so never bring its own code into them.
    found = load(reference) if reference.startswith("stacks.constructs.") else None
    if not isinstance(found, type) or not issubclass(found, Resources):
        raise ValueError(f"{feature.name}: {reference} is no construct of stacks.constructs")
    return found


class LiveStack(cdk.Stack):
    """The constructs of features, between data and api. What it holds can be made again, but for the addresses that AWS names.

    `variables` are environment variables for the functions, `functions` the names in AWS of functions of its own.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        creator: Creator,
        features: tuple[Feature[Any], ...],
        media_bucket: str,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, name, env=env, description=f"PRISM {creator.id}: channel, recording and chat")
        made = [
            resources_class(feature)(
                self,
                feature.name,
                creator=creator,
                config=feature.config_in(creator.features),
                media_bucket=media_bucket,
            )
            for feature in with_infrastructure(features)
        ]
        self.variables = {name: value for one in made for name, value in one.variables.items()}
        self.functions = tuple(function for one in made for function in one.functions)
