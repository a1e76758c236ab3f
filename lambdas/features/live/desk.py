"""The desk from which a show is run: what comes next, the stream key, stopping, ending, and where else it can be watched."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.core.errors import PreconditionFailed
from lambdas.features.live.books import Card, Links
from lambdas.features.live.figures import Curve, Span, curve, points_of, spans, starved
from lambdas.features.live.inputs import SentCard
from lambdas.features.live.ledger import Desk, Settled, settle, standing
from lambdas.features.live.models import Show, Stream
from lambdas.features.live.shows import on_air
from lambdas.features.live.state import shows_of
from lambdas.features.live.watch import notice
from lambdas.platform import audit
from lambdas.platform.audit import AuditEntry
from lambdas.platform.ivs import Health
from lambdas.platform.tables import transaction
from lambdas.platform.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Now:
    """How it looks this moment. `asked` false says that IVS did not answer; `health` is None where no stream comes in."""

    how: Settled
    show: Show | None
    health: Health | None
    asked: bool
    spans: tuple[Span, ...]
    curve: Curve | None
    stream: Stream | None

    @property
    def word(self) -> str:
        """ "live", "starving", "lost" or "off"; "held" where a stream comes in after its show was ended by hand."""
        if self.how.air.stream_id:
            return "starving" if self.is_starving else "live"
        if self.how.air.run:
            return "lost"
        return "held" if self.health else "off"

    @property
    def is_starving(self) -> bool:
        told = bool(self.spans) and self.spans[-1].until is None
        return self.health.starving if self.health else told

    @property
    def viewers(self) -> int | None:
        if not self.how.air.stream_id:
            return None
        fresh = self.health.viewers if self.health else None
        return self.how.books.viewers if fresh is None else fresh


def present(visit: Visit) -> Now:
    """One look at IVS, which also finds a stream that nobody told of; and all that is stored."""
    health, asked = _look(visit)
    how = standing(visit.services)
    run = how.air.run
    stream = _stream(run.streams[-1]) if run else None
    show = shows_of([run.show_id]).get(run.show_id) if run else None
    return Now(
        how=how,
        show=show,
        health=health,
        asked=asked,
        spans=spans(stream.health or (), over_at=stream.ended_at) if stream else (),
        curve=curve(points_of(run.streams)) if run else None,
        stream=stream,
    )


def numbers(visit: Visit) -> dict[str, Any]:
    """What changes by itself while one looks, for the script of the desk."""
    now = present(visit)
    run = now.how.air.run
    return {
        "word": now.word,
        "show": run.show_id if run else None,
        "since": run.started_at.isoformat() if run else None,
        "viewers": now.viewers,
        "starved_seconds": int(starved(now.spans, now=visit.services.clock()).total_seconds()),
        "curve": {"line": now.curve.line, "area": now.curve.area, "top": now.curve.top} if now.curve else None,
    }


def save_card(visit: Visit, sent: SentCard, *, seen: int) -> int:
    """What the next show is called; its new version. PreconditionFailed."""

    def work(desk: Desk) -> None:
        card = desk.books.card
        if card.version != seen:
            raise PreconditionFailed(fix="Look at what has changed, then save again.")
        new = Card(
            title=sent.title,
            description=sent.description,
            category=sent.category,
            audience=sent.audience,
            tiers=sent.only_tiers(),
            version=seen + 1,
            by=visit.person.id,
        )
        desk.books = desk.books._replace(card=new)
        desk.entries.append(audit.entry(visit, "live.next.changed", "next", before=_noted(card), after=_noted(new)))

    settle(visit.services, work)
    return seen + 1


def save_links(visit: Visit, links: tuple[tuple[str, str], ...], *, seen: int) -> int:
    """Where the creator can be watched besides; the new version. PreconditionFailed."""

    def work(desk: Desk) -> None:
        before = desk.books.links
        if before.version != seen:
            raise PreconditionFailed(fix="Look at what has changed, then save again.")
        desk.books = desk.books._replace(links=Links(links=links, version=seen + 1, by=visit.person.id))
        was, now = ({"links": [url for _, url in some]} for some in (before.links, links))
        desk.entries.append(audit.entry(visit, "live.links.changed", "links", before=was, after=now))

    settle(visit.services, work)
    return seen + 1


def reveal(visit: Visit) -> str:
    """The stream key, for the eyes of who asks. Noted before it is read: nobody sees it unnoted."""
    _note(audit.entry(visit, "live.key.revealed", "key"))
    return visit.services.channel.stream_key()


def rotate(visit: Visit) -> None:
    """A new key; the one before is worth nothing at once, and who streams with it is cut off. KeyChangedMeanwhile."""
    _note(audit.entry(visit, "live.key.rotated", "key"))
    visit.services.channel.rotate_key()


def stop(visit: Visit) -> bool:
    """Cut off whoever streams; False where nobody does. The show waits for it to come back."""
    _note(audit.entry(visit, "live.stream.stopped", "stream"))
    return visit.services.channel.stop_stream()


def end(visit: Visit) -> None:
    """The show is over now, whatever the stream does; and the stream is told to go. NothingOn."""

    def work(desk: Desk) -> None:
        show = on_air(desk)
        desk.books = desk.books._replace(cuts=(*desk.books.cuts, desk.now))
        desk.entries.append(audit.entry(visit, "live.show.ended", show.id, before={"title": show.title}))

    settle(visit.services, work)
    visit.services.channel.stop_stream()


def _look(visit: Visit) -> tuple[Health | None, bool]:
    try:
        return notice(visit.services), True
    except (BotoCoreError, ClientError):
        # IVS has its own bad days, and 5 calls a second: what is stored is shown all the same.
        return None, False


def _stream(id: str) -> Stream | None:
    try:
        return Stream.get(id, consistent_read=True)
    except Stream.DoesNotExist:
        return None


def _note(entry: AuditEntry) -> None:
    with transaction(AuditEntry) as write:
        write.save(entry)


def _noted(card: Card) -> dict[str, Any]:
    return {"title": card.title, "audience": card.audience, "tiers": list(card.tiers)}
