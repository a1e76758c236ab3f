"""`prism dev`: a creator's whole platform on this machine."""

import click

from cli.output import say
from cli.place import CREATORS, complete_ids

PORT = 8000
RTMP_PORT = 1935


@click.command("dev")
@click.argument("creator_id", metavar="ID", shell_complete=complete_ids)
@click.option("--port", type=click.IntRange(1024, 65535), default=PORT, show_default=True, help="Of 127.0.0.1.")
@click.option(
    "--rtmp-port",
    type=click.IntRange(1024, 65535),
    default=RTMP_PORT,
    show_default=True,
    help="Where OBS sends to; the next free one where it is taken.",
)
def command(creator_id: str, port: int, rtmp_port: int) -> None:
    """Serve a creator's platform on this machine.

    At http://ID.localhost:8000 until Ctrl-C.

    Site, API, worker, mail: all of it, on this machine only, with what it stored the last time.
    Edits of templates, Python and the creator's file show at once.
    """
    serve(creator_id, port, rtmp_port)


def serve(creator_id: str, port: int, rtmp_port: int = RTMP_PORT) -> None:
    """Until Ctrl-C; the creator's file is looked at first, so that a fault in it is what the reader sees."""
    from lambdas.features.creator_files import creator_path, read_creator

    path = creator_path(creator_id, folder=CREATORS)
    read_creator(path)
    from local.dev import run_dev

    run_dev(path, port=port, rtmp_port=rtmp_port, progress=say)  # said at once, into a pipe too
