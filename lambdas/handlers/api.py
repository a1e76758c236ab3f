"""The `api` function: what fans and sponsors ask of the platform, and what the site's bucket does not have."""

from typing import Any

from lambdas.handlers.assembly import web_app

app = web_app("api")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.handle(event, context)
