"""What it costs to synthesise creators: CPU seconds of all processes, as ratios, for seconds differ by machine.

Twenty creators in pooled workers against twenty times one alone; and the same twenty again, unchanged, against the
first time (aws_cdk is then not imported at all). Each is a fresh interpreter, as the command is; one run before, not counted, fills the caches.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.figures import Figure, NotMeasured

MANY = 20
ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = Path(__file__).with_name("programs") / "synthesise.py"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="prism-bench-") as folder:
        _cpu_seconds(f"{folder}/warm", "1")
        one = _cpu_seconds(f"{folder}/one", "1")
        many = _cpu_seconds(f"{folder}/many", str(MANY))
        again = _cpu_seconds(f"{folder}/many", str(MANY), "unchanged")
    print(f"  CPU seconds: one creator {one:.1f}, {MANY} creators {many:.1f}, unchanged {again:.2f}")
    return [
        Figure(name=f"synthesis of {MANY} creators / {MANY} times one", measured=many / (MANY * one), limit=0.5),
        Figure(name=f"synthesis of {MANY} unchanged creators / changed", measured=again / many, limit=0.1),
    ]


def _cpu_seconds(*words: str) -> float:
    before = _spent()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(
        [sys.executable, str(_PROGRAM), *words], env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise NotMeasured(ran.stderr.strip().splitlines()[-1])
    return _spent() - before


def _spent() -> float:
    """CPU seconds of all that this process started and what that started: the workers, and the CDK's Node in each."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
