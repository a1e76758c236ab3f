"""The one shape of what `infrastructure` names: a construct that says what the rest of a creator's stacks needs to know of it."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import FeatureConfig
from lambdas.platform.keys import StackKeys


class Resources(Construct):
    """A feature's own resources, made in the stack "live" while the feature is on.

    `parameters` are those that the class declares in its stack, by name: what of the creator's keys the deploy gives them.
    Once made, `variables` are environment variables for the HTTP functions and the worker, and `functions` the names in AWS of functions of
    its own, which the alarms watch.
    """

    parameters: ClassVar[Mapping[str, Callable[[StackKeys], str]]] = {}

    def __init__(
        self, scope: Construct, name: str, *, creator: Creator, config: FeatureConfig, media_bucket: str
    ) -> None:
        super().__init__(scope, name)
        self.creator = creator
        self.config = config
        self.media_bucket = media_bucket
        self.variables: Mapping[str, str] = {}
        self.functions: tuple[str, ...] = ()
