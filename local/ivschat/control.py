"""The control plane of IVS Chat, as boto3's `ivschat` asks it: POST /<Operation>, JSON both ways, signed.

Shapes and limits come from botocore's description of the service, errors are those it names. There is one room here, which the
platform makes: operations that would make or change rooms are refused with 501, loudly.
"""

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.core.clock import now
from local.ivschat import frames, shapes
from local.ivschat.limits import Rate
from local.ivschat.room import Room
from local.loopback import ASGIApp, Scope
from local.signatures import Locked

log = logging.getLogger("prism.chat")

RATES = {"CreateChatToken": 200, "GetRoom": 5}
"""Calls a second of one account (IVS Chat service quotas); those that clients make too are counted by the room."""

DEFAULT_MINUTES = 60
MAX_BODY_BYTES = 64 * 1024

Answer = Mapping[str, Any]


class Failure(Exception):
    """An error of the service, by the name that its description gives it."""

    def __init__(self, name: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(name)
        self.name = name
        self.status = status
        self.body = {"message": message, **more}


class Control:
    """The operations on a room; `app` serves them to whoever signs with its secret."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._model = shapes.service("ivschat")
        self._rates = {name: Rate(limit) for name, limit in RATES.items()} | {
            "SendEvent": room.rates["SEND_EVENT"],
            "DeleteMessage": room.rates["DELETE_MESSAGE"],
            "DisconnectUser": room.rates["DISCONNECT_USER"],
        }
        self._operations: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "CreateChatToken": self._create_chat_token,
            "DeleteMessage": self._delete_message,
            "DisconnectUser": self._disconnect_user,
            "GetRoom": self._get_room,
            "SendEvent": self._send_event,
        }
        self._made_at = now()

    def app(self) -> ASGIApp:
        locked = Locked(
            app=self._serve,
            secret=self.room.settings.secret,
            origins=frozenset(),
            is_open=lambda headers, path: False,
            refusal=_refuse,
        )

        async def bounded(scope: Scope, receive: Any, send: Any) -> None:
            length = dict(scope["headers"]).get(b"content-length", b"0")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES or b"transfer-encoding" in dict(scope["headers"]):
                await _answer(
                    send, Failure("ValidationException", "The request is too large", status=413, reason="OTHER")
                )
                return
            await locked(scope, receive, send)

        return bounded

    async def _serve(self, scope: Scope, receive: Any, send: Any) -> None:
        name = scope["path"].rpartition("/")[2]
        try:
            body = await _body(receive)
            answer = self.call(name if scope["method"] == "POST" else "", body)
        except Failure as failure:
            await _answer(send, failure)
        except Exception:
            log.exception("%s failed", name)
            await _answer(send, Failure("InternalServerException", "Internal server error", status=500))
        else:
            await _send(send, 200, answer)

    def call(self, name: str, body: bytes) -> Answer:
        """Do one operation. Failure is what AWS would have answered."""
        if name not in self._model.operation_names:
            raise Failure(
                "ValidationException", f"Unknown operation {name or 'of this method'}", reason="UNKNOWN_OPERATION"
            )
        operation = self._operations.get(name)
        if operation is None:
            log.error("ivschat was asked for %s, which the local room does not do", name)
            raise Failure("NotImplemented", f"The local IVS Chat has one room, which it does not {name}", status=501)
        try:
            asked = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            raise Failure("ValidationException", "The body is no JSON", reason="OTHER") from None
        wrong = list(shapes.faults(self._model.operation_model(name).input_shape, asked))
        if wrong:
            raise _invalid(*wrong)
        self._find_room(asked.get("roomIdentifier") or asked.get("identifier"))
        self._count(name)
        return operation(asked)

    def _find_room(self, arn: str) -> None:
        settings = self.room.settings
        if arn == settings.arn:
            return
        if arn.split(":")[4] != settings.account:
            raise Failure("AccessDeniedException", f"You are not authorized to perform this on {arn}", status=403)
        raise Failure(
            "ResourceNotFoundException",
            "There is no such room",
            status=404,
            resourceId=arn.rpartition("/")[2],
            resourceType="ROOM",
        )

    def _count(self, name: str) -> None:
        rate = self._rates[name]
        if not rate.take():
            raise Failure(
                "ThrottlingException",
                "Rate exceeded",
                status=429,
                resourceId=self.room.settings.id,
                resourceType="ROOM",
                limit=rate.limit,
            )

    def _create_chat_token(self, asked: Mapping[str, Any]) -> Answer:
        made, grant = self.room.make_token(
            asked["userId"],
            _attributes(asked),
            frozenset(asked.get("capabilities") or ()),
            asked.get("sessionDurationInMinutes") or DEFAULT_MINUTES,
        )
        return {
            "token": made.token,
            "tokenExpirationTime": frames.timestamp(made.expires_at),
            "sessionExpirationTime": frames.timestamp(grant.session_until),
        }

    def _send_event(self, asked: Mapping[str, Any]) -> Answer:
        if asked["eventName"].startswith("aws:"):
            raise _invalid(shapes.Fault("eventName", "names that begin with aws: are AWS's own"))
        return {"id": self.room.send_event(asked["eventName"], _attributes(asked))}

    def _delete_message(self, asked: Mapping[str, Any]) -> Answer:
        return {"id": self.room.delete(asked["id"], asked.get("reason") or "")}

    def _disconnect_user(self, asked: Mapping[str, Any]) -> Answer:
        """Also where nobody of that name is there: it is about a user, not about a connection."""
        self.room.disconnect(asked["userId"], asked.get("reason") or "")
        return {}

    def _get_room(self, _: Mapping[str, Any]) -> Answer:
        settings = self.room.settings
        reviewed = {"uri": settings.review_uri, "fallbackResult": settings.fallback} if settings.review else None
        return {
            "arn": settings.arn,
            "id": settings.id,
            "name": settings.name,
            "createTime": frames.timestamp(self._made_at),
            "updateTime": frames.timestamp(self._made_at),
            "maximumMessageRatePerSecond": settings.rate,
            "maximumMessageLength": settings.length,
            **({"messageReviewHandler": reviewed} if reviewed else {}),
            "tags": {},
            "loggingConfigurationIdentifiers": [settings.logging_configuration] if settings.log else [],
        }


def _attributes(asked: Mapping[str, Any]) -> Mapping[str, str]:
    attributes: Mapping[str, str] = asked.get("attributes") or {}
    if frames.size_of(attributes) > frames.MAX_ATTRIBUTES_BYTES:
        raise _invalid(shapes.Fault("attributes", f"may have {frames.MAX_ATTRIBUTES_BYTES} bytes"))
    return attributes


def _invalid(*wrong: shapes.Fault) -> Failure:
    return Failure(
        "ValidationException",
        f"{len(wrong)} validation errors: {'; '.join(f'{field} {message}' for field, message in wrong)}",
        reason="FIELD_VALIDATION_FAILED",
        fieldList=[{"name": field, "message": message} for field, message in wrong],
    )


async def _body(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            return bytes(body)


async def _refuse(scope: Scope, receive: Any, send: Any, reason: str) -> None:
    await _answer(send, Failure("AccessDeniedException", reason, status=403))


async def _answer(send: Any, failure: Failure) -> None:
    await _send(send, failure.status, failure.body, error=failure.name)


async def _send(send: Any, status: int, body: Answer, *, error: str = "") -> None:
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
    ]
    if error:
        headers.append((b"x-amzn-errortype", error.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
