"""A function's parts, put together once when it starts."""

from functools import cache
from typing import TYPE_CHECKING, TypedDict

from aws_lambda_powertools import Logger

from lambdas.core.clock import now
from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.core.references import load
from lambdas.features.registry import active_features, creator_model
from lambdas.platform.environment import Environment
from lambdas.platform.keys import Keys
from lambdas.platform.limits import RateLimiter
from lambdas.platform.services import Later, Renderer, Services
from lambdas.platform.sessions import Sessions
from lambdas.platform.tables import bind
from lambdas.web.app import App, Branch

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.event_handler.api_gateway import Router

    from lambdas.handlers.rendering import Rendering
    from lambdas.platform.identity import Identity
    from lambdas.platform.ivs import Channel
    from lambdas.platform.ivschat import Room
    from lambdas.platform.mail import Mailer
    from lambdas.platform.publishing import Publisher
    from lambdas.platform.settings import Settings
    from lambdas.platform.signed_media import MediaSigner
    from lambdas.platform.sleeping import Sleepers
    from lambdas.platform.storage import MediaBucket, SiteBucket


def services(*, fresh: bool = False) -> Services:
    """What this function stands on, from its environment and its creator's file; tables are bound, their client made.

    `fresh` looks at the settings each time; else they are at most a minute old.
    """
    environment = Environment.read()
    creator = creator_model().model_validate_json(environment.creator_file.read_bytes(), context={"checked": True})
    features = active_features(creator)
    bind(creator_id=creator.id)
    keys = Keys(creator_id=creator.id)
    origin = environment.site_origin or creator.origin
    parts = _Parts(environment, creator, origin, features, keys, fresh=fresh)
    return Services(
        creator=creator,
        origin=origin,
        features=features,
        clock=now,
        keys=keys,
        limits=RateLimiter(clock=now, key=lambda: keys.current_and_previous("session")[0]),
        sessions=Sessions(creator_id=creator.id, clock=now, keys=lambda: keys.current_and_previous("session")),
        identity=Later(parts.identity),
        mail=Later(parts.mail),
        site=Later(parts.site),
        media=Later(parts.media),
        settings=Later(parts.settings),
        publisher=Later(parts.publisher),
        channel=Later(parts.channel),
        room=Later(parts.room),
        sleepers=Later(parts.sleepers),
        media_signer=Later(parts.media_signer),
        renderer=parts.renderer,
        version=environment.version,
    )


class _Parts:
    """What most requests never need. Imported here, each where it is made: every cold start reads this file."""

    def __init__(
        self,
        environment: Environment,
        creator: Creator,
        origin: str,
        features: "tuple[Feature[Any], ...]",
        keys: Keys,
        *,
        fresh: bool,
    ) -> None:
        self._keys = keys
        self._environment = environment
        self._creator = creator
        self._origin = origin
        self._features = features
        self._fresh = fresh
        self.site = cache(self._site)
        self.settings = cache(self._settings)
        self._rendering = cache(self._make_rendering)

    def identity(self) -> "Identity":
        from lambdas.platform.identity import Identity

        return Identity(pool=self._environment.user_pool, app_client=self._environment.user_pool_client)

    def mail(self) -> "Mailer":
        from lambdas.platform.mail import Mailer

        return Mailer(creator=self._creator)

    def media(self) -> "MediaBucket":
        from lambdas.platform.storage import MediaBucket

        return MediaBucket(name=self._environment.media_bucket)

    def publisher(self) -> "Publisher":
        from lambdas.platform.publishing import CloudFront, Publisher

        edge = CloudFront(creator_id=self._creator.id)
        return Publisher(bucket=self.site(), sites=self._rendering().site, edge=edge, clock=now)

    def channel(self) -> "Channel":
        from lambdas.platform.ivs import Channel

        told = self._environment
        return Channel(arn=told.channel, playback=told.playback, ingest=told.ingest)

    def room(self) -> "Room":
        from lambdas.platform.ivschat import Room

        told = self._environment
        return Room(arn=told.room, endpoint=told.chat_endpoint, log_group=told.chat_log)

    def sleepers(self) -> "Sleepers":
        from lambdas.platform.sleeping import Sleepers

        return Sleepers(creator_id=self._creator.id)

    def media_signer(self) -> "MediaSigner":
        from lambdas.platform.signed_media import MediaSigner, WrittenKeyId

        told = self._environment.media_key
        return MediaSigner(
            origin=self._origin,
            key_id=(lambda: told) if told else WrittenKeyId(creator_id=self._creator.id),
            keys=lambda: self._keys.current_and_previous("media-signing"),
        )

    def renderer(self) -> Renderer:
        return self._rendering().renderer()

    def _site(self) -> "SiteBucket":
        from lambdas.platform.storage import SiteBucket

        return SiteBucket(name=self._environment.site_bucket)

    def _settings(self) -> "Settings":
        from lambdas.platform.settings import Settings

        return Settings(file=self._creator, clock=now, always=self._fresh)

    def _make_rendering(self) -> "Rendering":
        from lambdas.handlers.rendering import Rendering

        return Rendering(settings=self.settings(), features=self._features, bucket=self.site(), clock=now)


def web_app(function: str) -> App:
    """The web application of `api`, `account`, `studio` or `webhooks`: every router its active features declare for it."""
    parts = services()
    return App(
        services=parts,
        **routing(function, parts.features),
        origin_digests=Environment.read().origin_digests,
        logger=logger(function, parts.creator),
        protected=function == "studio",
        fresh=function in {"account", "studio"},
        metered=function != "webhooks",
    )


class Routing(TypedDict):
    """What an `App` is given of routes."""

    routers: "list[Router]"
    branches: list[Branch]


def routing(function: str, features: "tuple[Feature[Any], ...]") -> Routing:
    """The routes of a function. The `api` function loads a feature's when they are asked for: fans wait for it to start."""
    if function == "api":
        branches = [Branch(f.api_paths or (f"/api/{f.name}",), f.api) for f in features if f.api]
        return {"routers": [], "branches": branches}
    references = [getattr(feature, function) for feature in features if getattr(feature, function)]
    return {"routers": [load(reference) for reference in references], "branches": []}


def logger(function: str, creator: Creator) -> Logger:
    """JSON lines with the creator's id; no event is logged, for events carry what people typed."""
    return Logger(service=function, creator=creator.id)
