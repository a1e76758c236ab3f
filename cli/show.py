"""`prism show`: one creator and what is derived from the file."""

from typing import Any

import click

from cli.output import json_option, show_json
from cli.place import CREATORS, complete_ids


@click.command("show")
@click.argument("creator_id", metavar="ID", shell_complete=complete_ids)
@json_option
def command(creator_id: str, as_json: bool) -> None:
    """Show one creator and what is derived from the file.

    That is: features, pages, functions and tables.
    """
    from lambdas.features.creator_files import creator_path, read_creator

    path = creator_path(creator_id, folder=CREATORS)
    creator = read_creator(path)
    derived = _derived(creator)
    if as_json:
        show_json({"ok": True, "file": str(path), "creator": creator.model_dump(mode="json"), "derived": derived})
        return
    click.echo(click.style(creator.name, bold=True) + f"  {path}")
    facts = {
        "site": creator.origin,
        "mail": creator.email,
        "cloud": f"{creator.region}, AWS account {creator.cloud.account or 'not yet there'}",
        "language": f"{creator.locale} (speaks {', '.join(creator.languages)})",
        "time, money": f"{creator.timezone}, {creator.currency}",
        "brand": f"{creator.brand.primary} {creator.brand.accent}, {creator.brand.theme} theme",
    } | {name: ", ".join(values) or "none" for name, values in derived.items()}
    for name, value in facts.items():
        click.echo(f"  {name:<12} {value}")


def _derived(creator: Any) -> dict[str, list[str]]:
    from lambdas.features.registry import active_features, tables_of
    from lambdas.platform.tables import table_name
    from lambdas.web.edge import functions

    features = active_features(creator)
    pages = [page.path for feature in features for page in feature.pages if page.listed]
    return {
        "features": [feature.name for feature in features],
        "pages": [creator.path(page, locale) for locale in creator.languages for page in pages],
        "functions": list(functions(features)),
        "tables": [table_name(creator.id, name) for name in tables_of(features)],
    }
