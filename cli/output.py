"""How commands speak: results on stdout (or one JSON document with --json), everything else on stderr."""

import json
from collections.abc import Sequence
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, errors too, for programs.")


def say(text: str) -> None:
    """Progress and remarks, for people."""
    click.echo(text, err=True)


def show_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def show_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as they need to be, headings only where someone looks at them."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]

    def line(row: tuple[str, ...]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    click.echo(click.style(line(headings), bold=True))
    for row in rows:
        click.echo(line(row))


def one_line(text: str) -> str:
    return " ".join(text.split())
