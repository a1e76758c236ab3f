"""What the studio's forms of live send. All fields are flat and texts, as a browser sends them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from lambdas.core.creator import Link, Prose
from lambdas.core.entitlements import Audience
from lambdas.core.errors import FieldError, Invalid
from lambdas.core.fields import TextField

TITLE = TextField(low=1, high=120)
DESCRIPTION = TextField(low=0, high=4000, lines=True)
CATEGORY = TextField(low=0, high=60)
LABEL = TextField(low=0, high=80)
TIERS = TextField(low=0, high=400)

MOST_TIERS = 20
MOST_MINUTES = 24 * 60
FURTHEST = timedelta(days=730)

MOST_LINKS = 8
LINK_FIELDS = tuple(f"{name}_{number}" for number in range(MOST_LINKS) for name in ("label", "url"))

SHOW_FIELDS = ("version", "title", "description", "category", "audience", "tiers", "starts_at", "minutes")
CARD_FIELDS = ("version", "title", "description", "category", "audience", "tiers")

_TIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", pattern=r'^"[0-9]{1,7}"$', description="The version that was looked at, as its ETag."),
]


class Sent(BaseModel):
    """`version` says what the sender has seen; a program may say it by If-Match."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: Annotated[int | None, Field(ge=0, le=1_000_000)] = None

    def seen(self, if_match: str | None) -> int:
        """The version by either way; Invalid where neither says it."""
        if if_match is not None:
            return int(if_match.strip('"'))
        if self.version is None:
            raise fault("version", "missing", "Say which version you have seen.")
        return self.version


class Words(Sent):
    """What a show is called, and whom it is for."""

    title: Annotated[str, TITLE]
    description: Prose = ""
    category: Annotated[str, CATEGORY] = ""
    audience: Audience = "everyone"
    tiers: Annotated[str, TIERS, Field(description="Only for members of these tiers: their ids, with commas.")] = ""

    def only_tiers(self) -> tuple[str, ...]:
        """The tiers; Invalid where one is no id."""
        found = tuple(dict.fromkeys(part for part in re.split(r"[\s,]+", self.tiers) if part))
        if len(found) > MOST_TIERS or not all(_TIER.fullmatch(one) for one in found):
            raise fault("tiers", "tiers", "Write the ids of tiers, with commas between them.")
        return found if self.audience == "members" else ()


class SentCard(Words):
    title: Annotated[str, TextField(low=0, high=TITLE.high)] = ""


class SentShow(Words):
    """`starts_at` is the creator's local time ("2026-03-05T20:00"), or any moment with its offset."""

    starts_at: Annotated[str, Field(max_length=40)] = ""
    minutes: Annotated[int, BeforeValidator(lambda sent: 0 if sent == "" else sent), Field(ge=0, le=MOST_MINUTES)] = 0

    def moment(self, *, timezone: str, now: datetime) -> datetime:
        """When it begins; Invalid where that is no time, one that the clocks leave out, over, or too far away."""
        starts_at = _moment(self.starts_at, timezone)
        if starts_at < now - timedelta(minutes=5):
            raise fault("starts_at", "over", "This time is over.")
        if starts_at > now + FURTHEST:
            raise fault("starts_at", "too_far", "This is more than two years away.")
        return starts_at


class SentChange(SentShow):
    """Of a show as it is: one that is on may have no title, as one that nobody planned begins without."""

    title: Annotated[str, TextField(low=0, high=TITLE.high)] = ""


class SentMarker(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    label: Annotated[str, LABEL] = ""


class Pressed(BaseModel):
    """A button that needs nothing said."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


PRESSED = Pressed()
"""What a browser sends of a form without fields: nothing."""


class ShowSeen(Sent):
    """A button about something that was looked at."""


class Rows(Sent):
    """A form's rows of links, as they are typed: label_0, url_0, label_1, …"""

    def value(self) -> tuple[tuple[str, str], ...]:
        """Those that have anything in them; Invalid names the fields of each row at fault."""
        links, faults = [], []
        for number in range(MOST_LINKS):
            label, url = (str(getattr(self, f"{name}_{number}")).strip() for name in ("label", "url"))
            if not label and not url:
                continue
            try:
                link = Link.model_validate({"label": label, "url": url})
                links.append((link.label, link.url))
            except ValidationError as error:
                faults += [_row_fault(number, str(one["loc"][0]), str(one["type"])) for one in error.errors()]
        if faults:
            raise Invalid(fields=tuple(faults))
        return tuple(links)


_row: Any = (Annotated[str, Field(max_length=600)], "")
SentElsewhere = cast(type[Rows], create_model("SentElsewhere", __base__=Rows, **dict.fromkeys(LINK_FIELDS, _row)))
"""`Rows` with its fields."""


class LiveDone(BaseModel):
    status: Literal["done"] = "done"


class ShowState(BaseModel):
    """A show as programs are told of it."""

    id: str
    state: str
    version: int = Field(description="What the next change asks for.")
    starts_at: datetime | None = None


def as_local(moment: datetime | None, *, timezone: str) -> str:
    """As a browser's field of a date and a time has it."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%dT%H:%M}"


def _moment(text: str, timezone: str) -> datetime:
    if not text:
        raise fault("starts_at", "missing", "Say when it begins.")
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise fault("starts_at", "no_time", "This is no date and time.") from None
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    if not _LOCAL.fullmatch(text):
        raise fault("starts_at", "no_time", "This is no date and time.")
    there = read.replace(tzinfo=ZoneInfo(timezone))
    moment = there.astimezone(UTC)
    if moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) != read:
        raise fault("starts_at", "skipped", "The clocks leave this hour out.")
    return moment


def _row_fault(number: int, field: str, kind: str) -> FieldError:
    code = "web_address" if field == "url" else "missing" if kind in {"missing", "too_short"} else kind
    return FieldError(path=f"{field}_{number}", code=code, message=f"{field} {number + 1} cannot be accepted")


def fault(path: str, code: str, message: str) -> Invalid:
    """One fault of one field."""
    return Invalid(fields=(FieldError(path=path, code=code, message=message),))
