"""`prism demo`: the fictional creator's platform, from nothing to served."""

import click

from cli.dev import PORT, serve
from cli.failures import error_line
from cli.output import say
from cli.place import CREATORS
from cli.synth import tell
from lambdas.core.errors import PrismError
from local.demo_people import DEMO


@click.command("demo")
@click.option("--port", type=click.IntRange(1024, 65535), default=PORT, show_default=True, help="Of 127.0.0.1.")
def command(port: int) -> None:
    """Serve a fictional creator's platform, set up from nothing.

    Onboards the creator if absent, synthesises the stacks, and serves until Ctrl-C.
    """
    from lambdas.features.creator_files import CreatorUnknown, creator_path, new_creator, read_creator, write_new
    from stacks.synth import synth

    try:
        path = creator_path(DEMO, folder=CREATORS)
    except CreatorUnknown:
        settings = {"id": DEMO, "name": "Demo", "domain": "demo.example", "email": "hello@demo.example"}
        path = write_new(new_creator(settings), folder=CREATORS)
        say(f"{path} is written")
    say("synthesising the stacks")
    creator = read_creator(path)
    try:
        synth([creator], progress=tell)
    except PrismError as error:
        # A demo runs on without its stacks: its cloud is on this machine.
        say(error_line(error.message, error.fix))
    serve(DEMO, port)
