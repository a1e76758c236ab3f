"""/studio/overlays/: the addresses, how sources look, alerts to try, and the goal."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.forms import Form
from lambdas.core.ids import new_id
from lambdas.features.overlays import address as addresses
from lambdas.features.overlays.api import KINDS
from lambdas.features.overlays.content import (
    LOOKS,
    SIDES,
    Goal,
    OverlaySettings,
    Ticked,
    goal,
    save_goal,
    save_settings,
    settings,
)
from lambdas.features.overlays.events import alert, told
from lambdas.features.overlays.models import GOAL, SETTINGS, row
from lambdas.platform.people import names_of
from lambdas.platform.routing import Router, form, html, needs
from lambdas.platform.visit import Here, Html, Visit

router = Router()

OVERLAYS = "/studio/overlays/"
SIZES = {"chat": (480, 720), "alerts": (800, 260), "goal": (800, 120)}
"""What to type into OBS for each: width and height, in pixels."""

_DONE = frozenset({"made", "renewed", "settings", "goal", "test"})

VersionSeen = Annotated[
    int, Field(ge=0, le=1_000_000, description="The version that was looked at; 0 before the first")
]


class _Seen(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: VersionSeen


class SentSettings(OverlaySettings):
    # A form says nothing of a box that is not ticked.
    badges: Ticked = False
    sound: Ticked = False
    version: VersionSeen


class SentGoal(Goal):
    version: VersionSeen


class TestAlert(BaseModel):
    """Which kind of alert to try."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: Literal["test"]


class Saved(BaseModel):
    version: int


class Sent(BaseModel):
    sent: bool = True


def _shown(visit: Visit) -> dict[str, Any]:
    """All that the screen shows; a form that was refused stands in place of its own part."""
    now, settings_version = settings()
    target, goal_version = goal()
    address = addresses.address(visit.services.keys)
    by = {part: found.changed_by for part in (SETTINGS, GOAL) if (found := row(part)) is not None}
    names = names_of(set(by.values()))
    base = f"{visit.services.origin}/api/overlays/{address.secret}/"
    return {
        "address": address,
        "sources": [(kind, f"{base}{kind}" if address.secret else "", *SIZES[kind]) for kind in KINDS],
        "form": Form(values={**told(now, settings_version)}),
        "goal_form": Form(values={**told(target, goal_version)}),
        "now": told(now, settings_version),
        "goal_now": told(target, goal_version),
        "by": {part: names.get(who, "") for part, who in by.items()},
        "looks": LOOKS,
        "sides": SIDES,
        "done": visit.query.get("done") if visit.query.get("done") in _DONE else "",
    }


@router.get(OVERLAYS, include_in_schema=False)
@html
@needs("overlays.manage")
def index(visit: Here) -> Html:
    """Everything about overlays."""
    return visit.screen(OVERLAYS, _shown(visit))


@router.post(
    "/studio/overlays/address", tags=["overlays"], summary="Make the addresses of the browser sources, or new ones"
)
@form(page=OVERLAYS, sent=f"{OVERLAYS}?done=made", fields=(), name="address_form", context=_shown)
@needs("overlays.manage")
def renew(sent: Annotated[_Seen, Body()], visit: Here) -> Saved:
    """The old ones open nothing from now on, and what they had open is ended within seconds."""
    made = addresses.renew(visit, seen=sent.version)
    visit.go(f"{OVERLAYS}?done={'renewed' if sent.version else 'made'}")
    return Saved(version=made.version)


@router.post("/studio/overlays/settings", tags=["overlays"], summary="Change how the browser sources look")
@form(
    page=OVERLAYS, sent=f"{OVERLAYS}?done=settings", fields=(*OverlaySettings.model_fields, "version"), context=_shown
)
@needs("overlays.manage")
def change_settings(sent: Annotated[SentSettings, Body()], visit: Here) -> Saved:
    """Sources that are open change at once. 412 where somebody else has saved meanwhile."""
    wanted = OverlaySettings.model_validate(sent.model_dump(exclude={"version"}))
    return Saved(version=save_settings(wanted, visit, seen=sent.version))


@router.post("/studio/overlays/goal", tags=["overlays"], summary="Set the goal, or how far it is")
@form(
    page=OVERLAYS,
    sent=f"{OVERLAYS}?done=goal",
    fields=(*Goal.model_fields, "version"),
    name="goal_form",
    context=_shown,
)
@needs("overlays.manage")
def change_goal(sent: Annotated[SentGoal, Body()], visit: Here) -> Saved:
    """Sources that are open show it at once. 412 where somebody else has saved meanwhile."""
    wanted = Goal.model_validate(sent.model_dump(exclude={"version"}))
    return Saved(version=save_goal(wanted, visit, seen=sent.version))


@router.post("/studio/overlays/test", tags=["overlays"], summary="Show an alert to try")
@form(page=OVERLAYS, sent=f"{OVERLAYS}?done=test", fields=(), name="test_form", context=_shown)
@needs("overlays.manage")
def test_alert(sent: Annotated[TestAlert, Body()], visit: Here) -> Sent:
    """On every source for alerts that is open now."""
    alert(visit.services, sent.kind, id=new_id("alr", at=visit.services.clock()))
    return Sent()
