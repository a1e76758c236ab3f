"""From `prism add-creator` to the creator's site answering, as somebody at a keyboard waits for it."""

import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.e2e.local_platform import prism, running

CREATORS = 3


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="prism-bench-") as folder:
        home = Path(folder)
        # What creators share (the fonts) is made with the first one: a machine is set up once.
        _first_site(home, "warm-up")
        seconds = [_first_site(home, f"creator-{number}") for number in range(CREATORS)]
    return [Figure(name="add-creator to its site served", measured=median(seconds), limit=5.0, unit="s")]


def _first_site(home: Path, creator_id: str) -> float:
    started = time.monotonic()
    prism(home, "add-creator", creator_id, "A Fiction", f"{creator_id}.example")
    with running(home, creator_id) as platform:
        status, _, _ = platform.get("/")
        seconds = time.monotonic() - started
    assert status == 200
    return seconds
