"""Access: what people hold (entitlement records), and giving it to somebody by hand."""

from lambdas.core.feature import Feature, FeatureConfig, Screen
from lambdas.core.permissions import Permission

FEATURE = Feature(
    name="access",
    config=FeatureConfig,
    studio="lambdas.features.access.studio:router",
    changes={"entitlements": "lambdas.features.access.events:what_happened"},
    permissions=(Permission("access.grant", "manager", "support"),),
    screens=(
        Screen(
            path="/studio/access/",
            template="access/index.html.j2",
            needs="access.grant",
            nav="access",
            icon="key",
            order=60,
        ),
        Screen(path="/studio/access/give/", template="access/give.html.j2", needs="access.grant"),
    ),
    exports="lambdas.features.access.personal_data:exports",
    forgets="lambdas.features.access.personal_data:forget",
    optional=False,
)
