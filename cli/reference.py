"""Files that are made from the code, so that they cannot say anything else.

python -m cli.reference            write them
python -m cli.reference --check    exit 1 and name those that are not up to date
"""

import json
import sys
from collections.abc import Callable, Iterator

import click

from cli.failures import FAILED, error_line
from cli.main import prism
from cli.output import say
from cli.place import CHECKOUT

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def commands() -> str:
    """docs/cli.md: the help of every command, as the command prints it."""
    parts = [
        "# The `prism` command",
        "",
        "Made from `prism --help` by `make reference`. Every command takes `--help`.",
        "",
        *_help_of(prism, "prism"),
    ]
    for name in prism.list_commands(click.Context(prism)):
        parts += [f"## prism {name}", "", *_help_of(prism.commands[name], f"prism {name}")]
    return "\n".join(parts)


def creator_schema() -> str:
    """creators/schema.json: what editors complete and check a creator's file by."""
    from lambdas.features.creator_files import model

    schema = model().model_json_schema()
    return _json({"$schema": SCHEMA_DIALECT} | schema | {"title": "A creator of PRISM"})


def api() -> str:
    """docs/openapi.json: every route of every feature."""
    from lambdas.features.registry import FEATURES
    from lambdas.web.openapi import describe_all

    return _json(describe_all(FEATURES))


GENERATED: dict[str, Callable[[], str]] = {
    "docs/cli.md": commands,
    "creators/schema.json": creator_schema,
    "docs/openapi.json": api,
}


def main(check: bool) -> int:
    """Write or compare every generated file; the exit status."""
    stale = []
    for name, make in GENERATED.items():
        path, text = CHECKOUT / name, make()
        if check and (not path.exists() or path.read_text() != text):
            stale.append(name)
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        say(error_line(f"{', '.join(stale)} not up to date", "run `make reference` and commit what it changes"))
    return FAILED if stale else 0


def _help_of(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(prism, info_name="prism", terminal_width=100, **prism.context_settings)
    if command is not prism:
        context = click.Context(command, info_name=path.removeprefix("prism "), parent=context)
    yield from ("```text", *(line.rstrip() for line in command.get_help(context).splitlines()), "```", "")


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
