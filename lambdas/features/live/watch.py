"""What is done each minute while a show is on: look at the stream, count, cut off, close; and what once an hour else."""

from datetime import datetime, timedelta

from pynamodb.exceptions import PutError

from lambdas.features.live.figures import figures, points_of
from lambdas.features.live.ledger import Desk, Settled, settle, standing
from lambdas.features.live.models import CANCELLED, SCHEDULED, Sample, Stream
from lambdas.features.live.revoking import of_those_whose_time_is_up
from lambdas.features.live.state import publish_state
from lambdas.features.live.waking import is_on, sleep_unless_on, stay_awake_while_on
from lambdas.platform.broadcast import broadcast
from lambdas.platform.ivs import Health
from lambdas.platform.services import Services

_SURE = 2
"""So often in a row IVS must know of no stream before one is taken to be gone: what it says may be a moment old."""

_SWEPT = timedelta(minutes=10)
"""So long after its time a show that nobody streamed is put away."""


def watch(services: Services) -> None:
    """One look at the stream, and all that follows from it; sleeps when nothing is on and nothing may come back."""
    health = services.channel.health()
    how = look(health, services)
    if health is not None and how.air.stream_id == health.stream_id and health.viewers is not None:
        _count(health.stream_id, health.viewers, services)
    _sum_up(how, services)
    publish_state(services)
    if how.air.run is not None and broadcast().rule.audience == "members":
        of_those_whose_time_is_up(how.air.run.show_id, services)
    if not is_on(how):
        sleep_unless_on(services)


def look(health: Health | None, services: Services) -> Settled:
    """Hold what IVS says of now against what is known, and heal what was never told: a start that is missing, or an end."""

    def work(desk: Desk) -> None:
        before = desk.books
        coming = next((run.streams[-1] for run in desk.runs if run.over_at is None), None)
        if health is not None:
            known = before.stream(health.stream_id).told(started=health.started_at)
            # It is there after all: that it was missed was a mistake of one who looked too early.
            desk.books = before.with_stream(known._replace(missed_at=None))._replace(
                unseen=0, viewers=before.viewers if health.viewers is None else health.viewers
            )
            return
        unseen = before.unseen + 1 if coming else 0
        desk.books = before._replace(unseen=unseen, viewers=None)
        if coming and unseen >= _SURE:
            gone = before.stream(coming)
            desk.books = desk.books.with_stream(gone._replace(missed_at=gone.missed_at or desk.now))._replace(unseen=0)

    return settle(services, work)


def notice(services: Services) -> Health | None:
    """A cheap look while somebody has the studio open: a stream that nobody told of is on from now on."""
    health = services.channel.health()
    if health is not None and standing(services).books.stream(health.stream_id).started_at is None:
        # What is on air has changed by this: the worker hears of it and wakes the watch.
        look(health, services)
    return health


def sweep(services: Services) -> None:
    """Put away planned shows that nobody streamed, and find a stream that nobody told of."""

    def work(desk: Desk) -> None:
        taken = {run.show_id for run in desk.runs}
        for planned in desk.books.planned:
            if planned.show_id not in taken and desk.now >= planned.ends_at + _SWEPT:
                desk.books = desk.books.without_plan(planned.show_id)
                show = desk.show(planned.show_id)
                if show.state == SCHEDULED:
                    show.state, show.missed = CANCELLED, "yes"
                    show.version = int(show.version) + 1

    settle(services, work)
    stay_awake_while_on(look(services.channel.health(), services), services)


def _count(stream_id: str, viewers: int, services: Services) -> None:
    """One row a minute; counted twice within one, the first stays."""
    now = services.clock()
    try:
        Sample(stream_id, _minute(now), viewers=viewers).save(condition=Sample.stream_id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def _sum_up(how: Settled, services: Services) -> None:
    """Peak and mean of the last show and of its last stream, from all that was counted: doing it again changes nothing."""
    run = how.runs[-1] if how.runs else None
    if run is None:
        return
    of_stream, of_show = figures(points_of(run.streams[-1:])), figures(points_of(run.streams))
    if of_stream.peak is not None and of_stream.average is not None:
        Stream(run.streams[-1]).update(actions=[Stream.peak.set(of_stream.peak), Stream.average.set(of_stream.average)])

    def work(desk: Desk) -> None:
        show = desk.show(run.show_id)
        if of_show.peak is not None and (show.peak, show.average) != (of_show.peak, of_show.average):
            show.peak, show.average = of_show.peak, of_show.average

    settle(services, work)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
