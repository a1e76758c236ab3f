"""The `prism` command. Each subcommand is a thin module beside this one; the work is in the rooms below.

The heavy rooms (aws_cdk, the local cloud) are imported inside the commands that use them, so that
`prism --help` and `prism list` answer at once.
"""

import os
import sys
from importlib.metadata import version

import click

from cli import add_creator, build_site, completion, demo, dev, doctor, features, listing, show, synth, validate
from cli.failures import report
from cli.place import enter_home

EPILOG = """
Every creator is one file, creators/<id>.yaml: edit it by hand, `prism validate` checks it.
Exit status: 0 done, 1 failed, 2 misused.
"""


class InOrder(click.Group):
    """Lists the commands in the order a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=InOrder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(version("prism"), message="%(prog)s %(version)s")
def prism() -> None:
    """PRISM: a whole business of their own on the internet for each content creator.

    Start with `prism demo`, or with a creator of your own:

    \b
      prism add-creator kasper "Kasper" kasper.live
      prism dev kasper
    """


for _command in (
    add_creator.command,
    listing.command,
    show.command,
    validate.command,
    features.command,
    dev.command,
    demo.command,
    build_site.command,
    synth.command,
    doctor.command,
    completion.command,
):
    prism.add_command(_command)


def main() -> None:
    """Run the command of `sys.argv` and exit: 0 done, 1 failed, 2 misused. Never shows a traceback, unless PRISM_DEBUG is set."""
    arguments = sys.argv[1:]
    try:
        enter_home()
        status = prism.main(args=arguments, prog_name="prism", standalone_mode=False)
    except BrokenPipeError:
        # Who read our output (`prism list | head`) has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(report(error, as_json="--json" in arguments))
    sys.exit(status if isinstance(status, int) else 0)
