"""A function's parts, put together once when it starts."""

from aws_lambda_powertools import Logger

from lambdas.core.clock import now
from lambdas.core.creator import Creator
from lambdas.core.references import load
from lambdas.features.registry import active_features, creator_model
from lambdas.handlers.rendering import Rendering
from lambdas.platform.environment import Environment
from lambdas.platform.identity import Identity
from lambdas.platform.keys import Keys
from lambdas.platform.limits import RateLimiter
from lambdas.platform.mail import Mailer
from lambdas.platform.publishing import CloudFront, Publisher
from lambdas.platform.services import Services
from lambdas.platform.sessions import Sessions
from lambdas.platform.settings import Settings
from lambdas.platform.storage import MediaBucket, SiteBucket
from lambdas.platform.tables import bind
from lambdas.web.app import App


def services(*, fresh: bool = False) -> Services:
    """What this function stands on, from its environment and its creator's file; tables are bound, their client made.

    `fresh` looks at the settings each time; else they are at most a minute old.
    """
    environment = Environment.read()
    creator = creator_model().model_validate_json(environment.creator_file.read_bytes(), context={"checked": True})
    features = active_features(creator)
    bind(creator_id=creator.id)
    keys = Keys(creator_id=creator.id)
    site = SiteBucket(name=environment.site_bucket)
    settings = Settings(file=creator, clock=now, always=fresh)
    rendering = Rendering(settings=settings, features=features, bucket=site, clock=now)
    return Services(
        creator=creator,
        features=features,
        clock=now,
        keys=keys,
        limits=RateLimiter(clock=now, key=lambda: keys.current_and_previous("session")[0]),
        sessions=Sessions(creator_id=creator.id, clock=now, keys=lambda: keys.current_and_previous("session")),
        identity=Identity(pool=environment.user_pool, app_client=environment.user_pool_client),
        mail=Mailer(creator=creator),
        site=site,
        media=MediaBucket(name=environment.media_bucket),
        settings=settings,
        renderer=rendering.renderer,
        publisher=Publisher(bucket=site, sites=rendering.site, edge=CloudFront(creator_id=creator.id), clock=now),
        version=environment.version,
    )


def web_app(function: str) -> App:
    """The web application of `api`, `account`, `studio` or `webhooks`: every router its active features declare for it."""
    parts = services()
    references = [getattr(feature, function) for feature in parts.features if getattr(feature, function)]
    return App(
        services=parts,
        routers=[load(reference) for reference in references],
        origin_digests=Environment.read().origin_digests,
        logger=logger(function, parts.creator),
        protected=function == "studio",
        fresh=function in {"account", "studio"},
        metered=function != "webhooks",
    )


def logger(function: str, creator: Creator) -> Logger:
    """JSON lines with the creator's id; no event is logged, for events carry what people typed."""
    return Logger(service=function, creator=creator.id)
