"""The studio's own screens: the overview, search and help."""

from lambdas.core.feature import Feature, FeatureConfig

FEATURE = Feature(
    name="studio",
    config=FeatureConfig,
    optional=False,
)
