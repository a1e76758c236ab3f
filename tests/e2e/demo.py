"""The demo's platform with its data, served from a folder of its own.

The data goes in through the real functions, which takes a minute: within a run of the tests it is put in once, and what that has
left on disk is what each module starts from.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy, copytree, rmtree

from local.demo_people import DEMO
from tests.conftest import SHARED
from tests.e2e.brands import ROOT
from tests.e2e.local_platform import LocalPlatform, running


@contextmanager
def demo(home: Path) -> Iterator[LocalPlatform]:
    """The demo's platform with its data, until the end. `home` is a folder that is empty, or not there yet."""
    if shared := os.environ.get(SHARED):
        copytree(_furnished(Path(shared)), home, dirs_exist_ok=True)
    else:
        _furnish(home)
    with running(home, DEMO) as platform:
        yield platform


def _furnished(shared: Path) -> Path:
    folder = shared / "demo"
    with open(shared / "demo.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            # Of one who has failed before something may be there.
            rmtree(shared / "demo.new", ignore_errors=True)
            _furnish(shared / "demo.new")
            (shared / "demo.new").rename(folder)
    return folder


def _furnish(home: Path) -> None:
    creators = home / "creators"
    creators.mkdir(parents=True)
    copy(ROOT / "creators" / f"{DEMO}.yaml", creators)
    copytree(ROOT / "creators" / DEMO, creators / DEMO)
    with running(home, DEMO) as platform:
        platform.hear("demo data is in")
