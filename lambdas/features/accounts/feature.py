"""Accounts: people sign up, sign in, and look after what is theirs."""

from datetime import timedelta

from lambdas.core.feature import Feature, FeatureConfig, Notice, Page, Schedule

FEATURE = Feature(
    name="accounts",
    config=FeatureConfig,
    optional=False,
    tables=("lambdas.features.accounts.models:Step", "lambdas.features.accounts.told:Told"),
    api="lambdas.features.accounts.api:router",
    api_paths=("/api/me",),
    account="lambdas.features.accounts.account:router",
    changes={
        "account-steps": "lambdas.features.accounts.mails:what_happened",
        "people": "lambdas.features.accounts.events_own:what_happened",
    },
    events={
        "accounts.own.changed": "lambdas.features.accounts.events_own:deliver",
        "accounts.picture.uploaded": "lambdas.features.accounts.events_own:prepare_picture",
        "accounts.picture.gone": "lambdas.features.accounts.events_own:forget_picture",
        "accounts.step.begun": "lambdas.features.accounts.mails:deliver",
        "accounts.step.broken-off": "lambdas.features.accounts.mails:clear_away",
    },
    schedules={
        "accounts.erase-due": Schedule(every=timedelta(hours=1), run="lambdas.features.accounts.erasure:erase_due"),
    },
    pages=(
        # Entering.
        Page(path="/account/sign-up/", template="accounts/sign_up.html.j2", personal=True, listed=False),
        Page(path="/account/confirm/", template="accounts/confirm.html.j2", personal=True, listed=False),
        Page(path="/account/sign-in/", template="accounts/sign_in.html.j2", personal=True, listed=False),
        Page(path="/account/second-factor/", template="accounts/second_factor.html.j2", personal=True, listed=False),
        Page(path="/account/forgot/", template="accounts/forgot.html.j2", personal=True, listed=False),
        # One's own.
        Page(path="/account/", template="accounts/home.html.j2", personal=True, listed=False),
        Page(path="/account/profile/", template="accounts/profile.html.j2", personal=True, listed=False),
        Page(path="/account/preferences/", template="accounts/preferences.html.j2", personal=True, listed=False),
        Page(path="/account/security/", template="accounts/security.html.j2", personal=True, listed=False),
        Page(path="/account/security/password/", template="accounts/password.html.j2", personal=True, listed=False),
        Page(path="/account/security/email/", template="accounts/email.html.j2", personal=True, listed=False),
        Page(path="/account/security/email/code/", template="accounts/email_code.html.j2", personal=True, listed=False),
        Page(path="/account/security/totp/", template="accounts/totp.html.j2", personal=True, listed=False),
        Page(
            path="/account/security/totp/confirm/",
            template="accounts/totp_confirm.html.j2",
            personal=True,
            listed=False,
        ),
        Page(path="/account/security/totp/off/", template="accounts/totp_off.html.j2", personal=True, listed=False),
        Page(path="/account/security/recovery/", template="accounts/recovery.html.j2", personal=True, listed=False),
        Page(
            path="/account/security/recovery/codes/",
            template="accounts/recovery_codes.html.j2",
            personal=True,
            listed=False,
        ),
        Page(path="/account/security/passkeys/", template="accounts/passkeys.html.j2", personal=True, listed=False),
        Page(path="/account/security/passkeys/one/", template="accounts/passkey.html.j2", personal=True, listed=False),
        Page(path="/account/email-back/", template="accounts/email_back.html.j2", personal=True, listed=False),
        Page(path="/account/devices/", template="accounts/devices.html.j2", personal=True, listed=False),
        Page(path="/account/data/", template="accounts/data.html.j2", personal=True, listed=False),
        Page(path="/account/delete/", template="accounts/delete.html.j2", personal=True, listed=False),
        Page(path="/account/delete/asked/", template="accounts/delete_asked.html.j2", personal=True, listed=False),
    ),
    notices=(Notice(name="security", always=True),),
    exports="lambdas.features.accounts.personal_data:exports",
    forgets="lambdas.features.accounts.erasure:forget",
    mails=True,
)
