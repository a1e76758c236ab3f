"""Synthesise so many creators. Arguments: the folder to write to, how many, and "unchanged" where nothing is to be made anew."""

import sys
from pathlib import Path

from stacks.synth import synth
from tests.creators import a_creator


def main() -> None:
    out, number, kept = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["unchanged"]
    creators = [a_creator(id=f"bench-{n}", domain=f"bench-{n}.example") for n in range(1, number + 1)]
    for result in synth(creators, out=out):
        assert result.error is None, result.error
        assert result.cached is kept, f"{result.creator_id} was {'made anew' if kept else 'there already'}"
    assert "aws_cdk" not in sys.modules, "this process only hands out work"


if __name__ == "__main__":
    main()
