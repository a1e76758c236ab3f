"""Settings: what the creator's file says of the site, changed in the studio, with versions."""

from lambdas.core.feature import Feature, FeatureConfig

FEATURE = Feature(
    name="settings",
    config=FeatureConfig,
    optional=False,
)
