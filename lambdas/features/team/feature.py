"""The creator's team: who may do what, invitations, and the log of what was done."""

from lambdas.core.feature import Feature, FeatureConfig

FEATURE = Feature(
    name="team",
    config=FeatureConfig,
    optional=False,
)
