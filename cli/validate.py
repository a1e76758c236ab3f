"""`prism validate`: whether the creators' files can be used."""

import sys

import click

from cli.failures import FAILED, entries_of, error_line
from cli.output import json_option, one_line, say, show_json
from cli.place import CREATORS, complete_ids


@click.command("validate")
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=complete_ids)
@json_option
def command(ids: tuple[str, ...], as_json: bool) -> None:
    """Check creators' files, all if none is named.

    Every fault is shown with file, line and fix, all at once; then the exit status is 1.
    """
    from lambdas.core.brand import palette
    from lambdas.features.creator_files import CreatorFileInvalid, creator_path, survey

    wanted = {str(creator_path(creator_id, folder=CREATORS)) for creator_id in ids}
    # All are read in any case: two creators with one domain show only side by side.
    found = survey(CREATORS)
    faults = tuple(fault for fault in found.faults if not ids or fault.file in wanted)
    sound = [creator for creator in found.creators.values() if not ids or creator.id in ids]
    remarks = {creator.id: [one_line(note) for note in palette(creator.brand).notes] for creator in sound}
    if as_json:
        errors = entries_of(CreatorFileInvalid(faults)) if faults else []
        show_json({"ok": not errors, "valid": [creator.id for creator in sound], "remarks": remarks, "errors": errors})
    else:
        for creator in sound:
            click.echo(f"{CREATORS}/{creator.id}.yaml is valid")
            for remark in remarks[creator.id]:
                say(f"  remark: {remark}")
        for fault in faults:
            say(error_line(fault.message, fault.fix, at=f"{fault.file}:{fault.line}:{fault.column}"))
        if not sound and not faults:
            say('there is no creator yet: prism add-creator kasper "Kasper" kasper.live')
    if faults:
        sys.exit(FAILED)
