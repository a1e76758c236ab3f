"""One request, as a feature's routes see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.depends import Depends

from lambdas.core.creator import Locale
from lambdas.core.errors import Forbidden, NotSignedIn
from lambdas.core.ids import pseudonym
from lambdas.core.permissions import FAN, Standing
from lambdas.platform.services import Services
from lambdas.platform.sessions import Session

if TYPE_CHECKING:
    from lambdas.platform.people import Person

STUDIO = "/studio/"

Html = Response[str]
"""What a route that shows a page returns."""


@dataclass(kw_only=True)
class Reply:
    """What a route adds to its answer: cookies (whole `Set-Cookie` values, by name), and where a form leads."""

    cookies: dict[str, str] = field(default_factory=dict)
    location: str = ""


class File(NamedTuple):
    """A file that a form brought. `name` is what the sender calls it, and `content` may be anything."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who asks, how, and what the route may use.

    `address` is the viewer's, as CloudFront saw it (IPv6 cut to its /64). `as_form` says that a
    browser sent a form and reads HTML. `locale` is the page's language. `path` and `parameters` are
    the address asked for, without a language. `session` is None where nobody is signed in.
    `describe` gives the API's OpenAPI document.
    """

    services: Services
    address: str
    locale: Locale
    correlation_id: str
    as_form: bool
    describe: Callable[[], dict[str, Any]]
    path: str = "/"
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    user_agent: str = ""
    session: Session | None = None
    reply: Reply = field(default_factory=Reply)

    @property
    def agent(self) -> str:
        """Their browser in a few words: "Firefox, Linux"."""
        from lambdas.core.agents import agent_of

        return agent_of(self.user_agent)

    @property
    def subject(self) -> str:
        """Who is counted: the person who is signed in, else the address."""
        return self.session.person_id if self.session else self.address

    @property
    def visitor(self) -> str:
        """Who asks, to tell visitors apart without storing addresses: the same for the same person, or address, and session key."""
        return pseudonym(self.subject, key=self.services.keys.current_and_previous("session")[0])

    @cached_property
    def person(self) -> "Person":
        """Who is signed in, read once a request; NotSignedIn where nobody is, or the account is gone."""
        from lambdas.platform.people import Person

        if self.session is None:
            raise NotSignedIn(fix="Sign in, then try again.")
        try:
            return Person.get(self.session.person_id, consistent_read=True)
        except Person.DoesNotExist:
            raise NotSignedIn("This account is gone.", fix="Sign in with another one.") from None

    @cached_property
    def standing(self) -> Standing:
        """What who asks may do, read once a request."""
        from lambdas.platform.team import standing_of

        return standing_of(self.session.person_id, self.services.features) if self.session else FAN

    def of(self, session: Session) -> "Visit":
        """The same visit, of somebody who is signed in."""
        return self._with(session=session)

    def in_language(self, locale: Locale) -> "Visit":
        """The same visit, spoken to in another language."""
        return self._with(locale=locale)

    def with_files(self, files: Mapping[str, File]) -> "Visit":
        """The same visit, with the files that its form brought."""
        return self._with(files=files)

    def _with(self, **changed: Any) -> "Visit":
        other = replace(self, **changed)
        # What has been read of the person stays read.
        other.__dict__.update({name: self.__dict__[name] for name in ("person", "standing") if name in self.__dict__})
        return other

    def page(self, path: str, context: Mapping[str, Any] | None = None, *, status: int = 200) -> Html:
        """The personal page declared as `path`, in the visit's language."""
        shown = self.services.renderer().page(path, self.locale, context)
        return Response(status_code=status, content_type=HTML, body=shown)

    def standing_now(self) -> Standing:
        """What who asks may do by now: read again, for a decision that met another one."""
        self.__dict__.pop("standing", None)
        return self.standing

    def may_see(self, path: str) -> None:
        """Forbidden where who asks lacks the permission of the studio's screen declared as `path`."""
        needed = {
            screen.needs for feature in self.services.features for screen in feature.screens if screen.path == path
        }
        if not needed <= self.standing.permissions:
            raise Forbidden("Your role does not allow this.", fix="Ask an owner of the site to give you one that does.")

    def screen(self, path: str, context: Mapping[str, Any] | None = None, *, status: int = 200) -> Html:
        """The studio's screen declared as `path`; its template also knows `person` and `standing`. Forbidden without its permission.

        So whatever leads here (a form that is refused is answered with its screen) shows nobody what is not theirs to see.
        """
        self.may_see(path)
        known = {"person": self.person, **(context or {})}
        shown = self.services.renderer().screen(path, self.locale, known, standing=self.standing, url=self.path)
        return Response(status_code=status, content_type=HTML, body=shown)

    def go(self, path: str) -> None:
        """Lead a form's success to this address (no language in it, a query perhaps), and not to the one declared."""
        self.reply.location = path

    def redirect(self, path: str) -> Html:
        """An answer that leads to this address (no language in it, a query perhaps): for routes that show pages."""
        return Response(status_code=303, headers={"location": self.located(path)}, body="")

    def located(self, path: str) -> str:
        """Where an address is in the visit's language; the studio and the API have one address for all languages."""
        if path.startswith((STUDIO, "/api/")) or not path.startswith("/"):
            return path
        return self.services.creator.path(path, self.locale)

    def set_cookie(self, name: str, value: str, *, seconds: int) -> None:
        """A cookie for this site and no script; `name` begins with `__Host-`."""
        self.reply.cookies[name] = f"{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"

    def lend_cookies(self, cookies: Mapping[str, str], *, path: str, seconds: int) -> None:
        """Cookies that a browser sends with what lies below `path` ("/media/videos/vid_…/"), and with nothing else."""
        for name, value in cookies.items():
            self.reply.cookies[f"{path} {name}"] = (
                f"{name}={value}; Path={path}; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"
            )

    def drop_cookie(self, name: str) -> None:
        self.set_cookie(name, "", seconds=0)


HTML = "text/html; charset=utf-8"


def _this(request: Request) -> Visit:
    visit = request.context["visit"]
    assert isinstance(visit, Visit)
    return visit


Here = Annotated[Visit, Depends(_this)]
"""A route's parameter: `def send(message: Message, visit: Here) -> …`."""
