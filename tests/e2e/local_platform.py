"""`prism` and the platform that `prism dev` runs, as a person uses them in a terminal, in a folder of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, TypeVar

PRISM = Path(sys.executable).with_name("prism")
SECONDS = 120.0
SERVING = "Ctrl-C stops it."

Found = TypeVar("Found")


def until(found: Callable[[], Found], *, what: str, seconds: float = SECONDS, every: float = 0.05) -> Found:
    """What the condition gives once it gives something; AssertionError where it has not after so long.

    `every` is the pause between two looks, in seconds: a person may ask the platform for 100 things a minute.
    """
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (something := found()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        pause.wait(every)
    return something


def prism(home: Path, *words: str) -> str:
    """What `prism …` says in this folder; AssertionError where it fails."""
    ran = subprocess.run(
        [PRISM, *words], env=_environment(home), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, f"prism {' '.join(words)}: {ran.stderr}"
    return ran.stdout


@dataclass(kw_only=True)
class LocalPlatform:
    """A creator's platform in `home`, run by `prism dev`; `said` are the lines it has printed."""

    home: Path
    creator_id: str
    port: int
    said: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[str] | None" = None

    @property
    def origin(self) -> str:
        return f"http://{self.creator_id}.localhost:{self.port}"

    @property
    def numeric_origin(self) -> str:
        """The same site, for programs to which names below .localhost mean nothing."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def creator_file(self) -> Path:
        return self.home / "creators" / f"{self.creator_id}.yaml"

    def start(self) -> None:
        """Start it and return when it serves."""
        before = len(self.said)
        self._process = subprocess.Popen(
            [PRISM, "dev", self.creator_id, "--port", str(self.port)],
            env=_environment(self.home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._hear, args=(self._process,), daemon=True).start()
        self.hear(SERVING, after=before)

    def stop(self) -> None:
        """Stop it as Ctrl-C does, and return when it has."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()

    def hear(self, words: str, *, after: int = 0) -> str:
        """The first line with these words, of those after the first `after`; waits for it to be said."""

        def line() -> str | None:
            if found := next((line for line in self.said[after:] if words in line), None):
                return found
            ended = self._process is None or self._process.poll() is not None
            assert not ended, "prism dev has ended:\n" + "\n".join(self.said)
            return None

        return until(line, what=f"{words!r} in the output:\n" + "\n".join(self.said[after:])) or ""

    def get(self, path: str) -> tuple[int, Message, bytes]:
        """Status, headers and body, as a program without a browser gets them."""
        try:
            with urllib.request.urlopen(self.numeric_origin + path, timeout=SECONDS) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def mails(self, *, about: str = "") -> list[dict[str, Any]]:
        """All mail that was sent with these words in it, the newest first."""
        status, _, body = self.get("/_local/inbox.json")
        assert status == 200, body
        mails: list[dict[str, Any]] = json.loads(body)
        return [mail for mail in mails if about in mail["text"] or about in mail["subject"]]

    def both_mails(self, *, about: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The mail to the creator and the confirmation to its sender, once each sender has one for each of theirs.

        A confirmation says nothing of the message, so it is known by whom it goes to: the newest is this one's.
        """
        creator = [f"hello@{self.creator_id}.example"]

        def arrived() -> tuple[list[dict[str, Any]], list[dict[str, Any]], int] | None:
            told = [mail for mail in self.mails(about=about) if mail["to"] == creator]
            if not told:
                return None
            everything = self.mails()
            sender = told[0]["reply_to"]
            sent = [mail for mail in everything if mail["to"] == creator and mail["reply_to"] == sender]
            confirmed = [mail for mail in everything if mail["to"] == [sender]]
            return (told, confirmed, len(sent)) if len(confirmed) >= len(sent) else None

        found = until(arrived, what=f"both mails about {about}")
        assert found is not None
        told, confirmed, sent = found
        assert (len(told), len(confirmed)) == (1, sent), f"mails about {about}"
        return told[0], confirmed[0]

    def process_of(self, module: str) -> int:
        """The id of the process that runs `python -m <module>` for this platform."""
        assert self._process is not None
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,command="], capture_output=True, text=True, timeout=SECONDS, check=True
        ).stdout
        rows = [line.split(maxsplit=2) for line in listed.splitlines()]
        return next(
            int(pid) for pid, parent, command in rows if int(parent) == self._process.pid and f"-m {module}" in command
        )

    def _hear(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                self.said.append(line.rstrip("\n"))


@contextmanager
def running(home: Path, creator_id: str) -> Iterator[LocalPlatform]:
    """The platform of a creator whose file is in `home`, served until the end."""
    platform = LocalPlatform(home=home, creator_id=creator_id, port=_free_port())
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()


def _environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PRISM_", "PYTHON")) or name == "PRISM_CACHE"
    }
    return {**kept, "PRISM_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
