"""Bytecode that the cloud's Python takes as it is: without it a cold start costs twice as much."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import uv

from lambdas.core.errors import PrismError

INSTALL_ROOT = "/var/task"
"""Where Lambda unpacks a function, which is what tracebacks should name."""


class NoBytecode(PrismError):
    code = "no_bytecode"
    title = "The functions' code could not be compiled"


def matching_interpreter(version: str) -> Path | None:
    """A Python of this minor version ("3.13") on the path, from pyenv or from uv; None where there is none."""
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def compile_tree(folder: Path, *, interpreter: Path) -> None:
    """Compile every module below `folder`; the same sources give the same bytes.

    Unchecked hashes: the cloud never compares a source with its bytecode, and no time is in it.
    """
    command = [str(interpreter), "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(
        [*command, "-s", str(folder), "-p", INSTALL_ROOT, str(folder)],
        # The order of sets in constants follows the hash seed.
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise NoBytecode(f"{interpreter.name} refuses the functions' code: {said[-1] if said else 'it said nothing'}")


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    if found := shutil.which(name):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True)
    listed = subprocess.run(
        [uv.find_uv_bin(), "python", "find", "--no-python-downloads", "--managed-python", "--no-project", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        yield Path(listed.stdout.strip())


def _runs(path: Path, version: str) -> bool:
    """Whether it is there and is what its name says: a shim of pyenv may stand for a version that is not set."""
    try:
        told = subprocess.run(
            [str(path), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return told.stdout.strip() == version
