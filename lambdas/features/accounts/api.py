"""GET /api/me: who one is and what one may do here."""

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.errors import NotSignedIn
from lambdas.platform.routing import Router
from lambdas.platform.visit import Here

router = Router()


class Myself(BaseModel):
    model_config = ConfigDict(defer_build=True)

    id: str
    name: str
    email: str
    locale: str
    picture: str | None = Field(description="Where the picture is, from the site's root")
    role: str = Field(description="A standard role, a custom role's id, or fan")
    permissions: list[str] = Field(description="Sorted")


class Me(BaseModel):
    model_config = ConfigDict(defer_build=True)

    person: Myself | None = Field(description="Nobody where nobody is signed in")


@router.get("/api/me", tags=["accounts"], summary="Who is signed in")
def me(visit: Here) -> Me:
    """Answered to guests too: a published page knows nobody and may ask."""
    if visit.session is None:
        return Me(person=None)
    try:
        person = visit.person
    except NotSignedIn:  # the account has been deleted within the last minute
        return Me(person=None)
    return Me(
        person=Myself(
            id=person.id,
            name=person.name,
            email=person.email,
            locale=person.locale,
            picture=person.picture,
            role=visit.standing.role,
            permissions=sorted(visit.standing.permissions),
        )
    )
