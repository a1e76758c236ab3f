"""A process of ours and the one that started it: the two ends of their pipes.

The child's standard input is its lifeline: it ends when whoever started the child is gone, however
they went, and then the child stops as if told to. What the child has to say comes on its standard
output, one JSON object a line; whatever else it or its libraries print goes to a log.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(kw_only=True)
class Child:
    """A child of ours. `start` returns when it has said its first line."""

    first: Mapping[str, Any]
    _process: "subprocess.Popen[bytes]" = field(repr=False)

    @classmethod
    def start(
        cls,
        module: str,
        *,
        environment: Mapping[str, str],
        log: Path | None,
        seconds: float,
        sockets: Iterable[int] = (),
        tell: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> "Child":
        """Run `python -m module`; its first line is `first`, {} where it says nothing in `seconds`, later ones go to `tell`.

        It inherits the file descriptors `sockets`. Ctrl-C does not reach it: whoever started it stops it
        in their order.
        """
        output = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                pass_fds=tuple(sockets),
                start_new_session=True,
            )
        finally:
            os.close(output)
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else b""
        child = cls(first=json.loads(line) if line else {}, _process=process)
        if line and tell is not None:
            threading.Thread(target=child._hear, args=(tell,), name=f"{module} says", daemon=True).start()
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, word: str) -> None:
        """Say one word to it; nothing happens where it is gone already."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.write(word.encode() + b"\n")
            self._process.stdin.flush()

    def hang_up(self) -> None:
        """End its lifeline, without waiting for what it does then."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()

    def stop(self, *, seconds: float = 20) -> None:
        """Let it stop in its own way and return when it has; after `seconds` it is killed."""
        self.hang_up()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        self.hang_up()
        if self._process.stdout:
            self._process.stdout.close()

    def _hear(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        assert self._process.stdout
        with suppress(ValueError, OSError):  # closed by `kill` in the middle of a line
            for line in self._process.stdout:
                tell(json.loads(line))


class Parent:
    """The child's end: made first thing, before anything can print."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def say(self, **line: Any) -> None:
        self._answers.write(json.dumps(line) + "\n")
        self._answers.flush()

    def listen(self, *, word: Callable[[str], None] | None = None, gone: Callable[[], object]) -> None:
        """From now on call `word` for every word said to us and `gone` when the parent has hung up; in a thread."""

        def hear() -> None:
            for line in sys.stdin:
                if word:
                    word(line.strip())
            gone()

        threading.Thread(target=hear, name="lifeline", daemon=True).start()
