"""A creator's platform against the emulator, with a clock that a test moves."""

import base64
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.core.references import load
from lambdas.features.registry import FEATURES, active_features, tables_of
from lambdas.platform.keys import Keys, digest, ensure_keys
from lambdas.platform.limits import RateLimiter
from lambdas.platform.mail import Mailer
from lambdas.platform.services import Renderer, Services
from lambdas.platform.storage import SiteBucket
from lambdas.platform.tables import bind
from lambdas.web.app import App
from lambdas.web.edge import ORIGIN_SECRET_HEADER, VIEWER_ADDRESS_HEADER, VIEWER_HOST_HEADER
from tests.creators import a_creator
from tests.published import real_renderer

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN_SECRET = "the-edge-knows-this"
BUCKET = "prism-tester-site"


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

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PlatformUnderTest:
    """`call` asks the API as CloudFront would; `services` is what features are given, `log` what was logged."""

    creator: Creator
    services: Services
    clock: MovingClock
    app: App
    log: io.StringIO
    _ids: Any = field(default_factory=itertools.count)

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
        through_edge: bool = True,
    ) -> Answer:
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json_body is not None:
            body, sent = json.dumps(json_body), {"content-type": "application/json", **sent}
        if form is not None:
            body, sent = form, {"content-type": "application/x-www-form-urlencoded", **sent}
        if through_edge:
            sent |= {
                ORIGIN_SECRET_HEADER: ORIGIN_SECRET,
                VIEWER_ADDRESS_HEADER: address,
                VIEWER_HOST_HEADER: self.creator.domain,
            }
        raw = body.encode() if isinstance(body, str) else body
        event = {
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
        response = self.app.handle(event, None)
        return Answer(response["statusCode"], response["headers"], response["body"])


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
    bind(models, creator_id=creator.id)
    for model in models:
        model.create_table(billing_mode="PAY_PER_REQUEST")
    ensure_keys(boto3.client("ssm"), creator.id)
    keys = Keys(creator_id=creator.id)

    services = Services(
        creator=creator,
        features=active,
        clock=clock,
        keys=keys,
        limits=RateLimiter(clock=clock, key=lambda: keys.current_and_previous("session")[0]),
        mail=Mailer(creator=creator),
        site=SiteBucket(name=BUCKET),
        renderer=renderer or real_renderer,
        version="test",
    )
    log = io.StringIO()
    app = App(
        services=services,
        routers=[load(feature.api) for feature in active if feature.api],
        origin_digests=frozenset({digest(ORIGIN_SECRET)}),
        logger=Logger(service=f"test-{uuid4()}", stream=log),
    )
    return PlatformUnderTest(creator=creator, services=services, clock=clock, app=app, log=log)
