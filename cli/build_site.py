"""`prism build-site`: a creator's site as a folder."""

from pathlib import Path

import click

from cli.output import json_option, say, show_json
from cli.place import CREATORS, STATE, complete_ids


@click.command("build-site")
@click.argument("creator_id", metavar="ID", shell_complete=complete_ids)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to make; .prism/ID/build if left out."
)
@json_option
def command(creator_id: str, out: Path | None, as_json: bool) -> None:
    """Build a creator's site into a folder.

    As it would be published. The folder is replaced as a whole at the end; after an error the one before is still there.
    """
    from frontend_template.build import build_site
    from frontend_template.cache import cache_folder
    from lambdas.features.creator_files import creator_path, read_creator
    from lambdas.features.registry import active_features

    creator = read_creator(creator_path(creator_id, folder=CREATORS))
    folder = out or STATE / creator.id / "build"
    build_site(
        creator,
        features=active_features(creator),
        source=CREATORS / creator.id,
        out=folder,
        cache=cache_folder(STATE),
        progress=None if as_json else say,
    )
    if as_json:
        show_json({"ok": True, "id": creator.id, "folder": str(folder)})
    else:
        click.echo(f"{folder} holds the site of {creator.name}")
