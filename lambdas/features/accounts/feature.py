"""Accounts: people sign up, sign in, and look after what is theirs."""

from lambdas.core.feature import Feature, FeatureConfig

FEATURE = Feature(
    name="accounts",
    config=FeatureConfig,
    optional=False,
)
