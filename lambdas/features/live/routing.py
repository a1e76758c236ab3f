"""The router that the studio's modules of live put their routes on."""

from lambdas.platform.routing import Router

router = Router()
