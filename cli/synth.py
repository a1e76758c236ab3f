"""`prism synth`: creators' stacks as CloudFormation templates."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failures import FAILED, error_line
from cli.output import json_option, say, show_json
from cli.place import CREATORS, complete_ids

if TYPE_CHECKING:
    from stacks.synth import SynthResult


@click.command("synth")
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=complete_ids)
@click.option("--jobs", type=click.IntRange(1, 64), help="How many work at once; else one a core, four at most.")
@json_option
def command(ids: tuple[str, ...], jobs: int | None, as_json: bool) -> None:
    """Synthesise creators' stacks, all if none is named.

    The CloudFormation templates go into cdk.out/ID. Needs no credentials and no network. What has not changed is not made again.
    """
    from lambdas.features.creator_files import creator_path, read_all, read_creator
    from stacks.synth import synth

    named = dict.fromkeys(ids)
    creators = [read_creator(creator_path(i, folder=CREATORS)) for i in named] if ids else list(read_all(CREATORS))
    if not creators and not as_json:
        say('there is no creator yet: prism add-creator kasper "Kasper" kasper.live')
    results = synth(creators, jobs=jobs, progress=None if as_json else tell)
    failed = [result for result in results if result.error]
    if as_json:
        show_json({"ok": not failed, "creators": [_document(result) for result in results]})
    if failed:
        sys.exit(FAILED)


def tell(result: "SynthResult") -> None:
    """One line a creator as it is done, on stderr."""
    if result.error:
        say(error_line(f"{result.creator_id}: {result.error}", ""))
        return
    what = "unchanged" if result.cached else f"{len(result.templates)} stacks in {result.seconds:.1f} s"
    say(f"{result.creator_id}: {what}, {result.folder}")
    for note in result.notes:
        say(f"  remark: {note}")


def _document(result: "SynthResult") -> dict[str, object]:
    templates: dict[str, Path] = result.templates
    return {
        "id": result.creator_id,
        "folder": str(result.folder),
        "templates": {name: str(path) for name, path in templates.items()},
        "cached": result.cached,
        "seconds": round(result.seconds, 2),
        "remarks": list(result.notes),
        "error": result.error,
    }
