"""How a stream went: who watched when, the most and the mean, when it starved, and the curve of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.features.live.models import Sample

WIDTH, HEIGHT = 640, 120
"""Of the curve, in the units of its viewBox."""

_MOST_POINTS = 240


class Point(NamedTuple):
    minute: datetime
    viewers: int


class Figures(NamedTuple):
    """The most who watched at once, and how many on average; None where nobody ever counted."""

    peak: int | None
    average: float | None


class Span(NamedTuple):
    """From when until when a stream starved; `until` is None where it still does, or nobody told."""

    since: datetime
    until: datetime | None


class Curve(NamedTuple):
    """`line` is the points of an SVG polyline, `area` the same down to the ground; `top` the number at the upper edge."""

    line: str
    area: str
    top: int
    points: tuple[Point, ...]


def points_of(stream_ids: Iterable[str]) -> tuple[Point, ...]:
    """Every minute that was counted, in order."""
    found = [
        Point(sample.minute, int(sample.viewers))
        for id in stream_ids
        for sample in Sample.query(id, consistent_read=True)
    ]
    return tuple(sorted(found))


def figures(points: Sequence[Point]) -> Figures:
    counts = [point.viewers for point in points]
    return Figures(max(counts), round(sum(counts) / len(counts), 1)) if counts else Figures(None, None)


def spans(marks: Iterable[str], *, over_at: datetime | None) -> tuple[Span, ...]:
    """When a stream starved, from its marks ("<moment> start", "<moment> end"), whichever of them arrived."""
    made: list[Span] = []
    for at, word in sorted(
        (datetime.fromisoformat(moment), word) for moment, _, word in (m.partition(" ") for m in marks)
    ):
        running = made and made[-1].until is None
        if word == "start" and not running:
            made.append(Span(at, None))
        elif word == "end" and running:
            made[-1] = made[-1]._replace(until=at)
    if made and made[-1].until is None:
        made[-1] = made[-1]._replace(until=over_at)
    return tuple(made)


def starved(found: Iterable[Span], *, now: datetime) -> timedelta:
    """For how long in all."""
    return sum(((span.until or now) - span.since for span in found), timedelta())


def curve(points: Sequence[Point]) -> Curve | None:
    """A line through the minutes, at most `_MOST_POINTS` of them; None where there are fewer than two."""
    if len(points) < 2:
        return None
    shown = _thinned(points)
    first, length = shown[0].minute, (shown[-1].minute - shown[0].minute).total_seconds()
    top = max(1, *(point.viewers for point in shown))
    placed = [
        (
            round((point.minute - first).total_seconds() / length * WIDTH, 1),
            round(HEIGHT - point.viewers / top * HEIGHT, 1),
        )
        for point in shown
    ]
    line = " ".join(f"{x:g},{y:g}" for x, y in placed)
    return Curve(line=line, area=f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", top=top, points=tuple(shown))


def _thinned(points: Sequence[Point]) -> list[Point]:
    """The highest of each few minutes, so that no peak is lost."""
    step = -(-len(points) // _MOST_POINTS)
    return [max(points[at : at + step], key=lambda point: point.viewers) for at in range(0, len(points), step)]
