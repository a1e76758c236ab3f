"""Where the creators' files and all that is made of them are: the checkout, or PRISM_HOME."""

import os
from pathlib import Path

import click

from lambdas.core.errors import PrismError

CHECKOUT = Path(__file__).resolve().parents[1]
CREATORS = Path("creators")
STATE = Path(".prism")


class NoHome(PrismError):
    code = "no_home"
    title = "The folder that PRISM works in is not there"


def enter_home() -> None:
    """Work from there, wherever the command was typed, so that paths are short and the same everywhere."""
    home = Path(os.environ.get("PRISM_HOME") or CHECKOUT)
    try:
        os.chdir(home)
    except OSError as error:
        raise NoHome(f"{home} cannot be entered: {error.strerror}", fix="correct PRISM_HOME, or unset it") from error


def complete_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Ids for the shell's completion: names of files, none of them read."""
    enter_home()
    return sorted(path.stem for path in CREATORS.glob(f"{incomplete}*.yaml"))
