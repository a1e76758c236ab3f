"""/studio/team/: who is on the team, and who is invited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.errors import NotFound
from lambdas.core.forms import Form, blank
from lambdas.core.permissions import FAN, OWNER, STANDARD_ROLES, may_change, may_give
from lambdas.features.team import invitations, seats
from lambdas.features.team.inputs import AsSeen, Changed, Done, Made, NewInvitation, RoleChange
from lambdas.features.team.routing import router
from lambdas.features.team.seats import Role, Seat
from lambdas.platform.limits import Limit
from lambdas.platform.people import Person, people_of
from lambdas.platform.routing import form, html, limited, needs
from lambdas.platform.sessions import COOKIE
from lambdas.platform.visit import Here, Html, Visit

TEAM = "/studio/team/"
MEMBER = "/studio/team/members/{id}/"
INVITE = "/studio/team/invite/"

_DONE = frozenset({"invited", "repeated", "withdrawn", "changed", "removed"})
_MAILS = Limit(name="team-invitations", times=30, per=timedelta(hours=1))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A member as the list shows them; `email` and `seen_at` only for who looks after the team."""

    id: str
    name: str
    email: str
    role: Role
    since: datetime | None
    seen_at: datetime | None
    version: int
    is_you: bool
    leaving: bool


@router.get(TEAM, include_in_schema=False)
@html
@needs("team.members.read")
def team(visit: Here) -> Html:
    """Everyone on the team, and the open invitations."""
    return visit.screen(TEAM, _overview(visit))


def _overview(visit: Visit) -> dict[str, Any]:
    members = _rows(visit, seats.seats(visit.services.features))
    invites = "team.members.invite" in visit.standing.permissions
    return {
        "members": sorted(members, key=lambda row: (_rank(row.role), row.name.casefold(), row.id)),
        "invitations": invitations.open_invitations(visit.services) if invites else (),
        "mails": invitations.MAILS,
        "form": blank("version"),
        "done": visit.query.get("done") if visit.query.get("done") in _DONE else "",
    }


@router.get("/studio/team/members/<id>/", include_in_schema=False)
@html
@needs("team.members.read")
def member(id: str, visit: Here) -> Html:
    """One member, and what may be changed about them."""
    return visit.screen(MEMBER, _of_member(visit))


def _of_member(visit: Visit) -> dict[str, Any]:
    services = visit.services
    seat = seats.seat_of(visit.parameters["id"], services.features)
    if seat is None:
        raise NotFound("They are not on the team, or no longer.")
    row = _rows(visit, [seat])[0]
    manages = "team.members.manage" in visit.standing.permissions and not row.is_you
    roles = [role for role in _all_roles(visit) if may_give(visit.standing, role.given)]
    return {
        "member": row,
        "may_remove": manages and may_change(visit.standing, present=seat.role.given, wanted=FAN),
        "may_own": manages and visit.standing.is_owner and seat.role.id != OWNER,
        "roles": [role for role in roles if role.id != OWNER]
        if manages and may_give(visit.standing, seat.role.given)
        else [],
        "form": Form(values={"role": seat.role.id, "version": str(seat.version)}),
    }


@router.post("/studio/team/members/<id>/", tags=["team"], summary="Give a member another role")
@form(page=MEMBER, sent="/studio/team/?done=changed", fields=("role",), context=_of_member)
@needs("team.members.manage")
def change(id: str, sent: Annotated[RoleChange, Body()], visit: Here) -> Changed:
    """At once, wherever they are signed in."""
    return Changed(id=id, version=seats.change_role(visit, id, role=sent.role, version=sent.version))


@router.post("/studio/team/members/<id>/remove", tags=["team"], summary="Take a member off the team")
@form(page=MEMBER, sent="/studio/team/?done=removed", fields=(), context=_of_member)
@needs("team.members.manage")
def remove(id: str, sent: Annotated[AsSeen, Body()], visit: Here) -> Done:
    """They stay a fan with an account, and are signed out everywhere."""
    seats.remove(visit, id, version=sent.version)
    return Done()


@router.post("/studio/team/leave", tags=["team"], summary="Leave the team")
@form(page=TEAM, sent="/", fields=(), context=_overview)
@needs("team.members.read")
def leave(visit: Here) -> Done:
    """One stays a fan with an account, and is signed out everywhere."""
    seats.leave(visit)
    visit.drop_cookie(COOKIE)
    return Done()


@router.get(INVITE, include_in_schema=False)
@html
@needs("team.members.invite")
def invite_form(visit: Here) -> Html:
    """Whom to invite, and to what."""
    return visit.screen(INVITE, {**_to_give(visit), "form": _fresh(visit)})


def _fresh(visit: Visit) -> Form:
    return Form(values={"email": "", "role": "", "locale": visit.services.creator.locale})


def _to_give(visit: Visit) -> dict[str, Any]:
    roles = [role for role in _all_roles(visit) if role.id != OWNER and may_give(visit.standing, role.given)]
    return {"roles": roles, "languages": visit.services.creator.languages, "days": invitations.OPEN_FOR.days}


@router.post(INVITE, status_code=201, tags=["team"], summary="Invite somebody to the team")
@form(
    page=INVITE,
    sent="/studio/team/?done=invited",
    fields=("email", "role", "locale"),
    context=_to_give,
)
@needs("team.members.invite")
@limited(_MAILS)
def invite(sent: Annotated[NewInvitation, Body()], visit: Here) -> Made:
    """They are mailed a link, good for a week, for whoever signs in with this address."""
    locale = visit.services.creator.language_or_own(sent.locale)
    return Made(id=invitations.invite(visit, email=sent.email, role=sent.role, locale=locale).id)


@router.post("/studio/team/invitations/<id>/resend", tags=["team"], summary="Mail an invitation again")
@form(page=TEAM, sent="/studio/team/?done=repeated", fields=(), context=_overview)
@needs("team.members.invite")
@limited(_MAILS)
def resend(id: str, visit: Here) -> Done:
    """Good for a week from now, in the name of who asks for it; five mails at most."""
    invitations.mail_again(visit, id)
    return Done()


@router.post("/studio/team/invitations/<id>/withdraw", tags=["team"], summary="Withdraw an invitation")
@form(page=TEAM, sent="/studio/team/?done=withdrawn", fields=(), context=_overview)
@needs("team.members.invite")
def withdraw(id: str, visit: Here) -> Done:
    """Its link leads nowhere from now on."""
    invitations.withdraw(visit, id)
    return Done()


def _all_roles(visit: Visit) -> list[Role]:
    features = visit.services.features
    standard = [role for id in STANDARD_ROLES if (role := seats.role_of(id, features)) is not None]
    return [*standard, *seats.custom_roles(features)]


def _rows(visit: Visit, there: Iterable[Seat]) -> list[Row]:
    sitting = list(there)
    people = people_of(seat.person_id for seat in sitting)
    manages = "team.members.manage" in visit.standing.permissions
    return [_row(visit, seat, people.get(seat.person_id), manages=manages) for seat in sitting]


def _row(visit: Visit, seat: Seat, person: Person | None, *, manages: bool) -> Row:
    seen = visit.services.sessions.of(seat.person_id)[:1] if manages else []
    return Row(
        id=seat.person_id,
        name=person.name if person is not None else seat.person_id,
        email=person.email if person is not None and manages else "",
        role=seat.role,
        since=seat.since,
        seen_at=seen[0].seen_at if seen else None,
        version=seat.version,
        is_you=seat.person_id == visit.person.id,
        leaving=bool(person is not None and person.leaving),
    )


def _rank(role: Role) -> int:
    return STANDARD_ROLES.index(role.id) if role.id in STANDARD_ROLES else len(STANDARD_ROLES)
