"""What features stand on, in one value: handed to every route and every event handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.core.clock import Clock
from lambdas.core.creator import Creator, Locale
from lambdas.core.feature import Feature
from lambdas.core.permissions import Standing
from lambdas.platform.identity import Identity
from lambdas.platform.keys import Keys
from lambdas.platform.limits import RateLimiter
from lambdas.platform.mail import Letter, Mailer
from lambdas.platform.publishing import Publisher
from lambdas.platform.sessions import Sessions
from lambdas.platform.settings import Settings
from lambdas.platform.storage import MediaBucket, SiteBucket


class Renderer(Protocol):
    """Turns templates into text; the one that builds the site (`frontend_template.render.Renderer`)."""

    def page(self, path: str, locale: Locale, context: Mapping[str, Any] | None = None) -> str:
        """The HTML of the active features' page at `path` ("/contact/"), with `context` over its own variables."""
        ...

    def screen(
        self,
        path: str,
        locale: Locale,
        context: Mapping[str, Any] | None = None,
        *,
        standing: Standing,
        url: str,
    ) -> str:
        """The HTML of the studio's screen declared as `path` ("/studio/contact/{id}/"), shown at `url` to someone of this standing."""
        ...

    def letter(self, template: str, locale: Locale, context: Mapping[str, Any]) -> Letter:
        """Subject, text and HTML of the mail `frontend_template/mail/<template>` ("contact/received")."""
        ...


class Renderers(Protocol):
    """Makes the renderer when it is first needed: Jinja stays out of a cold start that renders nothing."""

    def __call__(self) -> Renderer: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """`creator` is the creator's file; `settings.creator()` and what the renderer renders with have the studio's settings over it."""

    creator: Creator
    features: tuple[Feature[Any], ...]
    clock: Clock
    keys: Keys
    limits: RateLimiter
    sessions: Sessions
    identity: Identity
    mail: Mailer
    site: SiteBucket
    media: MediaBucket
    settings: Settings
    renderer: Renderers
    publisher: Publisher
    version: str
