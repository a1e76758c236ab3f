"""What the inbox tells the studio's overview and its search."""

from datetime import datetime

from lambdas.core.overview import Found, Line, News
from lambdas.features.contact.inbox import COUNTED, newest_open, read, search
from lambdas.platform.visit import Visit

INBOX = "/studio/contact/"
_READ = "contact.messages.read"
_SHOWN = 4
_FOUND = 8


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many messages are open, and the newest of those that came since."""
    if _READ not in visit.standing.permissions:
        return ()
    keys = newest_open()
    new = [key for key in keys if since is None or key.received_at > since]
    lines = tuple(
        Line(
            title=message.name,
            detail=message.subject or message.body[:80],
            url=f"{INBOX}{message.id}/",
            at=message.received_at,
            icon="mail",
        )
        for message in read(new[:_SHOWN], services=visit.services)
    )
    count = News(
        text="contact.studio.open_messages",
        count=len(keys),
        more=len(keys) == COUNTED,
        new=len(new),
        url=INBOX,
        lines=lines,
    )
    return (count,)


def searches(visit: Visit, words: str) -> tuple[Found, ...]:
    """Messages that have all the words."""
    if _READ not in visit.standing.permissions:
        return ()
    return tuple(
        Found(
            title=message.name,
            detail=message.subject or message.body[:80],
            url=f"{INBOX}{message.id}/",
            kind="contact.studio.message",
            icon="mail",
        )
        for message in search(words, at_most=_FOUND, services=visit.services)
    )
