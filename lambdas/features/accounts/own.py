"""Routes of one's own things: importing this adds them all."""

from lambdas.features.accounts import (  # noqa: F401  (each adds its routes)
    deletion,
    devices,
    email,
    email_back,
    home,
    passkeys,
    password,
    personal_data,
    preferences,
    profile,
    security,
    totp,
)
