"""How overlays look, and the goal: read, and changed with an entry of the audit log and never over somebody else's change."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lambdas.core.errors import PreconditionFailed
from lambdas.core.fields import TextField
from lambdas.features.overlays.models import GOAL, SETTINGS, Overlay, row
from lambdas.platform import audit
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

Look = Literal["brand", "light", "dark", "plain"]
Side = Literal["left", "right"]
LOOKS: tuple[Look, ...] = ("brand", "dark", "light", "plain")
SIDES: tuple[Side, ...] = ("left", "right")

# A form sends nothing for a box that is not ticked, and "yes" for one that is.
Ticked = Annotated[bool, BeforeValidator(lambda given: given if isinstance(given, bool) else given == "yes")]

M = TypeVar("M", bound=BaseModel)


class OverlaySettings(BaseModel):
    """What is set once for all sources."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    look: Look = Field(
        default="brand", description="Colours of the brand, dark, light, or words with nothing behind them"
    )
    side: Side = Field(default="left", description="Where messages line up")
    scale: Annotated[int, Field(ge=50, le=300)] = Field(default=100, description="Size of everything, in percent")
    messages: Annotated[int, Field(ge=1, le=50)] = Field(default=12, description="So many messages at once")
    fade_seconds: Annotated[int, Field(ge=0, le=600)] = Field(
        default=0, description="A message goes after so many seconds; 0 keeps it until newer ones take its place"
    )
    badges: Ticked = Field(default=True, description="Show who is on the team or a member")
    sound: Ticked = Field(default=False, description="A soft chime with each alert")
    alert_seconds: Annotated[int, Field(ge=3, le=30)] = Field(default=7, description="How long an alert stays")


class Goal(BaseModel):
    """What the stream works towards. `text` empty: no goal is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    text: Annotated[str, TextField(low=0, high=80)] = Field(default="", description="What it is for")
    current: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(default=0, description="How far it is")
    target: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(default=100, description="How far it is to get")


def settings() -> tuple[OverlaySettings, int]:
    """The settings and their version, 0 before anybody has set anything."""
    return _read(SETTINGS, OverlaySettings)


def goal() -> tuple[Goal, int]:
    """The goal and its version, 0 before there was one."""
    return _read(GOAL, Goal)


def save_settings(wanted: OverlaySettings, visit: Visit, *, seen: int) -> int:
    """The version they have then; PreconditionFailed where somebody else has saved since version `seen`."""
    return _save(SETTINGS, settings(), wanted, visit, seen=seen)


def save_goal(wanted: Goal, visit: Visit, *, seen: int) -> int:
    """The version it has then; PreconditionFailed where somebody else has saved since version `seen`."""
    return _save(GOAL, goal(), wanted, visit, seen=seen)


def _read(id: str, model: type[M]) -> tuple[M, int]:
    found = row(id)
    if found is None:
        return model(), 0
    # What a later release has put there and this one does not know is left out.
    known = {name: value for name, value in (found.content or {}).items() if name in model.model_fields}
    return model.model_validate(known), int(found.version)


def _save(id: str, now: tuple[BaseModel, int], wanted: BaseModel, visit: Visit, *, seen: int) -> int:
    before, version = now
    if before == wanted and version in {seen, seen + 1}:
        return version  # pressed twice, or nothing changed
    fresh = Overlay(
        id,
        version=seen + 1,
        content=wanted.model_dump(mode="json"),
        changed_by=visit.person.id,
        changed_at=visit.services.clock(),
        correlation_id=visit.correlation_id,
    )
    entry = audit.entry(
        visit, f"overlays.{id}.changed", id, before=_differing(before, wanted), after=_differing(wanted, before)
    )

    def write() -> None:
        with transaction(Overlay) as together:
            together.save(fresh, condition=(Overlay.version == seen) if seen else Overlay.id.does_not_exist())
            together.save(entry)

    try:
        repeated(write)
    except NotWritten:
        raise PreconditionFailed(fix="Look at what stands now, then save again.") from None
    return seen + 1


def _differing(one: BaseModel, other: BaseModel) -> Mapping[str, Any]:
    return {name: value for name, value in one.model_dump(mode="json").items() if value != getattr(other, name)}
