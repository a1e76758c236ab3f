"""The studio's own screens: the overview, search and help."""

from lambdas.core.feature import Feature, FeatureConfig, Screen
from lambdas.core.permissions import Permission

FEATURE = Feature(
    name="studio",
    config=FeatureConfig,
    tables=("lambdas.features.studio.models:StudioVisit",),
    studio="lambdas.features.studio.studio:router",
    permissions=(
        Permission("studio.view", "manager", "editor", "moderator", "finance", "support"),
        Permission("studio.setup", "manager"),
    ),
    screens=(
        Screen(
            path="/studio/",
            template="studio/overview.html.j2",
            needs="studio.view",
            nav="overview",
            icon="home",
            order=0,
        ),
        Screen(path="/studio/search/", template="studio/search.html.j2", needs="studio.view"),
        Screen(path="/studio/help/", template="studio/help.html.j2", needs="studio.view"),
    ),
    exports="lambdas.features.studio.last_time:exports",
    forgets="lambdas.features.studio.last_time:forget",
    news="lambdas.features.studio.people:news",
    optional=False,
)
