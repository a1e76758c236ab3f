"""/account/invitation/: who invites to what, and joining the team."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.creator import Locale
from lambdas.core.errors import NotSignedIn
from lambdas.core.permissions import Standing
from lambdas.features.team import invitations
from lambdas.features.team.links import PAGE, masked, named_by
from lambdas.features.team.refusals import InvitationGone
from lambdas.features.team.seats import seat_of
from lambdas.platform.limits import Limit
from lambdas.platform.people import canonical
from lambdas.platform.routing import Router, form, html, limited, signed_in
from lambdas.platform.team import standing_of_role
from lambdas.platform.visit import Here, Html, Visit

router = Router()

Case = Literal["gone", "sign_in", "other", "member", "join"]


class Acceptance(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    token: Annotated[str, Field(min_length=1, max_length=400, description="From the link of the invitation")]
    language: Annotated[Locale | Literal[""], Field(description="The page's; empty for the creator's own.")] = ""


class Joined(BaseModel):
    role: str = Field(description="A standard role, or a custom role's id")


@router.get(PAGE, include_in_schema=False)
@html
def invitation(visit: Here) -> Html:
    """Who invites to what; joining is a button, so that no link that a mail program follows joins anybody."""
    shown = _shown(visit, visit.query.get("token", ""))
    return visit.page(PAGE, shown, status=404 if shown["case"] == "gone" else 200)


def _shown(visit: Visit, token: str) -> dict[str, Any]:
    named = named_by(token, visit.services)
    found = invitations.find_open(*named, visit.services) if named else None
    if found is None or not found.holds:
        return {"case": "gone", "problem": ""}
    back = urlencode({"next": f"{visit.located(PAGE)}?{urlencode({'token': token})}"})
    return {
        "case": _case(visit, found.invitation.email),
        "problem": "",
        "token": token,
        "invitation": found.invitation,
        "role": found.role,
        "address": masked(found.invitation.email),
        "yours": visit.person.email if visit.session else "",
        "back": back,
    }


def _case(visit: Visit, email: str) -> Case:
    try:
        person = visit.person
    except NotSignedIn:
        return "sign_in"
    if canonical(person.email) != email:
        return "other"
    return "member" if seat_of(person.id, visit.services.features) else "join"


def _after_refusal(visit: Visit) -> dict[str, Any]:
    return {"case": "gone", "problem": ""}


@router.post("/api/auth/invitation", tags=["team"], summary="Join the team by an invitation")
@form(page=PAGE, sent="/studio/", fields=("token",), context=_after_refusal)
@signed_in
@limited(Limit(name="team-joining", times=20, per=timedelta(hours=1)))
def accept(sent: Annotated[Acceptance, Body()], visit: Here) -> Joined:
    """For whoever is signed in with the address that was invited; once."""
    named = named_by(sent.token, visit.services)
    if named is None:
        raise InvitationGone(fix="Open the link of the mail again.")
    role = invitations.accept(visit, id=named[0], nonce=named[1])
    visit.go(_first_screen(standing_of_role(role, visit.services.features), visit))
    return Joined(role=role)


def _first_screen(standing: Standing, visit: Visit) -> str:
    """The first section of the studio that somebody sees; the site, where their role shows them none."""
    seen = [s for f in visit.services.features for s in f.screens if s.nav and s.needs in standing.permissions]
    return min(seen, key=lambda screen: screen.order).path if seen else "/"
