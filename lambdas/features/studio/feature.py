"""The studio's own screens: the overview, search and help."""

from lambdas.core.feature import Feature, FeatureConfig, Screen
from lambdas.core.permissions import Permission

FEATURE = Feature(
    name="studio",
    config=FeatureConfig,
    studio="lambdas.features.studio.studio:router",
    permissions=(Permission("studio.view", "manager", "editor", "moderator", "finance", "support"),),
    screens=(
        Screen(
            path="/studio/",
            template="studio/overview.html.j2",
            needs="studio.view",
            nav="overview",
            icon="home",
            order=0,
        ),
        Screen(path="/studio/help/", template="studio/help.html.j2", needs="studio.view"),
    ),
    optional=False,
)
