"""`prism dev`: a creator's whole platform on this machine until Ctrl-C.

This process keeps three others: the local AWS and, where the creator streams, the media process, which live as
long as it does, and the platform's server, of which a new one takes over after every edit. It imports none of the
code that is edited, so an edit can break the new server only, never what runs.
"""

import contextlib
import errno
import fcntl
import json
import os
import queue
import shlex
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.errors import Conflict, PrismError, Unavailable
from local.demo_people import DEMO, how_to_sign_in
from local.emulator import Emulator, account_id
from local.kept_media import RTMP_PORT, KeptMedia, streams
from local.loopback import LOOPBACK
from local.process import ROOT, Child
from local.signatures import write_variables

Progress = Callable[[str], None]

START_SECONDS = 120.0
LOOK_SECONDS = 0.5

_WATCHED = ("frontend_template", "lambdas", "local")
_ENDINGS = (".py", ".j2", ".toml", ".css", ".js", ".svg", ".yaml", ".jpg", ".jpeg", ".png", ".webp", ".avif", ".woff2")


class AlreadyRunning(Conflict):
    code = "already_running"
    title = "This creator's platform is running already"


class PortBusy(Conflict):
    code = "port_busy"
    title = "The port is in use"


class FolderUnwritable(PrismError):
    status = 507
    code = "folder_unwritable"
    title = "What the platform keeps cannot be written"


class ServerFailed(Unavailable):
    code = "server_failed"
    title = "The platform did not start"


def run_dev(
    creator_file: Path,
    *,
    port: int = 8000,
    rtmp_port: int = RTMP_PORT,
    progress: Progress = print,
) -> None:
    """Serve the creator of this file at http://<id>.localhost:<port>/ until Ctrl-C; what it stored is there the next time.

    A stream is taken at `rtmp_port`, or at the next free one. Edits are taken over, `progress` is told line by line what
    happens. AlreadyRunning, PortBusy, FolderUnwritable, EmulatorFailed, MediaFailed, ServerFailed, and what is wrong with
    the creator's file.
    """
    from lambdas.features.creator_files import read_creator

    creator = read_creator(creator_file)
    home = creator_file.resolve().parent.parent / ".prism"
    folder = home / creator.id
    with (
        _written_to(folder),
        _only_one(folder, port),
        _listening(port) as listening,
        _terminated_like_interrupted(),
    ):
        dev = _Dev(
            creator=creator,
            creator_file=creator_file.resolve(),
            home=home,
            listening=listening,
            rtmp_port=rtmp_port,
            progress=progress,
        )
        dev.run()


@dataclass(kw_only=True)
class _Dev:
    creator: Creator
    creator_file: Path
    home: Path
    listening: socket.socket
    rtmp_port: int
    progress: Progress
    _emulator: Emulator | None = None
    _server: Child | None = None

    @property
    def port(self) -> int:
        port: int = self.listening.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        return f"http://{self.creator.id}.localhost:{self.port}/"

    @property
    def folder(self) -> Path:
        return self.home / self.creator.id

    def __post_init__(self) -> None:
        self._media = KeptMedia(
            creator=self.creator,
            folder=self.folder,
            site=self.port,
            rtmp_port=self.rtmp_port,
            server_environment=self._environment,
            progress=self.progress,
        )

    def run(self) -> None:
        try:
            self.progress("starting the local AWS")
            self._emulator = self._start_emulator()
            if streams(self.creator):
                self.progress("starting the local ingest")
                self._media.start_if_wanted(self._emulator)
            self._write_variables()
            self._server = self._ready_server()
            self._server.send("serve")
            self._tell_addresses()
            for edited in self._edits():
                self._look_after()
                if edited:
                    self._take_over(edited)
        except KeyboardInterrupt:
            self.progress("stopping; what is stored stays")
        finally:
            # The server first: it still writes what it is doing, the local AWS then saves it.
            if self._server:
                self._server.stop()
            # Then the ingest, which still hands in its recording.
            self._media.stop()
            if self._emulator:
                self._emulator.stop()
            self._variables.unlink(missing_ok=True)

    @property
    def _variables(self) -> Path:
        """How other programs of the same user reach the local AWS."""
        return self.folder / "aws.env"

    def _write_variables(self) -> None:
        assert self._emulator
        write_variables(self._variables, {**self._emulator.environment(), **self._media.environment()})

    def _start_emulator(self) -> Emulator:
        """A new one, at the address and with the credentials of the one that it replaces."""
        before = self._emulator
        return Emulator.start(
            account=self.creator.cloud.account or account_id(self.creator.id),
            region=self.creator.region,
            state=self.folder / "state",
            log=self.folder / "emulator.log",
            port=before.port if before else 0,
            secret=before.secret if before else None,
            origins=(self.address.rstrip("/"),),
            tell=lambda line: self.progress(str(line.get("trouble", ""))),
        )

    def _ready_server(self) -> Child:
        """A new server that has prepared all and waits to be told to serve; ServerFailed with what it says."""
        said: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()

        def hear(line: Mapping[str, Any]) -> None:
            if "progress" in line:
                self.progress(line["progress"])
            else:
                said.put(line)

        server = Child.start(
            "local.server",
            environment=self._environment(),
            log=self.folder / "server.log",
            seconds=START_SECONDS,
            sockets=(self.listening.fileno(),),
            tell=hear,
        )
        try:
            answer = _wait_for(said, server)
        except BaseException:
            server.kill()
            raise
        if not answer.get("ready"):
            server.kill()
            reason = answer.get("error", "it ended without a word")
            raise ServerFailed(reason, fix=answer.get("fix", f"{self.folder / 'server.log'} may say more."))
        return server

    def _environment(self) -> dict[str, str]:
        """The server's."""
        assert self._emulator
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **self._emulator.environment(),
            **self._media.environment(),
            # Someone is waiting: an AWS that has ended is said at once, not after a minute of trying.
            "AWS_MAX_ATTEMPTS": "2",
            "PRISM_DEV_CREATOR": str(self.creator_file),
            "PRISM_DEV_HOME": str(self.home),
            "PRISM_DEV_PORT": str(self.port),
            "PRISM_DEV_SOCKET": str(self.listening.fileno()),
            "PRISM_DEV_ACCOUNT": self._emulator.account,
        }

    def _look_after(self) -> None:
        """Start again what has ended by itself. A server that cannot be is waited for until the next edit."""
        assert self._emulator
        if self._emulator.running and self._media.look_after(self._emulator):
            self._write_variables()
            self._replace_server()
        if not self._emulator.running:
            self.progress("the local AWS has ended; starting it again with what it had saved")
            if self._server:
                self._server.stop(seconds=10)
            self._emulator = self._start_emulator()
        elif not self._server or self._server.running:
            return
        else:
            self.progress("the platform's server has ended; starting it again")
        self._server = None
        self._replace_server()

    def _take_over(self, edited: tuple[str, ...]) -> None:
        self.progress(f"{edited[0]}{f' and {len(edited) - 1} more' if len(edited) > 1 else ''} changed")
        # What switches live on or off: the ingest is there before a server that knows of it, and goes after the last one.
        switched = any(Path(path).name in {self.creator_file.name, "feature.py"} for path in edited)
        if switched and self._start_media():
            self._write_variables()
            self._tell_ingest()
        taken = self._replace_server()
        if switched and taken and self._media.stop_if_unwanted():
            self._write_variables()
            self._replace_server()
        if taken:
            self.progress("taken over")

    def _start_media(self) -> bool:
        assert self._emulator
        try:
            return self._media.start_if_wanted(self._emulator)
        except PrismError as error:
            self.progress(f"{error.message} {error.fix}".strip())
            return False

    def _replace_server(self) -> bool:
        """A new server in place of the one that runs, once it is ready; False where it cannot be, and then why is told."""
        try:
            server = self._ready_server()
        except PrismError as error:
            self.progress("\n".join(filter(None, (error.message, error.fix and f"  {error.fix}"))))
            self.progress(
                "not taken over; what ran before goes on" if self._server else "waiting for an edit that mends it"
            )
            return False
        if self._server:
            self._server.stop()
        self._server = server
        server.send("serve")
        return True

    def _edits(self) -> Iterator[tuple[str, ...]]:
        """What was edited, as short paths; () every half second where nothing was."""
        from watchfiles import watch

        pictures = self.creator_file.with_suffix("")

        def counts(_: object, path: str) -> bool:
            place = Path(path)
            if place.is_relative_to(self.creator_file.parent):
                return place == self.creator_file or place.is_relative_to(pictures)
            return place.suffix in _ENDINGS

        folders = [self.creator_file.parent, *(ROOT / name for name in _WATCHED)]
        for changes in watch(
            *folders,
            watch_filter=counts,
            debounce=300,
            rust_timeout=int(LOOK_SECONDS * 1000),
            yield_on_timeout=True,
            raise_interrupt=True,
        ):
            yield tuple(sorted({_short(Path(path), (ROOT, self.home.parent)) for _, path in changes}))

    def _tell_addresses(self) -> None:
        assert self._emulator
        self.progress("")
        self.progress(f"{self.creator.name} is at")
        self.progress(
            f"  site    {self.address}   (http://localhost:{self.port}/ and http://127.0.0.1:{self.port}/ too)"
        )
        self.progress(f"  inbox   {self.address}_local/inbox   (all mail it sends)")
        self.progress(f"  tools   {self.address}_local/")
        self._tell_ingest()
        if self.creator.id == DEMO:
            for line in how_to_sign_in(self.address, str(self.creator.email)):
                self.progress(line)
        self.progress(
            f"  AWS     {self._emulator.endpoint}   (region {self.creator.region}; `source {shlex.quote(str(self._variables))}` lets a shell use it)"
        )
        self.progress("Edits show by themselves. Ctrl-C stops it.")

    def _tell_ingest(self) -> None:
        if self._media.ingest:
            self.progress(
                f"  OBS     {self._media.ingest}   (the server; the stream key is in {self.address}studio/live/)"
            )


def _short(path: Path, folders: tuple[Path, ...]) -> str:
    return next((str(path.relative_to(folder)) for folder in folders if path.is_relative_to(folder)), str(path))


def _wait_for(said: "queue.SimpleQueue[Mapping[str, Any]]", server: Child) -> Mapping[str, Any]:
    """Whether the server is ready or what went wrong; {} where it ended or did nothing for too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        alive = server.running
        with contextlib.suppress(queue.Empty):
            return said.get(timeout=0.2 if alive else 1.0)
        if not alive:
            break
    return {}


@contextlib.contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    """The folder, private and with room in it; FolderUnwritable."""
    probe = folder / "room"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        with open(probe, "wb") as file:
            file.write(bytes(1024 * 1024))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        raise FolderUnwritable(
            f"{folder} cannot be written: {'the disk is full' if full else error.strerror or error}.",
            fix="Free some space, then start again." if full else "Make the folder writable, then start again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    yield


@contextlib.contextmanager
def _only_one(folder: Path, port: int) -> Iterator[None]:
    """Hold the creator's lock, which ends with this process however that ends; AlreadyRunning names who holds it."""
    with open(folder / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            text = file.read()
            running = json.loads(text) if text else {}
            where = f" at {running['address']}, process {running['pid']}" if running else ""
            raise AlreadyRunning(
                f"{folder.name} is running already{where}.",
                fix="Use that one, or stop it with Ctrl-C in its terminal first.",
            ) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "address": f"http://{folder.name}.localhost:{port}/"}, file)
        file.flush()
        yield
        file.truncate(0)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The open socket that every server takes its requests from: between two servers they wait in it; PortBusy."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} of this machine cannot be used: {error.strerror or error}.",
                fix=f"Stop what uses it, or choose another one: --port {port + 1}",
            ) from error
        listening.listen(512)
        yield listening


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the platform as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
