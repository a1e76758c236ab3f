"""The routes of the `studio` function: every module of this feature that answers there adds its own."""

from lambdas.platform.routing import Router

router = Router()
