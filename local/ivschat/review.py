"""The review handler, run as Lambda runs it: the real code, in a process of its own, with the environment it has in the cloud.

The media process outlives edits, so it does not import what is edited: when a file of the handler changes, a new process takes over
from the old one as soon as it has imported it. One that cannot is told, and the old one goes on.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from local.process import ROOT, Child

START_SECONDS = 20.0

WATCHED = ("lambdas/handlers/chat_review.py", "lambdas/core/chat_review")

log = logging.getLogger("prism.chat")


class ReviewFailed(Exception):
    """The handler raised, or is not running."""


class Reviewer:
    """Calls the handler: `await reviewer(invocation)` is its answer, or ReviewFailed."""

    def __init__(
        self, *, environment: Mapping[str, str], module: str = "local.ivschat.reviewer", root: Path = ROOT
    ) -> None:
        self._environment = environment
        self._module = module
        self._root = root
        self._child: Child | None = None
        self._code: tuple[float, ...] = ()
        self._numbers = count()
        self._asked: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]]] = {}
        self._starting = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Have the handler imported and ready; where it cannot be, why is logged, and the next change tries again."""
        with self._starting:
            if self._stopped or not self._is_due():
                return
            self._code = self._present()
            child = Child.start(
                self._module, environment=self._environment, log=None, seconds=START_SECONDS, tell=self._hear
            )
            if not child.first.get("ready"):
                child.kill()
                log.error("the review handler cannot be used: %s", child.first.get("error", "it said nothing"))
                return
            before, self._child = self._child, child
        if before:
            before.stop()

    def stop(self) -> None:
        self._stopped = True
        with self._starting:
            if self._child:
                self._child.stop()
                self._child = None

    async def __call__(self, invocation: Mapping[str, Any]) -> Any:
        """What the handler answers; ReviewFailed where it raises or there is none."""
        if self._is_due() and not self._starting.locked():
            threading.Thread(target=self.start, name="review handler", daemon=True).start()
        child = self._child
        if child is None or not child.running:
            raise ReviewFailed("the handler is not running")
        loop = asyncio.get_running_loop()
        number, answer = next(self._numbers), loop.create_future()
        self._asked[number] = (loop, answer)
        try:
            child.send(json.dumps({"number": number, "event": invocation}))
            told = await answer
        finally:
            del self._asked[number]
        if "error" in told:
            raise ReviewFailed(told["error"])
        return told["answer"]

    def _hear(self, line: Mapping[str, Any]) -> None:
        """In the thread that reads the child's answers."""
        loop, answer = self._asked.get(int(line["number"]), (None, None))
        if loop is not None and answer is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answer, line)

    def _is_due(self) -> bool:
        """Whether a process must be started: the code is not what was tried last, or the one that ran has ended."""
        return self._code != self._present() or (self._child is not None and not self._child.running)

    def _present(self) -> tuple[float, ...]:
        """Changes when a file of the handler does."""
        files = (file for name in WATCHED for file in _python_files(self._root / name))
        return tuple(_changed_at(file) for file in files)


def _settle(answer: asyncio.Future[Any], line: Mapping[str, Any]) -> None:
    if not answer.done():
        answer.set_result(line)


def _python_files(place: Path) -> list[Path]:
    return sorted(place.glob("*.py")) if place.is_dir() else [place]


def _changed_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
