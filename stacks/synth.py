"""From creators to CloudFormation: one App and one folder below `cdk.out/` a creator.

An unchanged creator is not synthesised again, and then `aws_cdk` is not even imported (it costs
seconds). The others are synthesised by worker processes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdas.core.creator import Creator

OUT = Path("cdk.out")


@dataclass(frozen=True, kw_only=True)
class SynthResult:
    """What became of one creator.

    `folder` is the cloud assembly (`cdk deploy --app <folder>`), `templates` the CloudFormation
    templates in it by stack name. `cached` says that nothing had changed. `notes` are for the
    operator ("the functions ship without bytecode …"). `error` is the one line to show when it
    failed; `folder` is then what it was before.
    """

    creator_id: str
    folder: Path
    templates: dict[str, Path]
    cached: bool
    seconds: float
    notes: tuple[str, ...] = ()
    error: str | None = None


def synth(
    creators: Sequence[Creator],
    *,
    out: Path = OUT,
    jobs: int | None = None,
    progress: Callable[[SynthResult], None] | None = None,
) -> list[SynthResult]:
    """Synthesise the creators' stacks, in their order; a creator that fails does not stop the others.

    `jobs` is how many processes work at once (else one a core, four at most). `progress` is called
    with each result when it is there.
    """
    raise NotImplementedError
