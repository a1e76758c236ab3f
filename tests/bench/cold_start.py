"""How much work it is to start the `api` function, have it answer once, and end; and the same for `chat_review`.

Counted in instructions by valgrind's cachegrind, which repeat to one in a million on any machine, and told as a ratio
to a bare boto3 function that makes one GetItem. The request counts against a rate limit (one DynamoDB write), reads
the session key (SSM) and signs a token. A review reads the room's rules and writes when the person last wrote. All have valid
bytecode.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from local.emulator import Emulator
from tests.bench.figures import Figure, NotMeasured
from tests.bench.function_under_bench import prepare

RATIO = 1.45
REVIEW_RATIO = 0.25
"""IVS Chat waits 200 ms for a review, the start of a function included."""

_COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_SECONDS = 600


def measure() -> list[Figure]:
    _have_valgrind()
    emulator = Emulator.start(account="123456789012", region="eu-central-1")
    try:
        aws = emulator.environment()
        with tempfile.TemporaryDirectory(prefix="prism-bench-") as folder, patch.dict(os.environ, aws):
            function = prepare(Path(folder), aws=aws)
            api = _instructions(function.api, function.api_environment)
            bare = _instructions(function.bare, function.bare_environment)
            review = _instructions(function.review, function.review_environment)
    finally:
        emulator.stop()
    told = {"api": api, "chat_review": review, "bare boto3": bare}
    millions = ", ".join(f"{name} {count / 1e6:.0f}" for name, count in told.items())
    print(f"  Python {function.python}, million instructions: {millions}")
    return [
        Figure(name="cold start of api / a bare boto3 function", measured=api / bare, limit=RATIO),
        Figure(name="cold start of chat_review / a bare boto3 function", measured=review / bare, limit=REVIEW_RATIO),
    ]


def _instructions(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    ran = subprocess.run(
        [*_COUNT, *command], env=dict(environment), capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    counted = re.search(r"I\s+refs:\s+([\d,]+)", ran.stderr)
    if ran.returncode or counted is None:
        raise NotMeasured(f"the function failed under valgrind:\n{ran.stdout}{ran.stderr}")
    return int(counted[1].replace(",", ""))


def _have_valgrind() -> None:
    if shutil.which("valgrind"):
        return
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print("  installing valgrind …", flush=True)
        subprocess.run(
            [apt, "install", "-qq", "-y", "--no-install-recommends", "valgrind"], capture_output=True, check=False
        )
    if not shutil.which("valgrind"):
        raise NotMeasured("valgrind is not here: sudo apt install valgrind")
