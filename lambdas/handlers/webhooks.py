"""The `webhooks` function: what other services tell the platform."""

from typing import Any

from lambdas.handlers.assembly import web_app

app = web_app("webhooks")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.handle(event, context)
