"""The `studio` function: what the creator's team asks of the platform; every route needs a permission."""

from typing import Any

from lambdas.handlers.assembly import web_app

app = web_app("studio")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.handle(event, context)
