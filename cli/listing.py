"""`prism list`: the creators there are."""

import sys

import click

from cli.failures import FAILED, entries_of, error_line
from cli.output import json_option, say, show_json, show_table
from cli.place import CREATORS


@click.command("list")
@json_option
def command(as_json: bool) -> None:
    """List all creators.

    Those whose file has a fault are named on stderr, and the exit status is 1.
    """
    from lambdas.features.creator_files import CreatorFileInvalid, survey
    from lambdas.features.registry import active_features

    found = survey(CREATORS)
    rows = [
        (c.id, c.name, c.domain, c.region, ", ".join(f.name for f in active_features(c) if f.optional))
        for c in found.creators.values()
    ]
    headings = ("id", "name", "domain", "region", "features")
    if as_json:
        creators = [c.model_dump(mode="json") for c in found.creators.values()]
        errors = entries_of(CreatorFileInvalid(found.faults)) if found.faults else []
        show_json({"ok": not errors, "creators": creators, "errors": errors})
    else:
        if rows:
            show_table(headings, rows)
        elif not found.faults:
            say('there is no creator yet: prism add-creator kasper "Kasper" kasper.live')
        for fault in found.faults:
            say(error_line(fault.message, fault.fix, at=f"{fault.file}:{fault.line}:{fault.column}"))
    if found.faults:
        sys.exit(FAILED)
