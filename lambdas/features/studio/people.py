"""What the overview and the search say of people: how many have an account, and who is on the team."""

from collections.abc import Iterator
from datetime import datetime

from lambdas.core.overview import Found, Line, News
from lambdas.platform.people import PERSON, Person
from lambdas.platform.team import TEAM, Member
from lambdas.platform.visit import Visit

TEAM_SCREEN = "/studio/team/"
_SEES_TEAM = "team.members.read"
_COUNTED = 500
_SHOWN = 4
_FOUND = 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many people have an account, by a query of keys; the team, with who joined it, for those who may see it."""
    return tuple(_told(visit, since))


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """Members of the team whose name or address has all the words."""
    if _SEES_TEAM not in visit.standing.permissions:
        return ()
    wanted = words.casefold().split()
    found = (
        Found(title=p.name, detail=p.email, url=_seat(p.id), kind="studio.people.member", icon="person")
        for p in Person.batch_get([member.id for member in _members()])
        if all(word in f"{p.name}\n{p.email}".casefold() for word in wanted)
    )
    return tuple(sorted(found, key=lambda one: one.title.casefold())[:_FOUND])


def _told(visit: Visit, since: datetime | None) -> Iterator[News]:
    sees_team = _SEES_TEAM in visit.standing.permissions
    came = [entry.created_at for entry in Person.newcomers.query(PERSON, scan_index_forward=False, limit=_COUNTED)]
    yield News(
        text="studio.people.accounts",
        count=len(came),
        more=len(came) == _COUNTED,
        new=sum(since is not None and at > since for at in came),
    )
    if sees_team:
        members = _members()
        new = [member for member in members if since is not None and member.since > since]
        yield News(
            text="studio.people.members",
            count=len(members),
            new=len(new),
            url=TEAM_SCREEN,
            lines=tuple(_joined(new[:_SHOWN], besides=visit.person.id)),
        )


def _members() -> list[Member]:
    return list(Member.batch_get([entry.id for entry in Member.members.query(TEAM, limit=_COUNTED)]))


def _joined(new: list[Member], *, besides: str) -> Iterator[Line]:
    since = {member.id: member.since for member in new if member.id != besides}
    for person in Person.batch_get(list(since)) if since else ():
        at = since[person.id]
        yield Line(title=person.name, url=_seat(person.id), at=at, icon="people", detail_text="studio.people.joined")


def _seat(person_id: str) -> str:
    return f"{TEAM_SCREEN}members/{person_id}/"
