"""The `account` function's routes, all of them."""

from lambdas.features.accounts import entering, own, sign_in  # noqa: F401  (each adds its routes)
from lambdas.features.accounts.routing import router

__all__ = ["router"]
