"""What the studio changed of the creator's file: five sections, each with its versions, laid over the file.

A section that nobody has saved, or that was given back to the file, is the file's; the others are as they were saved
last, whatever the file says since. So an operator's edit and a creator's never fight: the studio shows which one holds.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.core.brand import ContrastCannotBeMended, palette
from lambdas.core.clock import Clock
from lambdas.core.creator import Brand, Colour, Creator, Legal, Link, Seo, Text
from lambdas.platform.tables import Table

Section = Literal["brand", "texts", "links", "seo", "legal"]
SECTIONS: tuple[Section, ...] = get_args(Section)

FRESH = timedelta(minutes=1)
"""How old what a function knows of the settings may be; the worker looks each time."""


class StoredSection(Table):
    """A section as it was saved last. `value` is JSON, absent where the section was given back to the file."""

    class Meta:
        short_name = "site-settings"
        stream_view_type = "NEW_AND_OLD_IMAGES"
        read_by_all = True

    section = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    value = UnicodeAttribute(null=True)
    at = UTCDateTimeAttribute()
    by = UnicodeAttribute()
    correlation_id = UnicodeAttribute(default="")


class SectionVersion(Table):
    """Every version of a section there ever was, from 1; `restores` is the one that it brought back, 0 the file's."""

    class Meta:
        short_name = "site-settings-versions"
        append_only = True

    section = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(range_key=True)
    value = UnicodeAttribute(null=True)
    at = UTCDateTimeAttribute()
    by = UnicodeAttribute()
    restores = NumberAttribute(null=True)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Colours(_Part):
    """What the studio can change of the brand; the pictures are the file's."""

    primary: Colour
    accent: Colour
    theme: Literal["auto", "dark", "light"]


class Words(_Part):
    tagline: Text
    about: Text


class Places(_Part):
    links: Annotated[tuple[Link, ...], Field(max_length=12)]


SHAPES: Mapping[Section, type[BaseModel]] = {
    "brand": Colours,
    "texts": Words,
    "links": Places,
    "seo": Seo,
    "legal": Legal,
}


def section_of(creator: Creator, section: Section) -> BaseModel:
    """A creator's settings, cut to one section."""
    match section:
        case "brand":
            brand = creator.brand
            return Colours(primary=brand.primary, accent=brand.accent, theme=brand.theme)
        case "texts":
            return Words(tagline=creator.site.tagline, about=creator.site.about)
        case "links":
            return Places(links=creator.site.links)
        case "seo":
            return creator.seo
        case "legal":
            return creator.legal


def laid_over(creator: Creator, value: BaseModel) -> Creator:
    """The creator with a section of these settings."""
    changed: dict[str, Any]
    match value:
        case Colours():
            changed = {"brand": Brand.model_validate(creator.brand.model_dump() | value.model_dump())}
        case Words():
            changed = {"site": creator.site.model_copy(update={"tagline": value.tagline, "about": value.about})}
        case Places():
            changed = {"site": creator.site.model_copy(update={"links": value.links})}
        case Seo():
            changed = {"seo": value}
        case Legal():
            changed = {"legal": value}
        case _:
            raise TypeError(f"{type(value).__name__} is no section")
    return creator.model_copy(update=changed)


def read_value(section: Section, value: str | None) -> BaseModel | None:
    """A section as it was stored; None where it is the file's, and where it fits today's rules no more."""
    if value is None:
        return None
    try:
        read = SHAPES[section].model_validate_json(value)
        if isinstance(read, Colours):
            _check(Brand(primary=read.primary, accent=read.accent, theme=read.theme))
    except (ValidationError, ContrastCannotBeMended):
        return None
    return read


@lru_cache(maxsize=8)
def _check(brand: Brand) -> None:
    palette(brand)


@dataclass(kw_only=True)
class Settings:
    """The creator as the studio has made them. `file` is the creator's file; `always` looks each time anew."""

    file: Creator
    clock: Clock
    always: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _known: Creator | None = field(default=None, repr=False)
    _looked: datetime | None = field(default=None, repr=False)

    def creator(self) -> Creator:
        """The creator's file with the stored sections over it, at most `FRESH` old."""
        with self._lock:
            now = self.clock()
            if self._known is None or self._looked is None or self.always or now - self._looked >= FRESH:
                self._known, self._looked = self._look(), now
            return self._known

    def forget(self) -> None:
        """Look again next time: who has just saved sees it."""
        with self._lock:
            self._known = None

    def _look(self) -> Creator:
        creator = self.file
        rows = {row.section: row for row in StoredSection.batch_get(list(SECTIONS), consistent_read=True)}
        for section in SECTIONS:
            value = read_value(section, rows[section].value) if section in rows else None
            if value is not None:
                creator = laid_over(creator, value)
        return creator
