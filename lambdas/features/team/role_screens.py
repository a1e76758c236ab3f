"""/studio/team/roles/: what each role may do, and roles of one's own."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.feature import declared
from lambdas.core.forms import Form, blank
from lambdas.core.permissions import STANDARD_ROLES, may_shape
from lambdas.features.team import roles, seats
from lambdas.features.team.inputs import TICKED, AsSeen, Changed, Done, Made, RoleEdit, RoleShape
from lambdas.features.team.routing import router
from lambdas.platform.people import people_of
from lambdas.platform.routing import form, html, needs
from lambdas.platform.visit import Here, Html, Visit

ROLES = "/studio/team/roles/"
NEW = "/studio/team/roles/new/"
ROLE = "/studio/team/roles/{id}/"

_DONE = frozenset({"created", "saved", "deleted"})


@router.get(ROLES, include_in_schema=False)
@html
@needs("team.members.read")
def all_roles(visit: Here) -> Html:
    """Every role, and what it may do."""
    features = visit.services.features
    return visit.screen(
        ROLES,
        {
            "standard": [seats.role_of(id, features) for id in STANDARD_ROLES],
            "custom": seats.custom_roles(features),
            "done": _done(visit),
        },
    )


@router.get(NEW, include_in_schema=False)
@html
@needs("team.roles.manage")
def new_role(visit: Here) -> Html:
    """An empty role."""
    return visit.screen(NEW, {**_given(visit), "form": blank("name")})


def _given(visit: Visit) -> dict[str, Any]:
    return {
        "permissions": [permission.name for permission in declared(visit.services.features)],
        "mine": visit.standing.permissions,
        "ticked": TICKED,
    }


@router.post(NEW, status_code=201, tags=["team"], summary="Make a role of one's own")
@form(page=NEW, sent=ROLES, fields=("name", "permissions", "permission.*"), context=_given)
@needs("team.roles.manage")
def create(sent: Annotated[RoleShape, Body()], visit: Here) -> Made:
    """It may do what who makes it may do, at most."""
    row = roles.create(visit, name=sent.name, permissions=sent.permissions)
    visit.go(f"/studio/team/roles/{row.id}/?done=created")
    return Made(id=row.id)


@router.get("/studio/team/roles/<id>/", include_in_schema=False)
@html
@needs("team.roles.manage")
def role(id: str, visit: Here) -> Html:
    """One custom role: name, permissions, who holds it."""
    return visit.screen(ROLE, _of_role(visit))


def _of_role(visit: Visit) -> dict[str, Any]:
    role = roles.custom(visit, visit.parameters["id"])
    holders = people_of(role.holders)
    ticks = {f"{TICKED}{name}": "yes" for name in role.given.permissions}
    return {
        **_given(visit),
        "role": role,
        "holders": [(id, holders[id].name if id in holders else id) for id in sorted(role.holders)],
        "is_yours": visit.standing.role == role.id,
        "may_edit": may_shape(visit.standing, role=role.given, wanted=frozenset()),
        "form": Form(values={"name": role.name, "permissions": "", **ticks}),
        "version": role.version,
        "done": _done(visit),
    }


@router.post("/studio/team/roles/<id>/", tags=["team"], summary="Change a role of one's own")
@form(page=ROLE, sent=f"{ROLE}?done=saved", fields=("name", "permissions", "permission.*"), context=_of_role)
@needs("team.roles.manage")
def edit(id: str, sent: Annotated[RoleEdit, Body()], visit: Here) -> Changed:
    """For everyone who holds it, at once."""
    version = roles.edit(visit, id, name=sent.name, permissions=sent.permissions, version=sent.version)
    return Changed(id=id, version=version)


@router.post("/studio/team/roles/<id>/delete", tags=["team"], summary="Delete a role of one's own")
@form(page=ROLE, sent=f"{ROLES}?done=deleted", fields=(), name="deletion", context=_of_role)
@needs("team.roles.manage")
def delete(id: str, sent: Annotated[AsSeen, Body()], visit: Here) -> Done:
    """Not while somebody holds it, or is invited to it."""
    roles.delete(visit, id, version=sent.version)
    return Done()


def _done(visit: Visit) -> str:
    done = visit.query.get("done", "")
    return done if done in _DONE else ""
