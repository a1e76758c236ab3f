"""The emulator's Cognito, completed: passkeys beside it (`local.passkeys`), and before it the strictness of the real one.

By itself the emulator overlooks a missing SECRET_HASH, a flow that is switched off, a forged access token. It stands on
what is the emulator's own business (`ministack.services.cognito`); `tests/local/test_passkeys.py` says so first when
another version of it has changed.
"""

import json
from collections.abc import Mapping
from typing import Any

from local import passkeys
from local.passkeys import Data

Answer = tuple[int, dict[str, str], bytes]
"""What the emulator's services answer: status, headers, body."""

TARGET = "AWSCognitoIdentityProviderService."


class Cognito:
    """The emulator's ASGI app, whose Cognito is completed as soon as someone asks for it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            target = dict(scope["headers"]).get(b"x-amz-target", b"")
            if action_of(target.decode("latin-1")):
                install()
        await self.app(scope, receive, send)


def action_of(target: str) -> str:
    """The call of Cognito's user pools that a request's X-Amz-Target names, "" where it names none."""
    return target.removeprefix(TARGET) if target.startswith(TARGET) else ""


def install() -> None:
    """Complete the emulator's Cognito; a second time changes nothing."""
    from ministack.services import cognito

    if getattr(cognito, "_prism", False):
        return
    cognito._prism = True
    emulators = cognito._dispatch_idp

    async def dispatch(action: str, data: Data) -> Answer:
        answer: Answer | None = answered(action, data)
        return answer or await emulators(action, data)

    cognito._dispatch_idp = dispatch
    # One key for the pools of this emulator: making one of their own costs each new pool a quarter of a second.
    cognito._pool_signing_key = lambda pool, use: (cognito._RSA_PRIVATE_KEY, cognito._JWKS_KEY)


def by_token(action: str, body: bytes) -> Answer:
    """The answer to an unsigned request for one of `passkeys.BY_TOKEN`."""
    from ministack.core.responses import error_response_json

    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        refusal: Answer = error_response_json("SerializationException", "The body is no JSON object.", 400)
        return refusal
    answer = answered(action, data)
    assert answer is not None, "every call by token is answered here"
    return answer


def answered(action: str, data: Data) -> Answer | None:
    """What is answered here; None where the emulator's own answer will do. Runs on its event loop, between two requests."""
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import cognito

    refusal: Answer | None = (
        cognito._validate_client_secret_hash(action, data)
        or cognito._auth_flow_error(action, data)
        or cognito._access_token_error(data)
    )
    if refusal:
        return refusal
    call = passkeys.call_of(action, data)
    if call is None:
        return None
    try:
        answer: Answer = json_response(call(data))
    except passkeys.Refused as error:
        answer = error_response_json(error.code, str(error), 400)
    return answer
