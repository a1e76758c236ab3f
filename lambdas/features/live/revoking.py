"""Who loses access in the middle of a show is cut off: a playback token is looked at only when playback starts.

Whoever is let in is written down first and decided about again after that (`playback.py`); whoever changes what the decision
rests on (the show's audience, a holding) has changed it before this looks through the rows. So one of the two sees the other.
What failed is left unmarked, raised, and tried again by the event that brought us here.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice

from pynamodb.exceptions import UpdateError

from lambdas.core.entitlements import NOBODY, Rule, Viewer, decide
from lambdas.core.errors import Unavailable
from lambdas.core.events import Event
from lambdas.features.live.models import LiveViewer
from lambdas.platform.broadcast import broadcast
from lambdas.platform.entitlements import viewer
from lambdas.platform.playback_tokens import version_of
from lambdas.platform.services import Services
from lambdas.platform.team import standing_of

_AT_ONCE = 200
_PASSES = 5


class NotCutOff(Unavailable):
    code = "not_cut_off"
    title = "Some viewers could not be cut off yet"


def of_a_person(event: Event, services: Services) -> None:
    """What a person holds has changed (`entitlement.changed`): where they watch what is no longer theirs, it ends."""
    show_id = broadcast().show_id
    if not show_id:
        return
    try:
        row = LiveViewer.get(show_id, event.subject, consistent_read=True)
    except LiveViewer.DoesNotExist:
        return
    _look_through(lambda: iter((row,)), services)


def of_the_air(shows: Iterable[str], services: Services) -> None:
    """What is on is for others than before: cut off those who were let in to one of these shows and may not see it now."""
    for show_id in shows:
        _look_through(lambda show_id=show_id: LiveViewer.query(show_id, consistent_read=True), services)  # type: ignore[misc]


def of_those_whose_time_is_up(show_id: str, services: Services) -> None:
    """Cut off those of a show whose access has ended by itself, and was not given again."""
    now = services.clock()
    _look_through(lambda: LiveViewer.query(show_id, None, LiveViewer.until <= now, consistent_read=True), services)


def _look_through(rows: Callable[[], Iterator[LiveViewer]], services: Services) -> None:
    """Cut off whom the rule of now lets in no more; look again until nobody is left. NotCutOff."""
    for _ in range(_PASSES):
        rule, now = broadcast().rule, services.clock()
        if rule.audience == "everyone":
            return
        found = (row for row in rows() if not row.is_cut_off)
        lost = [row for some in _batches(found) for row in _without_access(some, rule, now, services)]
        if not lost:
            return
        for some in _batches(iter(lost)):
            _cut_off(some, services)
    raise NotCutOff(fix="It is tried again.")


def _batches(rows: Iterator[LiveViewer]) -> Iterator[list[LiveViewer]]:
    while some := list(islice(rows, _AT_ONCE)):
        yield some


def _without_access(rows: list[LiveViewer], rule: Rule, now: datetime, services: Services) -> list[LiveViewer]:
    def is_lost(row: LiveViewer) -> bool:
        return not decide(rule, _who(row, rule, services), now=now).allowed

    with ThreadPoolExecutor(max_workers=8) as several:
        return [row for row, lost in zip(rows, several.map(is_lost, rows), strict=True) if lost]


def _who(row: LiveViewer, rule: Rule, services: Services) -> Viewer:
    if not row.person_id:
        return NOBODY
    if rule.audience == "signed-in":
        return Viewer(person_id=row.person_id)
    team = standing_of(row.person_id, services.features).on_the_team
    return viewer(row.person_id, on_the_team=team)


def _cut_off(rows: list[LiveViewer], services: Services) -> None:
    """End what they watch, then their chat; whom it was done for is noted."""
    now = services.clock()
    # A token may have been made by a clock that is a little ahead of ours.
    version = version_of(max(now, *(row.issued_at for row in rows)))
    failed = set(services.channel.revoke([row.viewer_id for row in rows], version=version))
    for row in rows:
        if row.viewer_id not in failed:
            _end_chat(row, services)
            _note(row, now)
    if failed:
        raise NotCutOff(f"{len(failed)} of {len(rows)} viewers could not be cut off.", fix="It is tried again.")


def _end_chat(row: LiveViewer, services: Services) -> None:
    if row.person_id and any(feature.name == "chat" for feature in services.features):
        services.room.disconnect(row.person_id, reason="access ended")


def _note(row: LiveViewer, now: datetime) -> None:
    """Only where no newer token was given meanwhile: that one is looked at next."""
    try:
        row.update(
            actions=[LiveViewer.revoked_at.set(max(now, row.issued_at))],
            condition=LiveViewer.issued_at == row.issued_at,
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
