"""IVS's control plane for the one channel, as boto3 asks it (REST-JSON; shapes and errors from botocore's model of the service)."""

import json
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from local.ivs.channel import Channel, Stream
from local.ivs.playlists import iso
from local.ivs.settings import CONTROL_PATH
from local.ivs.viewers import Viewers
from local.loopback import Scope

BODY_BYTES = 256 * 1024
METADATA_BYTES = 1024
METADATA_A_SECOND = 5

Request = Mapping[str, Any]

log = logging.getLogger("prism.ivs.control")


class Fault(Exception):
    """Answered as the error of this name, which the operation's model knows."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Control:
    """An ASGI app below CONTROL_PATH. Who may ask is judged in front of it."""

    def __init__(self, *, channel: Channel, viewers: Viewers, playback_url: str, ingest: str) -> None:
        self._channel, self._viewers = channel, viewers
        self._playback_url, self._ingest = playback_url, ingest
        self._announced: deque[float] = deque()
        self._operations: dict[str, Callable[[Request], Mapping[str, Any] | None]] = {
            "BatchStartViewerSessionRevocation": self._revoke_many,
            "CreateStreamKey": self._create_key,
            "DeleteStreamKey": self._delete_key,
            "GetChannel": self._get_channel,
            "GetStream": self._get_stream,
            "GetStreamKey": self._get_key,
            "GetStreamSession": self._get_session,
            "ListStreamKeys": self._list_keys,
            "ListStreamSessions": self._list_sessions,
            "PutMetadata": self._put_metadata,
            "StartViewerSessionRevocation": self._revoke,
            "StopStream": self._stop,
        }

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        name = scope["path"].removeprefix(f"{CONTROL_PATH}/")
        body = await _body(receive)
        status, headers, answer = self._answer(scope["method"], name, body)
        payload = b"" if answer is None else json.dumps(answer).encode()
        told = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode()), *headers]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": payload})

    def _answer(
        self, method: str, name: str, body: bytes | None
    ) -> tuple[int, list[tuple[bytes, bytes]], Mapping[str, Any] | None]:
        operation = self._operations.get(name)
        if method != "POST" or operation is None:
            log.error("the local IVS has no operation %s", name if name.isalnum() else "of that name")
            return _fault(501, "UnknownOperationException", f"The local IVS does not know {name}.")
        model = self._model.operation_model(name)
        try:
            answer = operation(self._request(model, body))
        except Fault as fault:
            errors = {error.name: error.metadata["error"]["httpStatusCode"] for error in model.error_shapes}
            return _fault(errors[fault.name], fault.name, str(fault))
        return model.http["responseCode"], [], answer

    def _request(self, model: Any, body: bytes | None) -> Request:
        from botocore.validate import ParamValidator

        try:
            request = json.loads(body or b"{}") if body is not None else None
        except ValueError:
            request = None
        if not isinstance(request, dict):
            raise Fault("ValidationException", "The request is no JSON object of a sensible size.")
        report = ParamValidator().validate(request, model.input_shape)
        if report.has_errors():
            raise Fault("ValidationException", report.generate_report())
        unknown = request.keys() - model.input_shape.members.keys()
        if unknown:
            raise Fault("ValidationException", f"Unknown: {', '.join(sorted(unknown))}.")
        for member, shape in model.input_shape.members.items():
            pattern, most = shape.metadata.get("pattern"), shape.metadata.get("max")
            value = request.get(member)
            if isinstance(value, str) and (
                (pattern and not re.fullmatch(pattern, value)) or (most is not None and len(value) > most)
            ):
                raise Fault("ValidationException", f"{member} is not as it should be.")
        return request

    @cached_property
    def _model(self) -> Any:
        import botocore.session

        return botocore.session.get_session().get_service_model("ivs")

    def _check_channel(self, request: Request, member: str = "channelArn") -> None:
        if request[member] != self._channel.settings.channel:
            raise Fault("ResourceNotFoundException", "There is no such channel.")

    def _check_key(self, request: Request) -> None:
        key = self._channel.keys.current
        if key is None or request["arn"] != key.arn:
            raise Fault("ResourceNotFoundException", "There is no such stream key.")

    def _key(self, *, value: bool) -> dict[str, Any]:
        key = self._channel.keys.current
        assert key is not None
        shown = {"value": key.value} if value else {}
        return {"arn": key.arn, **shown, "channelArn": self._channel.settings.channel, "tags": {}}

    def _list_keys(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        return {"streamKeys": [self._key(value=False)] if self._channel.keys.current else []}

    def _get_key(self, request: Request) -> Mapping[str, Any]:
        self._check_key(request)
        return {"streamKey": self._key(value=True)}

    def _create_key(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        if self._channel.keys.current is not None:
            raise Fault("ServiceQuotaExceededException", "A channel can have one stream key.")
        self._channel.create_key()
        return {"streamKey": self._key(value=True)}

    def _delete_key(self, request: Request) -> None:
        self._check_key(request)
        self._channel.delete_key()

    def _get_channel(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request, "arn")
        return {"channel": self._described_channel()}

    def _described_channel(self) -> dict[str, Any]:
        settings = self._channel.settings
        recording = f"arn:aws:ivs:{settings.region}:{settings.account}:recording-configuration/{settings.channel_id}"
        return {
            "arn": settings.channel,
            "name": settings.channel_name,
            "latencyMode": "LOW",
            "type": "BASIC",
            "recordingConfigurationArn": recording if settings.bucket else "",
            "ingestEndpoint": self._ingest.removeprefix("rtmp://").partition("/")[0],
            "playbackUrl": self._playback_url,
            "authorized": True,
            "insecureIngest": True,
            "tags": {},
        }

    def _get_stream(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        stream = self._live()
        assert stream.started is not None
        return {
            "stream": {
                "channelArn": self._channel.settings.channel,
                "streamId": stream.id,
                "playbackUrl": self._playback_url,
                "startTime": iso(stream.started),
                "state": "LIVE",
                "health": "STARVING" if stream.starving else "HEALTHY",
                "viewerCount": self._viewers.count(stream, now=time.time()),
            }
        }

    def _live(self) -> Stream:
        if self._channel.live is None:
            raise Fault("ChannelNotBroadcasting", "The channel is not live.")
        return self._channel.live

    def _stop(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        self._live()
        self._channel.stop("The stream was stopped.")
        return {}

    def _list_sessions(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        begin, most = _place(request.get("nextToken", "")), int(request.get("maxResults", 50))
        streams = self._streams()
        after = begin + most
        more = {"nextToken": str(after)} if after < len(streams) else {}
        return {"streamSessions": [_session(stream) for stream in streams[begin:after]], **more}

    def _get_session(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        streams = self._streams()
        wanted = request.get("streamId", streams[0].id if streams else "")
        stream = next((each for each in streams if each.id == wanted), None)
        if stream is None:
            raise Fault("ResourceNotFoundException", "There is no such stream session.")
        session = _session(stream)
        del session["hasErrorEvent"]
        events = [
            {"name": name, "type": kind, "eventTime": iso(at)} for name, at, kind in sorted(stream.told, key=_when)
        ]
        ingest = {"ingestConfiguration": _ingested(stream)} if stream.window.epoch else {}
        return {
            "streamSession": {
                **session,
                "channel": self._described_channel(),
                **ingest,
                "truncatedEvents": events[::-1][:500],
            }
        }

    def _streams(self) -> list[Stream]:
        """The newest first."""
        current = [self._channel.stream] if self._channel.stream else []
        return [*current, *self._channel.past]

    def _put_metadata(self, request: Request) -> None:
        self._check_channel(request)
        if len(request["metadata"].encode()) > METADATA_BYTES:
            raise Fault("ValidationException", "Metadata is at most 1 kB.")
        self._live()
        now = time.monotonic()
        while self._announced and now - self._announced[0] >= 1:
            self._announced.popleft()
        if len(self._announced) >= METADATA_A_SECOND:
            raise Fault("ThrottlingException", "Metadata is taken five times a second.")
        self._announced.append(now)
        self._channel.announce(request["metadata"])

    def _revoke(self, request: Request) -> Mapping[str, Any]:
        self._check_channel(request)
        self._viewers.revoke(request["viewerId"], version=int(request.get("viewerSessionVersionsLessThanOrEqualTo", 0)))
        return {}

    def _revoke_many(self, request: Request) -> Mapping[str, Any]:
        if not 1 <= len(request["viewerSessions"]) <= 20:
            raise Fault("ValidationException", "One to twenty viewer sessions can be revoked at once.")
        errors = []
        for session in request["viewerSessions"]:
            try:
                self._revoke(session)
            except Fault as fault:
                named = {"channelArn": session["channelArn"], "viewerId": session["viewerId"]}
                errors.append({**named, "code": fault.name, "message": str(fault)})
        return {"errors": errors}


def _session(stream: Stream) -> dict[str, Any]:
    ended = {"endTime": iso(stream.ended)} if stream.ended else {}
    return {"streamId": stream.id, "startTime": iso(stream.began), **ended, "hasErrorEvent": stream.failed}


def _when(told: tuple[str, datetime, str]) -> datetime:
    return told[1]


def _ingested(stream: Stream) -> dict[str, Any]:
    epoch, told = stream.window.epoch, dict[str, Any]()
    if epoch and epoch.video:
        picture = epoch.video.picture
        told["video"] = {"codec": picture.codec, "videoWidth": picture.width, "videoHeight": picture.height}
        if picture.rate:
            told["video"]["targetFramerate"] = round(picture.rate)
    if epoch and epoch.audio:
        sound = epoch.audio
        told["audio"] = {"codec": sound.codec, "sampleRate": sound.rate, "channels": sound.channels}
    return told


def _place(token: str) -> int:
    if token and not token.isdecimal():
        raise Fault("ValidationException", "The token is not one that was given.")
    return int(token or 0)


async def _body(receive: Any) -> bytes | None:
    """None where it is longer than any that is meant."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return bytes(body)


def _fault(status: int, name: str, message: str) -> tuple[int, list[tuple[bytes, bytes]], dict[str, str]]:
    # The model's name for the text is the first; botocore shows the second.
    return status, [(b"x-amzn-errortype", name.encode())], {"exceptionMessage": message, "message": message}
