"""Accounts: people sign up, sign in, and look after what is theirs."""

from lambdas.core.feature import Feature, FeatureConfig, Page

FEATURE = Feature(
    name="accounts",
    config=FeatureConfig,
    optional=False,
    tables=("lambdas.features.accounts.models:Step",),
    api="lambdas.features.accounts.api:router",
    account="lambdas.features.accounts.account:router",
    changes={"account-steps": "lambdas.features.accounts.mails:what_happened"},
    events={
        "accounts.step.begun": "lambdas.features.accounts.mails:deliver",
        "accounts.step.broken-off": "lambdas.features.accounts.mails:clear_away",
    },
    pages=(
        # Entering.
        Page(path="/account/sign-up/", template="accounts/sign_up.html.j2", personal=True, listed=False),
        Page(path="/account/confirm/", template="accounts/confirm.html.j2", personal=True, listed=False),
        Page(path="/account/sign-in/", template="accounts/sign_in.html.j2", personal=True, listed=False),
        Page(path="/account/second-factor/", template="accounts/second_factor.html.j2", personal=True, listed=False),
        Page(path="/account/forgot/", template="accounts/forgot.html.j2", personal=True, listed=False),
        # One's own.
    ),
    mails=True,
)
