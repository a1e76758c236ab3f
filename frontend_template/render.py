"""Templates to text: every page of a site, published or personal, and every letter.

The functions carry this file too, so what is heavy (Babel, Markdown) is imported where it is used,
and nothing of the asset pipeline is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup

from frontend_template.dates import written_date, written_datetime, written_time
from frontend_template.manifest import OPEN_GRAPH, AssetManifest
from frontend_template.markup import Tags
from frontend_template.prose import as_html
from frontend_template.texts import TextMissing, Texts
from lambdas.core.brand import palette
from lambdas.core.creator import Creator, Locale, Text
from lambdas.core.errors import NotFound, PrismError
from lambdas.core.feature import Block, Feature, Page, PageContext, Reference, Screen
from lambdas.core.permissions import Standing
from lambdas.core.references import load
from lambdas.platform.mail import Letter

__all__ = ["ROOT", "AssetManifest", "NotRendered", "Renderer"]

ROOT = Path(__file__).resolve().parent
OVERVIEW = "/studio/"


class NotRendered(PrismError):
    """A template failed: the message names the file, the line and the reason."""

    code = "not_rendered"
    title = "A page could not be made"


@dataclass(frozen=True, kw_only=True)
class Alternate:
    """A page in one language. `url` is from the root, `absolute` with the creator's domain."""

    locale: Locale
    name: str
    url: str
    absolute: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class ThisPage:
    """What a template knows of the page it is."""

    path: str
    feature: str
    url: str
    canonical: str
    default: str
    listed: bool
    alternates: tuple[Alternate, ...]


@dataclass(frozen=True, kw_only=True)
class NavEntry:
    url: str
    label: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class RailEntry:
    """A section of the studio; `help` says what it is for."""

    url: str
    label: str
    help: str
    icon: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class Area:
    """A feature as the studio calls it (`<feature>.area`), and what it calls its own things."""

    name: str
    title: str
    words: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture for other sites to show: an absolute address, pixels."""

    url: str
    width: int
    height: int


class Renderer:
    """One creator's pages and letters; `lambdas.platform.services.Renderer` in the real."""

    def __init__(
        self,
        creator: Creator,
        features: tuple[Feature[Any], ...],
        assets: AssetManifest,
        *,
        roots: Sequence[Path] = (ROOT,),
        stored: bool = True,
    ) -> None:
        """`features` are the active ones. `roots` are searched in order for templates and texts.

        `stored` false says that there are no tables to ask (see `PageContext`).
        """
        self._features = features
        self._pages: dict[str, tuple[Feature[Any], Page]] = {p.path: (f, p) for f in features for p in f.pages}
        self._screens: dict[str, tuple[Feature[Any], Screen]] = {s.path: (f, s) for f in features for s in f.screens}
        self._stored = stored
        self._texts = Texts(roots)
        self._environment = _environment(roots)
        self._show(creator, assets)

    def _show(self, creator: Creator, assets: AssetManifest) -> None:
        self._creator = creator
        self._tags = Tags(assets)
        self._palette = palette(creator.brand)

    def renewed(self, creator: Creator, assets: AssetManifest) -> "Renderer":
        """Another one for these settings and assets: templates and texts, which take long to read, are shared."""
        other = copy(self)
        other._show(creator, assets)
        return other

    def page(self, path: str, locale: Locale, context: Mapping[str, Any] | None = None) -> str:
        """The HTML of the active features' page at `path` ("/contact/"), with `context` over its own variables.

        NotFound where no active feature has such a page, NotRendered where its template fails.
        """
        feature, page, parameters = self._find(path)
        own = self._given(page.context, locale, parameters) | dict(context or {})
        with _named_faults(f"pages/{page.template}"):
            names = self._names(locale) | self._page_names(feature, page, path, locale)
        return self._rendered(f"pages/{page.template}", names | own)

    def instances(self, page: Page) -> tuple[str, ...]:
        """Every path of a page: its own, or one for each of what it is a page of."""
        if page.instances is None:
            return (page.path,)
        if not self._stored:
            return ()
        given = load(page.instances)(self._context(self._creator.locale, {}))
        return tuple(page.at(parameters) for parameters in given)

    def _find(self, path: str) -> tuple[Feature[Any], Page, Mapping[str, str]]:
        """The page at a path, and what stands there for the names in braces; NotFound."""
        if path in self._pages:
            return (*self._pages[path], {})
        for feature, page in self._pages.values():
            found = page.match(path)
            if found is not None:
                return feature, page, found
        raise NotFound(f"there is no page {path}")

    def _has(self, path: str) -> bool:
        try:
            self._find(path)
        except NotFound:
            return False
        return True

    def screen(
        self,
        path: str,
        locale: Locale,
        context: Mapping[str, Any] | None = None,
        *,
        standing: Standing,
        url: str,
    ) -> str:
        """The HTML of the studio's screen declared as `path` ("/studio/contact/{id}/"), shown at `url` to someone of this standing.

        NotFound where no active feature has such a screen, NotRendered where its template fails.
        """
        if path not in self._screens:
            raise NotFound(f"there is no screen {path}")
        _, screen = self._screens[path]
        with _named_faults(f"studio/{screen.template}"):
            names = self._names(locale) | {
                "screen": screen,
                "here": url,
                "standing": standing,
                "may": standing.permissions.__contains__,
                "rail": self._rail(url, locale, standing),
                "glossary": lambda kind: self._glossary(kind, locale),
                "stylesheet": self._tags.stylesheet,
                "module": self._tags.module,
                "font_preloads": self._tags.font_preloads,
                "app_links": lambda: self._tags.app_links(self._creator.path("/manifest.webmanifest", locale)),
            }
        return self._rendered(f"studio/{screen.template}", names | dict(context or {}))

    def _rail(self, url: str, locale: Locale, standing: Standing) -> tuple[RailEntry, ...]:
        """The sections that someone of this standing may see, in order; the longest address that fits is the current one."""
        seen = sorted(
            (
                (screen.order, feature.name, screen)
                for feature, screen in self._screens.values()
                if screen.nav and screen.needs in standing.permissions
            ),
            key=lambda found: found[0],
        )
        # Everything is below the overview, and nothing is part of it.
        fits = (p for _, _, screen in seen if url.startswith(p := screen.path) and (p != OVERVIEW or url == OVERVIEW))
        here = max(fits, key=len, default="")
        return tuple(
            RailEntry(
                url=screen.path,
                label=self._texts.say(f"{feature}.studio.{screen.nav}", locale, {}),
                help=self._texts.say(f"{feature}.studio.{screen.nav}_help", locale, {}),
                icon=screen.icon,
                current=screen.path == here,
            )
            for _, feature, screen in seen
        )

    def _glossary(self, kind: str, locale: Locale) -> tuple[Area, ...]:
        """What the active features call things of a kind ("permissions", "audit"): texts below `<feature>.<kind>`, by what they name."""
        found = []
        for name in (feature.name for feature in self._features):
            try:
                texts = self._texts.keys(name, locale)
            except TextMissing:
                continue
            begin = f"{name}.{kind}."
            words = {key.removeprefix(begin): text for key, text in texts.items() if key.startswith(begin)}
            if words:
                found.append(Area(name=name, title=texts.get(f"{name}.area", name), words=words))
        return tuple(found)

    def letter(self, template: str, locale: Locale, context: Mapping[str, Any]) -> Letter:
        """Subject, text and HTML of the mail `mail/<template>` ("contact/received"); NotRendered where one fails."""
        names = self._names(locale) | dict(context)
        subject, text, html = (
            self._rendered(f"mail/{template}.{part}.j2", names) for part in ("subject.txt", "txt", "html")
        )
        return Letter(subject=" ".join(subject.split()), text=text.strip() + "\n", html=html)

    def _names(self, locale: Locale) -> dict[str, Any]:
        """What every page and letter has."""
        return {
            "creator": self._creator,
            "locale": locale,
            "palette": self._palette,
            "config": self._config,
            "active": lambda name: any(feature.name == name for feature in self._features),
            "t": lambda key, /, **values: self._texts.say(key, locale, values),
            "url": lambda page, to=None, *, locale=locale: self._url(page, to or locale),
            "has_page": self._has,
            "absolute": lambda path: self._creator.origin + path,
            "asset": self._tags.asset,
            "icon": self._tags.icon,
            "picture": self._tags.picture,
        }

    def _page_names(self, feature: Feature[Any], page: Page, path: str, locale: Locale) -> dict[str, Any]:
        creator = self._creator
        alternates = tuple(
            Alternate(
                locale=other,
                name=self._texts.say("common.language", other, {}),
                url=creator.path(path, other),
                absolute=creator.origin + creator.path(path, other),
                current=other == locale,
            )
            for other in creator.languages
        )
        this = ThisPage(
            path=path,
            feature=feature.name,
            url=creator.path(path, locale),
            canonical=creator.origin + creator.path(path, locale),
            default=creator.origin + creator.path(path, creator.locale),
            listed=page.listed and creator.seo.indexing,
            alternates=alternates,
        )
        names: dict[str, Any] = {
            "page": this,
            "languages": alternates,
            "nav": self._nav(path, locale),
            "stylesheet": self._tags.stylesheet,
            "module": self._tags.module,
            "font_preloads": self._tags.font_preloads,
            "app_links": lambda: self._tags.app_links(creator.path("/manifest.webmanifest", locale)),
            "og_image": Picture(url=creator.origin + self._tags.asset(OPEN_GRAPH), width=1200, height=630),
        }
        names["blocks"] = lambda: self._blocks(locale, self._names(locale) | names, stage=False)
        names["stage"] = lambda: self._blocks(locale, self._names(locale) | names, stage=True)
        return names

    def _nav(self, path: str, locale: Locale) -> tuple[NavEntry, ...]:
        entries = sorted(
            ((entry.order, feature.name, entry) for feature, entry in self._pages.values() if entry.nav),
            key=lambda found: found[0],
        )
        return tuple(
            NavEntry(
                url=self._creator.path(entry.path, locale),
                label=self._texts.say(f"{feature}.nav.{entry.nav}", locale, {}),
                current=path.startswith(entry.path),
            )
            for _, feature, entry in entries
        )

    def _blocks(self, locale: Locale, names: Mapping[str, Any], *, stage: bool) -> list[Markup]:
        blocks: list[Block] = sorted(
            (b for f in self._features for b in f.blocks if b.stage == stage), key=lambda block: block.order
        )
        rendered = (
            self._rendered(f"pages/{block.template}", {**names, **self._given(block.context, locale)}).strip()
            for block in blocks
        )
        return [Markup(html) for html in rendered if html]  # noqa: S704  (autoescaped templates)

    def _given(
        self, context: Reference | None, locale: Locale, parameters: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return {} if context is None else dict(load(context)(self._context(locale, parameters or {})))

    def _context(self, locale: Locale, parameters: Mapping[str, str]) -> PageContext:
        return PageContext(
            creator=self._creator, features=self._features, locale=locale, parameters=parameters, stored=self._stored
        )

    def _url(self, page: str, locale: Locale) -> str:
        if not self._has(page):
            raise LookupError(f"no active feature has the page {page!r}: ask has_page() first")
        return self._creator.path(page, locale)

    def _config(self, name: str) -> Any:
        feature = next((feature for feature in self._features if feature.name == name), None)
        if feature is None:
            raise LookupError(f"the feature {name!r} is not active: ask active() first")
        return feature.config_in(self._creator.features)

    def _rendered(self, template: str, names: Mapping[str, Any]) -> str:
        with _named_faults(template):
            return self._environment.get_template(template).render(names)


def _environment(roots: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([str(root) for root in roots]),
        undefined=StrictUndefined,
        # A creator's and a visitor's words are data: escaped wherever they stand, but in plain text.
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= _filters()
    return environment


def _filters() -> dict[str, Callable[..., Any]]:
    @pass_context
    def in_language(context: Context, text: Text) -> str:
        return text.in_(context["locale"], fallback=context["creator"].locale)

    @pass_context
    def as_date(context: Context, when: date) -> str:
        return written_date(when, locale=context["locale"], timezone=context["creator"].timezone)

    @pass_context
    def as_time(context: Context, when: datetime) -> str:
        return written_time(when, locale=context["locale"], timezone=context["creator"].timezone)

    @pass_context
    def as_datetime(context: Context, when: datetime) -> str:
        return written_datetime(when, locale=context["locale"], timezone=context["creator"].timezone)

    return {
        "in_language": in_language,
        "markdown": as_html,
        "date": as_date,
        "time": as_time,
        "datetime": as_datetime,
        "iso": lambda when: when.isoformat(),
        "moment": datetime.fromisoformat,
    }


@contextmanager
def _named_faults(template: str) -> Iterator[None]:
    """Faults of a template and of what it calls, as NotRendered with the template's own file and line."""
    try:
        yield
    except TemplateNotFound as fault:
        raise NotRendered(f"there is no template {fault.name}", fix=f"It is needed by {template}.") from fault
    except TemplateSyntaxError as fault:
        raise NotRendered(f"{fault.name or template}, line {fault.lineno}: {fault.message}") from fault
    except (TemplateError, LookupError, TypeError, ValueError, AttributeError) as fault:
        # Jinja gives the traceback's frames the names and lines of the templates.
        places = [frame for frame in extract_tb(fault.__traceback__) if frame.filename.endswith(".j2")]
        place = f"{places[-1].filename}, line {places[-1].lineno}" if places else template
        raise NotRendered(f"{place}: {fault}") from fault
