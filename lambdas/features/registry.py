"""Every feature there is, and the one reader of a creator's switches.

Adding a feature is adding a folder beside this file and a line below.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, create_model

from lambdas.core.creator import Creator, Features
from lambdas.core.feature import Feature, Reference
from lambdas.core.references import load
from lambdas.features.access.feature import FEATURE as ACCESS
from lambdas.features.accounts.feature import FEATURE as ACCOUNTS
from lambdas.features.chat.feature import FEATURE as CHAT
from lambdas.features.contact.feature import FEATURE as CONTACT
from lambdas.features.live.feature import FEATURE as LIVE
from lambdas.features.overlays.feature import FEATURE as OVERLAYS
from lambdas.features.settings.feature import FEATURE as SETTINGS
from lambdas.features.site.feature import FEATURE as SITE
from lambdas.features.studio.feature import FEATURE as STUDIO
from lambdas.features.team.feature import FEATURE as TEAM
from lambdas.features.videos.feature import FEATURE as VIDEOS
from lambdas.platform.tables import Table

FEATURES: tuple[Feature[Any], ...] = (
    SITE,
    STUDIO,
    LIVE,
    CHAT,
    VIDEOS,
    OVERLAYS,
    CONTACT,
    ACCOUNTS,
    TEAM,
    ACCESS,
    SETTINGS,
)


PLATFORM_TABLES: tuple[Reference, ...] = (
    "lambdas.platform.limits:Hits",
    "lambdas.platform.sessions:SessionRow",
    "lambdas.platform.people:Person",
    "lambdas.platform.people:Address",
    "lambdas.platform.team:Member",
    "lambdas.platform.team:CustomRole",
    "lambdas.platform.audit:AuditEntry",
    "lambdas.platform.entitlements:Entitlement",
    "lambdas.platform.broadcast:Broadcast",
)


def creator_model(features: tuple[Feature[Any], ...] = FEATURES) -> type[Creator]:
    """`Creator` with a typed block for every optional feature, so that errors and the schema name each field."""
    blocks: dict[str, Any] = {
        feature.name: (
            feature.config,
            Field(default_factory=feature.config, description=(feature.config.__doc__ or "").strip()),
        )
        for feature in features
        if feature.optional
    }
    switches: type[Features] = create_model("Features", __base__=Features, **blocks)
    fields: dict[str, Any] = {"features": (switches, Field(default_factory=switches))}
    model: type[Creator] = create_model("Creator", __base__=Creator, __doc__=Creator.__doc__, **fields)
    return model


def active_features(creator: Creator, features: tuple[Feature[Any], ...] = FEATURES) -> tuple[Feature[Any], ...]:
    """The features this creator has switched on, and those every site has, in their order; none without what it requires."""
    on = [feature for feature in features if not feature.optional or feature.config_in(creator.features).enabled]
    while True:
        names = {feature.name for feature in on}
        whole = [feature for feature in on if names.issuperset(feature.requires)]
        if len(whole) == len(on):
            return tuple(on)
        on = whole


def tables_of(features: tuple[Feature[Any], ...]) -> Mapping[str, type[Table]]:
    """The models of every table a platform with these features has, by short name: the platform's own first."""
    models = map(load, (*PLATFORM_TABLES, *(model for feature in features for model in feature.tables)))
    return {model.short_name: model for model in models}
