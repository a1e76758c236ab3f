"""Overlays: browser sources for OBS, with the chat, alerts and a goal, at secret addresses."""

from lambdas.core.feature import Feature, FeatureConfig, Page, Screen
from lambdas.core.permissions import Permission


class OverlaysConfig(FeatureConfig):
    """Browser sources for OBS: chat, alerts and a goal on stream."""


FEATURE = Feature(
    name="overlays",
    config=OverlaysConfig,
    requires=("live", "chat"),
    tables=("lambdas.features.overlays.models:Overlay",),
    api="lambdas.features.overlays.api:router",
    studio="lambdas.features.overlays.studio:router",
    changes={"overlays": "lambdas.features.overlays.events:what_happened"},
    events={
        "overlays.settings.changed": "lambdas.features.overlays.events:tell",
        "overlays.goal.changed": "lambdas.features.overlays.events:tell",
        "overlays.address.gone": "lambdas.features.overlays.events:cut_off",
        "entitlement.changed": "lambdas.features.overlays.events:greet",
    },
    permissions=(Permission("overlays.manage", "manager", "editor"),),
    pages=(
        # Shown at a secret address by the API; it is nobody's page and in nobody's menu.
        Page(path="/overlays/", template="overlays/source.html.j2", personal=True, listed=False),
    ),
    screens=(
        Screen(
            path="/studio/overlays/",
            template="overlays/index.html.j2",
            needs="overlays.manage",
            nav="overlays",
            icon="overlay",
            order=34,
        ),
    ),
)
