"""What it costs to synthesise creators: CPU seconds of all processes, as ratios, for seconds differ by machine.

Twenty creators in pooled workers against twenty times one alone; and the same twenty again, unchanged, against the
first time (aws_cdk is then not imported at all). A first creator, not counted, fills the caches.
"""

import resource
import tempfile
from pathlib import Path

from lambdas.core.creator import Creator
from stacks.synth import synth
from tests.bench.figures import Figure, NotMeasured
from tests.creators import a_creator

MANY = 20


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="prism-bench-") as folder:
        _cpu_seconds([_creator(0)], out=Path(folder) / "warm")
        one = _cpu_seconds([_creator(1)], out=Path(folder) / "one")
        creators = [_creator(number) for number in range(1, MANY + 1)]
        many = _cpu_seconds(creators, out=Path(folder) / "many")
        again = _cpu_seconds(creators, out=Path(folder) / "many")
    print(f"  CPU seconds: one creator {one:.1f}, {MANY} creators {many:.1f}, unchanged {again:.2f}")
    return [
        Figure(name=f"synthesis of {MANY} creators / {MANY} times one", measured=many / (MANY * one), limit=0.5),
        Figure(name=f"synthesis of {MANY} unchanged creators / changed", measured=again / many, limit=0.02),
    ]


def _creator(number: int) -> Creator:
    return a_creator(id=f"bench-{number}", domain=f"bench-{number}.example")


def _cpu_seconds(creators: list[Creator], *, out: Path) -> float:
    before = _spent()
    results = synth(creators, out=out)
    if failed := [result for result in results if result.error]:
        raise NotMeasured(f"{failed[0].creator_id} could not be synthesised: {failed[0].error}")
    return _spent() - before


def _spent() -> float:
    """CPU seconds of this process and of all that it has started and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))
