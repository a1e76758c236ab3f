"""What a benchmark says: numbers, each with the limit it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number and the most it may be. `unit` follows both ("kB", "s"); empty for a ratio or a count."""

    name: str
    measured: float
    limit: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.limit


class NotMeasured(Exception):
    """What measures is missing; the text says what to do."""


def table(figures: list[Figure]) -> str:
    """The figures as lines of text, for a terminal."""
    rows = [("figure", "measured", "limit", "verdict")]
    rows += [(f.name, _number(f.measured, f.unit), _number(f.limit, f.unit), _verdict(f)) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {measured:>{widths[1]}}  {limit:>{widths[2]}}  {verdict}"
        for name, measured, limit, verdict in rows
    )


def _verdict(figure: Figure) -> str:
    return "ok" if figure.holds else "TOO MUCH"


def _number(value: float, unit: str) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".") if value < 100 else f"{value:.0f}"
    return f"{text} {unit}".rstrip()
