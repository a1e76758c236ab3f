"""What a feature declares, in one manifest, to everyone who reads it.

Stacks make its tables, functions and schedules; the web layer its routes; the site its pages; the
local cloud all of them. Whatever a manifest does not say does not exist.

Every cold start reads every manifest: code is named, not imported, and plain values are NamedTuples
(to define a frozen dataclass takes five times as long).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Creator, Locale
from lambdas.core.permissions import Permission

Reference = str
"""`package.module:attribute`, loaded only where it runs (see `references.load`)."""


class FeatureConfig(BaseModel):
    """Base of a feature's block in the creator's file. Every field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    enabled: bool = Field(default=True, description="Switch the whole feature on or off. Off never deletes data.")


C = TypeVar("C", bound=FeatureConfig)


class PageContext(NamedTuple):
    """What a page's or a block's context function is given.

    `creator` has the settings of the moment. `parameters` are what stands in the page's path for the
    names in braces. `stored` false says that there are no tables to ask (`prism build-site`). What a
    published page shows of a table is to be read consistently: its change and its page are not far apart.
    """

    creator: Creator
    features: "tuple[Feature[Any], ...]"
    locale: Locale
    parameters: Mapping[str, str] = {}
    stored: bool = True


class Page(NamedTuple):
    """A page of the site. A public one is rendered once a language and published: a view costs no function and no read.

    `path` begins with a slash and ends with one, or with a file's name (`/feed.xml`), and has no language
    in it (`/contact/` becomes `/de/contact/` where German is not the creator's own language). What
    differs from one to the next stands in braces (`/posts/{slug}/`); `instances` then names a function
    of `PageContext` that gives the parameters of all there are ({"slug": "hello"}, …). `template` is a file below
    `frontend_template/pages/`. `nav` puts it into the site's navigation, under the text
    `<feature>.nav.<nav>`, sorted by `order`. `context` names a function of `PageContext` that gives
    the template's variables; for one of many pages it raises NotFound where what it is about is gone.
    `listed` false keeps it out of the sitemap and away from search engines.
    `personal` pages are never published: a route of the feature answers at their address, by
    `visit.page(path, …)`, each time anew.
    """

    path: str
    template: str
    nav: str | None = None
    order: int = 50
    context: Reference | None = None
    listed: bool = True
    personal: bool = False
    instances: Reference | None = None

    def at(self, parameters: Mapping[str, str]) -> str:
        """The path with these in place of the names in braces; ValueError for what no address can hold."""
        for name in _IN_BRACES.findall(self.path):
            if not _IN_AN_ADDRESS.fullmatch(parameters[name]):
                raise ValueError(f"{self.path}: {name} is {parameters[name]!r}, which no address can hold")
        return self.path.format_map(parameters)

    def match(self, path: str) -> Mapping[str, str] | None:
        """What stands in a path for the names in braces; None where it is another page's."""
        found = _pattern(self.path).fullmatch(path)
        return found.groupdict() if found else None


_IN_BRACES = re.compile(r"\{(\w+)\}")
_IN_AN_ADDRESS = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")

EVERY_PAGE = "*"
"""What a function of `Feature.publishes` gives where all pages may have changed; those that have not are left as they are."""


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = enumerate(_IN_BRACES.split(path))
    # Every second part is a name.
    return re.compile(
        "".join(f"(?P<{part}>{_IN_AN_ADDRESS.pattern})" if n % 2 else re.escape(part) for n, part in parts)
    )


class Screen(NamedTuple):
    """A screen of the studio, shown by `visit.screen(path, …)` in a route of the feature's `studio` router.

    `path` begins with /studio/ and ends with a slash; what differs from one to the next stands in
    braces (`/studio/contact/{id}/`). `template` is a file below `frontend_template/studio/`. `needs`
    is the permission without which nobody sees it. `nav` puts it into the rail, under the text
    `<feature>.studio.<nav>` with the sprite's `icon`, sorted by `order`; `<feature>.studio.<nav>_help`
    says in a sentence or two what the section is for.
    """

    path: str
    template: str
    needs: str
    nav: str | None = None
    icon: str = "dot"
    order: int = 50


class Block(NamedTuple):
    """A part of the home page, such as the shop's three best. `order` sorts blocks, small first.

    `stage` puts it at the very top, before the hero: what is on air. Its template's section says by `data-state` whether it
    shows something; while that is "offline" it is not there, and the hero stands alone.
    """

    template: str
    order: int = 50
    context: Reference | None = None
    stage: bool = False


class Notice(NamedTuple):
    """A kind of mail that a feature sends to people who have an account.

    Their preferences list it under the texts `<feature>.notices.<name>.title` and `.text`. `always` is
    for what nobody may be left without, such as what concerns their account's security; all others go
    to those who asked for them (`people.wants`).
    """

    name: str
    always: bool = False


class Schedule(NamedTuple):
    """Work to be done every so often. `run` names a function of the worker's services.

    One that is `asleep` does not run until `services.sleepers.wake(name)`, and not any more after `.sleep(name)`.
    """

    every: timedelta
    run: Reference
    asleep: bool = False


@dataclass(frozen=True, kw_only=True)
class Feature(Generic[C]):
    """One feature of a creator's business: a folder below `lambdas/features/`, and this.

    `tables` name pynamodb models, the only place a table is defined. `api`, `account`, `studio`
    and `webhooks` name the routers that the function of that name serves; a function nobody has a
    router for is not deployed. What `api` routes is at or below `/api/<name>`, or else below `api_paths`: a router is
    loaded when something there is asked for. `changes` names, by table, who reads a table's stream and says which
    events happened; `events` names, by event, who is told; `publishes` names, by event, a function of
    (event, services) that gives the paths of the public pages it touches, of those that are gone too:
    they are made anew, or removed, as the tables are by then. `published` names a function of services that brings the files that
    the feature publishes beside pages up to what is stored, where the whole site is published; again and again without harm.
    `aws_events` names, by detail-type of EventBridge, who is told of what AWS says of
    the feature's own resources: a function of (AwsEvent, services), which may be told late, twice and in any order.
    `permissions` are every right that the feature's routes and screens ask for, each with the standard roles that hold it. `exports` names
    a function of (person id, services) that gives all the feature knows of a person, JSON-ready, and
    `forgets` one that deletes it, again and again without harm. `notices` are the kinds of mail that
    people may choose. Three functions tell the studio of the feature, each only what the visit's
    standing permits (types in `lambdas.core.overview`): `news` of (visit, since: a moment or None) gives
    News for the overview by one query, `steps` of (visit) gives the Steps that a fresh platform still
    lacks, `searches` of (visit, words) gives what is Found. `mails` says that it sends mail.
    `infrastructure` names the construct of what it needs beyond tables and functions; `requires` names other features,
    without which it is off too. `optional` false is for what every site has; it takes no switch.
    """

    name: str
    config: type[C]
    tables: tuple[Reference, ...] = ()
    api: Reference | None = None
    api_paths: tuple[str, ...] = ()
    account: Reference | None = None
    studio: Reference | None = None
    webhooks: Reference | None = None
    changes: Mapping[str, Reference] = field(default_factory=dict)
    events: Mapping[str, Reference] = field(default_factory=dict)
    publishes: Mapping[str, Reference] = field(default_factory=dict)
    published: Reference | None = None
    aws_events: Mapping[str, Reference] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()
    pages: tuple[Page, ...] = ()
    screens: tuple[Screen, ...] = ()
    blocks: tuple[Block, ...] = ()
    notices: tuple[Notice, ...] = ()
    exports: Reference | None = None
    forgets: Reference | None = None
    news: Reference | None = None
    steps: Reference | None = None
    searches: Reference | None = None
    mails: bool = False
    infrastructure: Reference | None = None
    requires: tuple[str, ...] = ()
    optional: bool = True

    def config_in(self, features: BaseModel) -> C:
        """This feature's block of a creator's `features`."""
        block = getattr(features, self.name)
        assert isinstance(block, self.config)
        return block


def subscribers(features: Iterable[Feature[Any]], event: str) -> tuple[Reference, ...]:
    """Who is told of an event, in the order of the features."""
    return tuple(feature.events[event] for feature in features if event in feature.events)


def publishers(features: Iterable[Feature[Any]], event: str) -> tuple[Reference, ...]:
    """Who says which pages an event touches, in the order of the features."""
    return tuple(feature.publishes[event] for feature in features if event in feature.publishes)


def declared(features: Iterable[Feature[Any]]) -> tuple[Permission, ...]:
    """Every permission there is on a platform with these features."""
    return tuple(permission for feature in features for permission in feature.permissions)
