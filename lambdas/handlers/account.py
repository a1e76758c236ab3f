"""The `account` function: signing up, signing in, and everything of one's own; it alone asks Cognito."""

from typing import Any

from lambdas.handlers.assembly import web_app

app = web_app("account")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.handle(event, context)
