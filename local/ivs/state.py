"""What must outlive the media process: files of its own folder that nobody else can read."""

import json
import os
import secrets
import string
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LETTERS = string.ascii_letters + string.digits


def new_id(length: int) -> str:
    """Letters and digits that nobody guesses."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


class Notes:
    """What helps after a crash, on a disk that may be full: a show goes on without it, and somebody is told."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda _: None
        self._troubled = False

    def keep(self, write: Callable[[], None]) -> None:
        """Do what writes to the disk; trouble with it is told once, and once that it is over."""
        try:
            write()
        except OSError as error:
            if not self._troubled:
                self._troubled = True
                self.tell(f"what is live cannot be noted down: {error.strerror or error}")
            return
        if self._troubled:
            self._troubled = False
            self.tell("what is live is noted down again")


@dataclass(frozen=True)
class Store:
    """JSON files by name; without a folder they are kept nowhere."""

    folder: Path | None

    def read(self, name: str) -> dict[str, Any] | None:
        """None where there is none. One that cannot be read is one that is not there: it was written whole or never."""
        if self.folder is None:
            return None
        with suppress(OSError, ValueError):
            value = json.loads((self.folder / name).read_text(encoding="utf-8"))
            return value if isinstance(value, dict) else None
        return None

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """On disk when this returns; OSError."""
        if self.folder is None:
            return
        new = self.folder / f"{name}.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)

    def remove(self, name: str) -> None:
        if self.folder is not None:
            (self.folder / name).unlink(missing_ok=True)
