"""The CDK app: the stacks of one creator (`-c creator=demo`) or of all. Needs no credentials and no network.

`prism synth` does the same with a folder a creator, and leaves out who has not changed; this file is for
the CDK's own command (`cdk diff`, `cdk synth`).
"""

import sys

from lambdas.core.errors import PrismError
from lambdas.features.creator_files import creator_path, read_all, read_creator
from stacks.assembly import add_creator, app_for
from stacks.release import release


def main() -> None:
    app = app_for()
    wanted = app.node.try_get_context("creator")
    creators = (read_creator(creator_path(wanted)),) if wanted else read_all()
    for creator in creators:
        for note in add_creator(app, creator, version=release()):
            print(note, file=sys.stderr)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except PrismError as error:
        sys.exit(f"{error.message} {error.fix}".strip())
