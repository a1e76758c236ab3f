"""Settings: what the creator's file says of the site, changed in the studio, with versions."""

from lambdas.core.feature import Feature, FeatureConfig

FEATURE = Feature(
    name="settings",
    config=FeatureConfig,
    tables=("lambdas.platform.settings:StoredSection", "lambdas.platform.settings:SectionVersion"),
    changes={"site-settings": "lambdas.features.settings.events:what_happened"},
    publishes={"settings.section.changed": "lambdas.features.settings.events:touched"},
    optional=False,
)
