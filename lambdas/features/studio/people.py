"""What the overview says of people: how many have an account. (Who is on the team, that feature says.)"""

from datetime import datetime

from lambdas.core.overview import News
from lambdas.platform.people import PERSON, Person
from lambdas.platform.visit import Visit

_COUNTED = 500


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """How many people have an account, by a query of keys."""
    del visit
    came = [entry.created_at for entry in Person.newcomers.query(PERSON, scan_index_forward=False, limit=_COUNTED)]
    accounts = News(
        text="studio.people.accounts",
        count=len(came),
        more=len(came) == _COUNTED,
        new=sum(since is not None and at > since for at in came),
    )
    return (accounts,)
