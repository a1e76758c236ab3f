"""What the studio's forms and other programs send of each section, and how a section stands in a form.

All fields are flat, as a browser sends them. A text in a language that is not sent stays as it is.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from lambdas.core.brand import ContrastCannotBeMended, palette
from lambdas.core.creator import (
    Brand,
    Colour,
    Headline,
    Headlines,
    Legal,
    Link,
    Prose,
    Seo,
    Summaries,
    Summary,
    Text,
)
from lambdas.core.errors import FieldError, Invalid
from lambdas.core.fields import Email, TextField
from lambdas.platform.settings import SHAPES, Colours, Places, Section, Words

MOST_LINKS = 12
LINK_FIELDS = tuple(f"{name}_{number}" for number in range(MOST_LINKS) for name in ("label", "url"))

VersionSeen = Annotated[int, Field(ge=0, le=1_000_000, description="The version that was looked at; 0 is the file's.")]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", pattern=r'^"[0-9]{1,7}"$', description="The version that was looked at, as its ETag."),
]


class Sent(BaseModel):
    """`version` says what the sender has seen; a program may say it by If-Match."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: VersionSeen | None = None

    def seen(self, if_match: str | None) -> int:
        """The version by either way; Invalid where neither says it."""
        if if_match is not None:
            return int(if_match.strip('"'))
        if self.version is None:
            fault = FieldError(path="version", code="missing", message="Say which version you have seen.")
            raise Invalid(fields=(fault,), fix="Send `version`, or If-Match with the ETag.")
        return self.version


class SentBrand(Sent):
    primary: Colour
    accent: Colour
    theme: Literal["auto", "dark", "light"]

    def value(self) -> Colours:
        """The colours; Invalid, beside the one at fault, where they cannot be made readable."""
        colours = Colours(primary=self.primary, accent=self.accent, theme=self.theme)
        try:
            palette(Brand(**colours.model_dump()))
        except ContrastCannotBeMended as error:
            fault = FieldError(
                path=error.fields[0].path.removeprefix("brand."),
                code=f"contrast_{error.reason}",
                message=error.message,
                params={"theme": error.theme, "suggestion": error.suggestion},
            )
            raise Invalid(fields=(fault,), fix=error.fix) from None
        return colours


class SentTexts(Sent):
    tagline_en: Prose | None = None
    tagline_de: Prose | None = None
    about_en: Prose | None = None
    about_de: Prose | None = None

    def value(self, present: Words) -> Words:
        return Words(
            tagline=_texts(Text, self, "tagline", present.tagline), about=_texts(Text, self, "about", present.about)
        )


class SentSeo(Sent):
    title_en: Headline | None = None
    title_de: Headline | None = None
    description_en: Summary | None = None
    description_de: Summary | None = None
    share_en: Summary | None = None
    share_de: Summary | None = None
    indexing: bool = Field(default=False, description="Whether search engines may show the site.")

    def value(self, present: Seo) -> Seo:
        return Seo(
            title=_texts(Headlines, self, "title", present.title),
            description=_texts(Summaries, self, "description", present.description),
            share=_texts(Summaries, self, "share", present.share),
            indexing=self.indexing,
        )


class SentLegal(Sent):
    responsible: Annotated[str, TextField(low=0, high=160)]
    address: Prose
    email: Annotated[Email | None, BeforeValidator(lambda sent: sent or None)] = None

    def value(self) -> Legal:
        return Legal(responsible=self.responsible, address=self.address, email=self.email)


class Rows(Sent):
    """A form's rows of links, as they are typed: label_0, url_0, label_1, …"""

    links: tuple[Link, ...] | None = Field(
        default=None, max_length=MOST_LINKS, description="For programs: all links, in order."
    )

    def rows(self) -> list[tuple[int, str, str]]:
        """Those that have anything in them: their number, label and address."""
        typed = ((n, getattr(self, f"label_{n}"), getattr(self, f"url_{n}")) for n in range(MOST_LINKS))
        return [(n, label.strip(), url.strip()) for n, label, url in typed if label.strip() or url.strip()]

    def value(self) -> Places:
        """The links; Invalid names the fields of each row at fault."""
        if self.links is not None:
            return Places(links=self.links)
        links, faults = [], []
        for number, label, url in self.rows():
            try:
                links.append(Link.model_validate({"label": label, "url": url}))
            except ValidationError as error:
                faults += [_row_fault(number, detail) for detail in error.errors(include_url=False)]
        if faults:
            raise Invalid(fields=tuple(faults))
        return Places(links=tuple(links))


_row: Any = (Annotated[str, Field(max_length=600)], "")
SentLinks = cast(type[Rows], create_model("SentLinks", __base__=Rows, **dict.fromkeys(LINK_FIELDS, _row)))
"""`Rows` with its fields."""


def _row_fault(number: int, detail: Mapping[str, Any]) -> FieldError:
    field, kind = str(detail["loc"][0]), str(detail["type"])
    if field == "url" and kind == "value_error":
        kind = "missing" if not detail["input"] else "web_address"
    params = {k: v for k, v in (detail.get("ctx") or {}).items() if isinstance(v, int | str)}
    return FieldError(path=f"{field}_{number}", code=kind, message=str(detail["msg"]), params=params)


def _texts(kind: type[Any], sent: Sent, name: str, present: BaseModel) -> Any:
    """A text in each language: what was sent, else what was there."""
    typed = {language: getattr(sent, f"{name}_{language}") for language in ("en", "de")}
    return kind(**present.model_dump() | {language: text for language, text in typed.items() if text is not None})


def flat(value: BaseModel) -> dict[str, str]:
    """A section as its form's fields have it, without the version."""
    if isinstance(value, Places):
        fields = dict.fromkeys(LINK_FIELDS, "")
        for number, link in enumerate(value.links):
            fields |= {f"label_{number}": link.label, f"url_{number}": link.url}
        return fields
    fields = {}
    for name, part in value.model_dump().items():
        if isinstance(part, dict):
            fields |= {f"{name}_{language}": text for language, text in part.items()}
        else:
            fields[name] = ("yes" if part else "") if isinstance(part, bool) else part or ""
    return fields


def fields_of(section: Section) -> tuple[str, ...]:
    """The names of a section's fields in its form, and the version's."""
    if section == "links":
        return ("version", *LINK_FIELDS)
    names: list[str] = []
    for name, field in SHAPES[section].model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names += [f"{name}_{language}" for language in inner] if inner else [name]
    return ("version", *names)
