"""What a feature declares, in one manifest, to everyone who reads it.

Stacks make its tables, functions and schedules; the web layer its routes; the site its pages; the
local cloud all of them. Whatever a manifest does not say does not exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Creator, Locale

Reference = str
"""`package.module:attribute`, loaded only where it runs (see `references.load`)."""


class FeatureConfig(BaseModel):
    """Base of a feature's block in the creator's file. Every field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    enabled: bool = Field(default=True, description="Switch the whole feature on or off. Off never deletes data.")


C = TypeVar("C", bound=FeatureConfig)


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What a page's or a block's context function is given."""

    creator: Creator
    features: "tuple[Feature[Any], ...]"
    locale: Locale


@dataclass(frozen=True, kw_only=True)
class Page:
    """A public page, rendered once a language and published: a view costs no function and no read.

    `path` begins and ends with a slash and has no language in it (`/contact/` becomes `/de/contact/`
    where German is not the creator's own language). `template` is a file below
    `frontend_template/pages/`. `nav` puts it into the site's navigation, under the text
    `<feature>.nav.<nav>`, sorted by `order`. `context` names a function of `PageContext` that gives
    the template's variables. `listed` false keeps it out of the sitemap and away from search engines.
    """

    path: str
    template: str
    nav: str | None = None
    order: int = 50
    context: Reference | None = None
    listed: bool = True


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of the home page, such as the shop's three best. `order` sorts blocks, small first."""

    template: str
    order: int = 50
    context: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Work to be done every so often. `run` names a function of the worker's services."""

    every: timedelta
    run: Reference


@dataclass(frozen=True, kw_only=True)
class Feature(Generic[C]):
    """One feature of a creator's business: a folder below `lambdas/features/`, and this.

    `tables` are pynamodb models and the only place a table is defined. `api`, `studio` and
    `webhooks` name the routers that the function of that name serves; a function nobody has a
    router for is not deployed. `changes` names, by table, who reads a table's stream and says which
    events happened; `events` names, by event, who is told. `permissions` are every right that the
    feature's studio routes ask for. `mails` says that it sends mail. `optional` false
    is for what every site has; it takes no switch.
    """

    name: str
    config: type[C]
    tables: tuple[type[Any], ...] = ()
    api: Reference | None = None
    studio: Reference | None = None
    webhooks: Reference | None = None
    changes: Mapping[str, Reference] = field(default_factory=dict)
    events: Mapping[str, Reference] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    permissions: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    mails: bool = False
    optional: bool = True

    def config_in(self, features: BaseModel) -> C:
        """This feature's block of a creator's `features`."""
        block = getattr(features, self.name)
        assert isinstance(block, self.config)
        return block


def subscribers(features: Iterable[Feature[Any]], event: str) -> tuple[Reference, ...]:
    """Who is told of an event, in the order of the features."""
    return tuple(feature.events[event] for feature in features if event in feature.events)
