"""What was made once is not made again: results by the hash of everything they were made from.

Shared by all creators and all runs. Deleting the folder costs time, nothing else.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

Files = Mapping[str, bytes]

_DAY = 24 * 60 * 60


def cache_folder(home: Path) -> Path:
    """The folder for the builds of a state folder: what PRISM_CACHE says, which several may share, else `cache` in it."""
    return Path(os.environ.get("PRISM_CACHE") or home / "cache")


class Cache:
    """A folder of results. Two builds at once are fine: an entry appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prune(self) -> None:
        """Remove what no build has asked for in a month."""
        for entry in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):  # another build has finished it, or removed it, in this moment
                if time.time() - entry.stat().st_mtime > 30 * _DAY:
                    shutil.rmtree(entry, ignore_errors=True)

    def one(self, kind: str, parts: Iterable[bytes | str], make: Callable[[], bytes]) -> bytes:
        """The bytes that `make` gave for these parts; OSError where they cannot be kept."""
        return self.files(kind, parts, lambda: {"made": make()})["made"]

    def files(self, kind: str, parts: Iterable[bytes | str], make: Callable[[], Files]) -> Files:
        """The files, by plain name, that `make` gave for these parts; OSError where they cannot be kept.

        `parts` are all that the outcome depends on, the version of the library that made it too.
        """
        entry = self._folder / kind / _digest(parts)
        if entry.is_dir():
            if time.time() - entry.stat().st_mtime > _DAY:
                os.utime(entry)
            return {path.name: path.read_bytes() for path in sorted(entry.iterdir())}
        made = make()
        entry.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=entry.parent))
        try:
            for name, content in made.items():
                (fresh / name).write_bytes(content)
            os.replace(fresh, entry)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not entry.is_dir():  # unless another build was first
                raise
        return made


def _digest(parts: Iterable[bytes | str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
