"""What features stand on, in one value: handed to every route and every event handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from lambdas.core.clock import Clock
from lambdas.core.creator import Creator, Locale
from lambdas.core.feature import Feature
from lambdas.core.permissions import Standing
from lambdas.platform.keys import Keys
from lambdas.platform.limits import RateLimiter
from lambdas.platform.sessions import Sessions

if TYPE_CHECKING:
    from lambdas.platform.identity import Identity
    from lambdas.platform.ivs import Channel
    from lambdas.platform.ivschat import Room
    from lambdas.platform.mail import Letter, Mailer
    from lambdas.platform.publishing import Publisher
    from lambdas.platform.settings import Settings
    from lambdas.platform.signed_media import MediaSigner
    from lambdas.platform.sleeping import Sleepers
    from lambdas.platform.storage import MediaBucket, SiteBucket

T = TypeVar("T")


class Later(Generic[T]):
    """A part of the services that is made, and its code imported, when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make


class _Part(Generic[T]):
    """A field of `Services` that may be given as `Later`: most requests never ask for it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, services: "Services | None", owner: type | None = None) -> T:
        if services is None:
            raise AttributeError(self._name)  # to dataclass: there is no default
        value = services.__dict__[self._name]
        if isinstance(value, Later):
            value = services.__dict__[self._name] = value.make()
        made: T = value
        return made

    def __set__(self, services: "Services", value: T | Later[T]) -> None:
        services.__dict__[self._name] = value


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

    def letter(self, template: str, locale: Locale, context: Mapping[str, Any]) -> "Letter":
        """Subject, text and HTML of the mail `frontend_template/mail/<template>` ("contact/received")."""
        ...


class Renderers(Protocol):
    """Makes the renderer when it is first needed: Jinja stays out of a cold start that renders nothing."""

    def __call__(self) -> Renderer: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """`creator` is the creator's file; `settings.creator()` and what the renderer renders with have the studio's settings over it.

    `origin` is where browsers find the site: https:// and the creator's domain, on a laptop its address there.
    """

    creator: Creator
    origin: str
    features: tuple[Feature[Any], ...]
    clock: Clock
    keys: Keys
    limits: RateLimiter
    sessions: Sessions
    identity: "_Part[Identity]" = _Part()
    mail: "_Part[Mailer]" = _Part()
    site: "_Part[SiteBucket]" = _Part()
    media: "_Part[MediaBucket]" = _Part()
    settings: "_Part[Settings]" = _Part()
    publisher: "_Part[Publisher]" = _Part()
    channel: "_Part[Channel]" = _Part()
    room: "_Part[Room]" = _Part()
    sleepers: "_Part[Sleepers]" = _Part()
    media_signer: "_Part[MediaSigner]" = _Part()
    renderer: Renderers
    version: str
