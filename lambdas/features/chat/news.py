"""What the chat tells the studio's overview and its search."""

from datetime import datetime

from lambdas.core.overview import Found, Line, News
from lambdas.features.chat.models import ChatPerson
from lambdas.features.chat.moderation import restricted_now
from lambdas.platform.visit import Visit

PEOPLE = "/studio/chat/people/"
_MODERATE = "chat.moderate"
_COUNTED = 100
_SHOWN = 4
_FOUND = 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many may not write, and who has joined them since; nothing where everybody may."""
    if _MODERATE not in visit.standing.permissions:
        return ()
    people = restricted_now(visit.services.clock(), most=_COUNTED)
    if not people:
        return ()
    new = [one for one in people if since is None or one.since > since]
    lines = tuple(
        Line(title=one.name or one.id, detail_text=f"chat.studio.{_how(one)}", url=PEOPLE, at=one.since, icon="ban")
        for one in sorted(new, key=lambda one: one.since, reverse=True)[:_SHOWN]
    )
    count = News(
        text="chat.studio.restricted",
        count=len(people),
        more=len(people) == _COUNTED,
        new=len(new),
        url=PEOPLE,
        lines=lines,
    )
    return (count,)


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """People who may not write, by the name that they had then."""
    if _MODERATE not in visit.standing.permissions:
        return ()
    wanted = words.casefold().split()
    found = (
        one
        for one in restricted_now(visit.services.clock())
        if all(word in (one.name or "").casefold() for word in wanted)
    )
    return tuple(
        Found(title=one.name or one.id, url=PEOPLE, kind=f"chat.studio.{_how(one)}", icon="ban") for one in found
    )[:_FOUND]


def _how(person: ChatPerson) -> str:
    return "banned" if person.banned else "timed_out"
