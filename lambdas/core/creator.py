"""A creator: everything about one, as their file says it. All else is derived from this.

The model here knows the creator; `lambdas.features.registry` adds the features' own blocks to it
and reads files. `creators/schema.json` is generated from that.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from lambdas.core.fields import Email, TextField

Locale = Literal["en", "de"]
LOCALES: tuple[Locale, ...] = ("en", "de")

Region = Literal[
    "us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "ap-northeast-1", "ap-northeast-2"
]
"""Where Amazon IVS and IVS Chat exist (botocore's endpoint data, 2026-11)."""

Currency = Literal["EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK"]

RESERVED_IDS = frozenset({"all", "api", "app", "local", "localhost", "new", "prism", "schema", "studio", "test", "www"})
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOCAL_NAMES = ("localhost", "local", "internal", "test", "invalid", "onion")


def _creator_id(value: str) -> str:
    if not _ID.fullmatch(value) or not 3 <= len(value) <= 24:
        raise ValueError(
            "use 3 to 24 lower-case letters, digits and single hyphens, beginning with a letter, such as kasper"
        )
    if value in RESERVED_IDS:
        raise ValueError(f"{value!r} is reserved, choose another id")
    return value


def _domain(value: str) -> str:
    labels = value.split(".")
    if "://" in value or "/" in value:
        raise ValueError("give the bare name without scheme or path, such as kasper.live")
    if value != value.lower():
        raise ValueError(f"write it in lower case: {value.lower()}")
    if len(value) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("this is no domain name; write one such as kasper.live (xn--… for other scripts)")
    if labels[-1].isdigit() or labels[-1] in _LOCAL_NAMES:
        raise ValueError("this name cannot be registered; use the creator's own domain, such as kasper.live")
    if labels[0] == "www":
        raise ValueError(f"leave the www away: {'.'.join(labels[1:])}")
    return value


def _colour(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise ValueError('write six hexadecimal digits after a #, in quotes, such as "#6A0DAD"')
    return value.upper()


def _timezone(value: str, info: ValidationInfo) -> str:
    if info.context is not None and info.context.get("checked"):
        return value
    # Imported here: functions read a file that was checked when it was written, and start faster without.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("this is no time zone of the IANA list; write one such as Europe/Berlin") from None
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.hostname.isascii():
        raise ValueError("write a whole address such as https://videos.example/channel")
    if parts.username is not None or re.search(r"[\s<>\"'\\\\]", value):
        raise ValueError("an address has no user name, spaces, quotes or brackets")
    return value


def _picture(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or ":" in value or not value.isprintable():
        raise ValueError("name a file in the creator's own folder, such as portrait.jpg")
    if path.suffix.lower() not in {".jpg", ".jpeg", ".png", ".webp", ".avif"}:
        raise ValueError("a picture is a .jpg, .png, .webp or .avif file")
    return value


CreatorId = Annotated[str, AfterValidator(_creator_id)]
Domain = Annotated[str, AfterValidator(_domain)]
Colour = Annotated[str, AfterValidator(_colour)]
WebAddress = Annotated[str, Field(max_length=500), AfterValidator(_web_address)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Picture = Annotated[str, Field(max_length=120), AfterValidator(_picture)]
Line = Annotated[str, TextField(low=1, high=160)]
# A block of lines in YAML ends with a line feed that nobody means.
Prose = Annotated[
    str, BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v), TextField(low=0, high=4000, lines=True)
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _InLanguages(_Part):
    def in_(self, locale: Locale, *, fallback: Locale) -> str:
        """The text in `locale`, else in `fallback`, else in any language, else empty."""
        texts = (getattr(self, language) for language in (locale, fallback, *LOCALES))
        return next((text for text in texts if text), "")


class Text(_InLanguages):
    """A text in each language the site speaks. A language left out falls back to the creator's own."""

    en: Prose = ""
    de: Prose = ""


Headline = Annotated[str, TextField(low=0, high=70)]
Summary = Annotated[str, TextField(low=0, high=200)]


class Headlines(_InLanguages):
    """A line of at most 70 characters in each language: what search engines show of a title."""

    en: Headline = ""
    de: Headline = ""


class Summaries(_InLanguages):
    """A sentence or two, at most 200 characters, in each language."""

    en: Summary = ""
    de: Summary = ""


class Brand(_Part):
    primary: Colour = Field(default="#6A0DAD", description="Fills. A tint for text and focus is derived from it.")
    accent: Colour = Field(default="#FF1493", description="The one primary action of a view, and the live badge.")
    theme: Literal["auto", "dark", "light"] = Field(default="auto", description="auto follows the visitor's system.")
    picture: Picture | None = Field(default=None, description="The hero: a file in creators/<id>/, 1600 px or wider.")
    logo: Picture | None = Field(
        default=None, description="A square mark in creators/<id>/, 512 px or more; else drawn from the name."
    )


class Link(_Part):
    label: Line
    url: WebAddress


class Site(_Part):
    tagline: Text = Field(
        default_factory=Text, description="One sentence under the name, the first thing a visitor reads."
    )
    about: Text = Field(default_factory=Text, description="A few sentences about the creator; Markdown.")
    links: tuple[Link, ...] = Field(default=(), max_length=12, description="Other places to find the creator.")


class Seo(_Part):
    """What search engines and other sites show of the home page."""

    title: Headlines = Field(default_factory=Headlines, description="The home page's title; else the name.")
    description: Summaries = Field(default_factory=Summaries, description="What stands below it; else the tagline.")
    share: Summaries = Field(
        default_factory=Summaries, description="What stands beside a shared link; else the description."
    )
    indexing: bool = Field(default=True, description="Whether search engines may show the site.")


class Legal(_Part):
    """Who answers for the site. German law asks for all three (DDG § 5)."""

    responsible: Annotated[str, TextField(low=0, high=160)] = Field(
        default="", description="The person or company who answers for the site."
    )
    address: Prose = Field(default="", description="Where post reaches them, one line a row.")
    email: Email | None = Field(default=None, description="Shown on the imprint; else the creator's address.")


class Cloud(_Part):
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = Field(
        default=None, description="The AWS account, 12 digits; filled in by the deploy."
    )
    budget_usd: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=25, description="A mail goes out when a month is forecast to cost more."
    )
    alarm_email: Email | None = Field(
        default=None, description="Who hears of alarms and the budget; else the creator's address."
    )
    log_days: Literal[7, 14, 30, 60, 90, 180, 365] = Field(
        default=30, description="How long the functions' logs are kept."
    )
    waf: bool = Field(default=False, description="AWS WAF before the site: about $6 a month.")


class Features(BaseModel):
    """The switches and settings of every feature; the registry gives it a field a feature."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Creator(_Part):
    id: CreatorId = Field(description="Short name, never changed: files, stacks and tables carry it.")
    name: Line = Field(description="The name as fans know it.")
    domain: Domain = Field(description="The site's own domain.")
    email: Email = Field(
        description="Where the contact form's messages go; whoever signs up with it first owns the platform."
    )
    region: Region = Field(default="eu-central-1", description="Where the platform runs: an AWS region with IVS.")
    locale: Locale = Field(default="en", description="The creator's own language: the one at /.")
    languages: tuple[Locale, ...] = Field(
        default=LOCALES, description="Every language of the site; others are at /de/, /en/."
    )
    currency: Currency = Field(default="EUR", description="Prices are in this currency.")
    timezone: TimeZone = Field(
        default="Europe/Berlin", description="The creator's time zone: when days begin and shows start."
    )
    brand: Brand = Field(default_factory=Brand)
    site: Site = Field(default_factory=Site)
    seo: Seo = Field(default_factory=Seo)
    legal: Legal = Field(default_factory=Legal)
    cloud: Cloud = Field(default_factory=Cloud)
    features: Features = Field(default_factory=Features)

    @field_validator("languages")
    @classmethod
    def _own_language_is_spoken(cls, languages: tuple[Locale, ...], info: ValidationInfo) -> tuple[Locale, ...]:
        own = info.data.get("locale", languages[0] if languages else None)
        if own not in languages or len(set(languages)) != len(languages):
            raise ValueError(f"name each language once, and the creator's own ({own}) among them")
        return languages

    @property
    def origin(self) -> str:
        """The site's address without a slash at the end: https://kasper.live."""
        return f"https://{self.domain}"

    def language_or_own(self, asked: object) -> Locale:
        """The language asked for, where the site speaks it; else the creator's own."""
        return next((spoken for spoken in self.languages if spoken == asked), self.locale)

    def path(self, page: str, locale: Locale) -> str:
        """Where a page is in a language: /contact/ is at /contact/ in the creator's own, /de/contact/ in German."""
        return page if locale == self.locale else f"/{locale}{page}"
