"""What the team tells the studio's overview and its search."""

from collections.abc import Iterator
from datetime import datetime

from lambdas.core.overview import Found, Line, News
from lambdas.features.team import invitations, seats
from lambdas.platform.people import people_of
from lambdas.platform.visit import Visit

_READ = "team.members.read"
_SHOWN = 4
_FOUND = 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many are on the team, and who has joined since."""
    if _READ not in visit.standing.permissions:
        return ()
    there = seats.seats(visit.services.features)
    joined = sorted(
        ((seat.since, seat.person_id) for seat in there if seat.since and (since is None or seat.since > since)),
        reverse=True,
    )
    others = [(at, id) for at, id in joined if id != visit.person.id]
    people = people_of(id for _, id in others[:_SHOWN])
    lines = tuple(
        Line(
            title=people[id].name,
            url=f"/studio/team/members/{id}/",
            at=at,
            icon="people",
            detail_text="team.studio.joined",
        )
        for at, id in others[:_SHOWN]
        if id in people
    )
    return (News(text="team.studio.members", count=len(there), new=len(others), url="/studio/team/", lines=lines),)


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """Members and custom roles whose name has all the words, and open invitations whose address does.

    Addresses are shown to, and found by, those who look after the team.
    """
    return tuple(_found(visit, words.casefold().split()))[:_FOUND]


def _found(visit: Visit, words: list[str]) -> Iterator[Found]:
    def fits(text: str) -> bool:
        return all(word in text.casefold() for word in words)

    held, features = visit.standing.permissions, visit.services.features
    if _READ in held:
        for id, person in people_of(seat.person_id for seat in seats.seats(features)).items():
            email = person.email if "team.members.manage" in held else ""
            if fits(f"{person.name}\n{email}"):
                yield Found(
                    title=person.name,
                    detail=email,
                    url=f"/studio/team/members/{id}/",
                    kind="team.studio.member",
                    icon="person",
                )
    if "team.roles.manage" in held:
        for role in seats.custom_roles(features):
            if fits(role.name):
                yield Found(
                    title=role.name, url=f"/studio/team/roles/{role.id}/", kind="team.studio.role", icon="scales"
                )
    if "team.members.invite" in held:
        for found in invitations.open_invitations(visit.services):
            if fits(found.invitation.email):
                yield Found(
                    title=found.invitation.email, url="/studio/team/", kind="team.studio.invitation", icon="mail"
                )
