"""A creator's platform against the emulator, with a clock that a test moves."""

import base64
import io
import itertools
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, get_args
from urllib.parse import parse_qsl
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES, active_features, tables_of
from lambdas.handlers.assembly import routing
from lambdas.handlers.rendering import Rendering
from lambdas.platform.identity import Identity
from lambdas.platform.ivs import Channel
from lambdas.platform.ivschat import Room
from lambdas.platform.keys import BIRTHS, Keys, digest, parameter
from lambdas.platform.limits import RateLimiter
from lambdas.platform.mail import Mailer
from lambdas.platform.publishing import CloudFront, Publisher
from lambdas.platform.services import Renderer, Services
from lambdas.platform.sessions import COOKIE, Sessions
from lambdas.platform.settings import Settings
from lambdas.platform.signed_media import MediaSigner
from lambdas.platform.sleeping import Sleepers
from lambdas.platform.storage import MediaBucket, SiteBucket
from lambdas.platform.tables import bind, definition, table_name
from lambdas.web import edge
from lambdas.web.app import App
from lambdas.web.edge import ORIGIN_SECRET_HEADER, VIEWER_ADDRESS_HEADER, VIEWER_HOST_HEADER
from local import http_api
from local.platform import create_table
from local.user_pool import ensure_user_pool
from tests import rights_in_force
from tests.creators import a_creator
from tests.published import real_renderer

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN_SECRET = "the-edge-knows-this"
BUCKET = "prism-tester-site"
MEDIA_BUCKET = "prism-tester-media"
CHANNEL_ARN = "arn:aws:ivs:eu-central-1:123456789012:channel/tEsTcHaNnEl1"
PLAYBACK = "https://tester.eu-central-1.playback.live-video.net/api/video/v1/eu-central-1.123456789012.channel.tEsTcHaNnEl1.m3u8"
ROOM_ARN = "arn:aws:ivschat:eu-central-1:123456789012:room/tEsTrOoM0001"
CHAT_LOG = "/aws/vendedlogs/prism-tester-chat"


@dataclass
class MovingClock:
    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PlatformUnderTest:
    """`call` asks the platform as CloudFront would; `services` is what features are given, `log` what was logged.

    `apps` are the functions by name; the one that `edge.routes` names answers. `app` is that of `api`.
    """

    creator: Creator
    services: Services
    clock: MovingClock
    apps: dict[edge.FunctionName, App]
    log: io.StringIO
    _ids: Any = field(default_factory=itertools.count)

    @property
    def app(self) -> App:
        return self.apps["api"]

    @app.setter
    def app(self, app: App) -> None:
        self.apps = dict.fromkeys(get_args(edge.FunctionName), app)

    def in_the_role_of(self, function: edge.FunctionName) -> AbstractContextManager[None]:
        """What is asked of AWS meanwhile is refused where the function's role would not allow it, and fails the test."""
        return rights_in_force.in_force(
            function,
            creator=self.creator,
            features=self.services.features,
            site_bucket=BUCKET,
            media_bucket=MEDIA_BUCKET,
        )

    def sign_in(self, person_id: str, *, method: str = "password") -> dict[str, str]:
        """Cookies of a new session of this person, for `call(…, cookies=…)`."""
        return {COOKIE: self.services.sessions.open(person_id, agent="Test", method=method)[1]}

    def call(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        form: str | None = None,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        address: str = "203.0.113.7:40000",
        query: str = "",
        cookies: dict[str, str] | None = None,
        through_edge: bool = True,
    ) -> Answer:
        """`cookies` are sent as a browser of our own site does: with its Origin."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json_body is not None:
            body, sent = json.dumps(json_body), {"content-type": "application/json", **sent}
        if form is not None:
            body, sent = form, {"content-type": "application/x-www-form-urlencoded", **sent}
        if cookies is not None:
            sent = {"origin": f"https://{self.creator.domain}", **sent}
        if through_edge:
            sent |= {
                ORIGIN_SECRET_HEADER: ORIGIN_SECRET,
                VIEWER_ADDRESS_HEADER: address,
                VIEWER_HOST_HEADER: self.creator.domain,
            }
        raw = body.encode() if isinstance(body, str) else body
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "ANY /api/{proxy+}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": sent,
            "requestContext": {
                "requestId": f"request-{next(self._ids):08d}",
                "stage": "$default",
                "http": {"method": method, "path": path, "sourceIp": "130.176.0.1", "userAgent": "test"},
            },
            "body": base64.b64encode(raw).decode() if raw is not None else None,
            "isBase64Encoded": raw is not None,
        }
        if cookies:
            event["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
        if query:
            event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True))
        found = http_api.match(edge.routes(self.services.features), path)
        with self.in_the_role_of(found.route.function):
            response = self.apps[found.route.function].handle(event, None)
        return Answer(
            response["statusCode"], response["headers"], response["body"], tuple(response.get("cookies") or ())
        )


def _client(service: str) -> Any:
    return _client_at(service, os.environ["AWS_ENDPOINT_URL"])


@cache
def _client_at(service: str, endpoint: str) -> Any:
    return boto3.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


@cache
def _keys_of(creator_id: str) -> dict[str, str]:
    """Born once in this process: prime numbers take longer to find than most tests take."""
    return {parameter(creator_id, name): born() for name, born in BIRTHS.items()}


def _put_keys(creator_id: str) -> None:
    for name, value in _keys_of(creator_id).items():
        _client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def start_platform(
    *,
    features: tuple[Feature[Any], ...] = FEATURES,
    renderer: Callable[[], Renderer] | None = None,
    **creator_fields: Any,
) -> PlatformUnderTest:
    """Tables, keys and the `api` application of a creator, against the emulator the environment names."""
    creator = a_creator(features=features, **creator_fields)
    active = active_features(creator, features)
    clock = MovingClock()
    models = tables_of(active).values()
    bind(creator_id=creator.id)
    dynamodb = _client("dynamodb")
    for model in models:
        with suppress(dynamodb.exceptions.ResourceInUseException):
            # Nothing expires: the emulator would delete, by the real clock, what is not over yet by the test's.
            create_table(dynamodb, table_name(creator.id, model.short_name), definition(model))
    _put_keys(creator.id)
    keys = Keys(creator_id=creator.id)
    people = ensure_user_pool(_client("cognito-idp"), creator.id, site=creator.domain)

    site = SiteBucket(name=BUCKET)
    settings = Settings(file=creator, clock=clock, always=True)
    rendering = Rendering(settings=settings, features=active, bucket=site, clock=clock)

    services = Services(
        creator=creator,
        origin=creator.origin,
        features=active,
        clock=clock,
        keys=keys,
        limits=RateLimiter(clock=clock, key=lambda: keys.current_and_previous("session")[0]),
        sessions=Sessions(creator_id=creator.id, clock=clock, keys=lambda: keys.current_and_previous("session")),
        identity=Identity(pool=people.id, app_client=people.client, floor=0),
        mail=Mailer(creator=creator),
        site=site,
        media=MediaBucket(name=MEDIA_BUCKET),
        settings=settings,
        renderer=renderer or real_renderer,
        publisher=Publisher(bucket=site, sites=rendering.site, edge=CloudFront(creator_id=creator.id), clock=clock),
        channel=Channel(arn=CHANNEL_ARN, playback=PLAYBACK, ingest="rtmp://127.0.0.1:1935/app/"),
        room=Room(arn=ROOM_ARN, endpoint="ws://127.0.0.1:9/ivschat/socket", log_group=CHAT_LOG),
        sleepers=Sleepers(creator_id=creator.id),
        media_signer=MediaSigner(
            origin=creator.origin, key_id=lambda: "KTEST", keys=lambda: keys.current_and_previous("media-signing")
        ),
        version="test",
    )
    log = io.StringIO()
    apps: dict[edge.FunctionName, App] = {
        function: App(
            services=services,
            **routing(function, active),
            origin_digests=frozenset({digest(ORIGIN_SECRET)}),
            logger=Logger(service=f"test-{uuid4()}", stream=log),
            protected=function == "studio",
            fresh=function in {"account", "studio"},
            metered=function != "webhooks",
        )
        for function in edge.functions(active)
        if function != "worker"
    }
    return PlatformUnderTest(creator=creator, services=services, clock=clock, apps=apps, log=log)
