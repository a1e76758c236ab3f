"""The emulator's state on disk: whole generations, each consistent in itself.

The emulator keeps everything in memory but S3's bodies, and writes only when it is stopped
gracefully. Here its state is copied in one step of its event loop (so between two requests), S3's
files are hard-linked in the same step (it replaces files, never writes into one), and both go to
disk under new names; one rename makes them the current generation. Whatever happens at whatever
moment, the state on disk is one that the emulator really had.

    state.json            the current generation: every service's state, and which objects-N belongs to it
    objects-N/            S3's files of that generation
    work/                 S3's files as the emulator writes them; made anew from objects-N at start

What the emulator's own saving leaves out is kept too: the records of table streams, so that a write
that survives a crash is still followed by its event, transaction tokens, and the mail that was sent.
"""

import copy
import fcntl
import hashlib
import json
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger("prism.emulator")

FORMAT = 1
STREAM_RETENTION_SECONDS = 7 * 24 * 60 * 60
"""AWS keeps stream records for a day, with a consumer always there; a laptop may be shut for longer."""

_UNSAVED = {
    "dynamodb": ("_stream_records", "_stream_trimmed", "_closed_streams", "_txn_idempotency"),
    "ses": ("_sent_emails",),
}
_UNSAVED_KEY = "prism.unsaved"


class BadState(Exception):
    """The state on disk cannot be read; the message says which file."""


@dataclass(frozen=True, kw_only=True)
class Capture:
    """The state at one moment. `objects` is None where S3 has not changed since the generation before."""

    services: dict[str, Any]
    objects: Path | None


@dataclass(kw_only=True)
class Snapshots:
    """The generations in one folder. One at a time is written; `capture` and `write` may be on different threads."""

    folder: Path
    _objects: str | None = None
    _number: int = 0
    _digest: str = ""
    _synced: set[int] = field(default_factory=set)
    _lock: Any = None

    @property
    def work(self) -> Path:
        """Where the emulator keeps S3's files."""
        return self.folder / "work"

    @property
    def _current(self) -> Path:
        return self.folder / "state.json"

    def prepare(self) -> dict[str, Any]:
        """Lay out S3's files as the current generation has them and return the services' states, {} at first.

        Call before the emulator is imported: it reads S3's files then.
        """
        from ministack.core import persistence

        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._lock = _locked(self.folder / "lock")
        services: dict[str, Any] = {}
        if self._current.exists():
            try:
                state = json.loads(self._current.read_text(encoding="utf-8"), object_hook=persistence._json_object_hook)
                if state["format"] != FORMAT:
                    raise BadState(f"{self._current} was written by another version of PRISM")
                self._objects = state["objects"]
                services = state["services"]
            except (ValueError, KeyError, TypeError) as error:
                raise BadState(f"{self._current} cannot be read ({type(error).__name__})") from error
        shutil.rmtree(self.work, ignore_errors=True)
        if self._objects is None:
            self.work.mkdir(mode=0o700)
        else:
            _link_tree(self.folder / self._objects, self.work)
        self._number = max((int(p.name.split("-")[1].split(".")[0]) for p in self.folder.glob("objects-*")), default=0)
        self._sweep()
        return services

    def load(self, state: dict[str, Any]) -> None:
        """Give the emulator, now imported, what `prepare` returned."""
        from ministack import app
        from ministack.services import dynamodb

        dynamodb._STREAM_RETENTION_SECONDS = STREAM_RETENTION_SECONDS
        for key, module in app._state_map.items():
            if state.get(key):
                app._get_module(module).load_persisted_state(state[key])
        unsaved = state.get(_UNSAVED_KEY, {})
        for module, stores in unsaved.get("stores", {}).items():
            for name, store in stores.items():
                getattr(app._get_module(module), name).update(store)
        dynamodb._stream_seq_counter = unsaved.get("stream_sequence", 0)

    def capture(self, *, objects_changed: bool) -> Capture:
        """The state now; call on the emulator's event loop, where no request is half done.

        RuntimeError where one of the emulator's background threads changed something meanwhile: try again.
        """
        from ministack import app
        from ministack.services import dynamodb

        with dynamodb._lock:
            services = {key: get_state() for key, get_state in app._build_persistence_save_dict().items()}
            loaded = {module: sys.modules.get(f"ministack.services.{module}") for module in _UNSAVED}
            services[_UNSAVED_KEY] = {
                "stores": {
                    module: {name: copy.deepcopy(getattr(found, name)) for name in _UNSAVED[module]}
                    for module, found in loaded.items()
                    if found is not None
                },
                "stream_sequence": dynamodb._stream_seq_counter,
            }
        objects = None
        if objects_changed or self._objects is None:
            self._number += 1
            objects = self.folder / f"objects-{self._number:06d}.new"
            _link_tree(self.work, objects)
        return Capture(services={key: value for key, value in services.items() if value is not None}, objects=objects)

    def write(self, capture: Capture) -> bool:
        """Make the capture the current generation; False where it says what the current one says. OSError leaves that one."""
        text = _encoded(capture.services)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest == self._digest and capture.objects is None:
            return False
        objects = self._objects
        if capture.objects is not None:
            _sync_tree(capture.objects, self._synced)
            objects = capture.objects.name.removesuffix(".new")
            capture.objects.rename(self.folder / objects)
        new = self.folder / "state.json.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(f'{{"format": {FORMAT}, "objects": {json.dumps(objects)}, "services": {text}}}')
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.folder)
        new.replace(self._current)
        _sync_folder(self.folder)
        self._objects, self._digest = objects, digest
        self._sweep()
        return True

    def _sweep(self) -> None:
        """Remove generations that are no longer, or never became, the current one."""
        for path in self.folder.glob("objects-*"):
            if path.name != self._objects:
                shutil.rmtree(path, ignore_errors=True)


def _locked(path: Path) -> Any:
    """The open, locked file. An emulator that is just saving its last state is waited for; BadState where it stays."""
    file = open(path, "w")  # noqa: SIM115  (held until this process ends, which unlocks it)
    for _ in range(200):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return file
    raise BadState(f"{path.parent} is in use by another emulator")


def _encoded(services: dict[str, Any]) -> str:
    """All services as JSON. One that cannot be written is left out and told of in the log, and costs the others nothing."""
    from ministack.core import persistence

    parts = []
    for key, value in services.items():
        try:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, default=persistence._json_default)}")
        except TypeError as error:
            log.error("the state of %s is not saved: %s", key, error)
    return "{" + ", ".join(parts) + "}"


def _link_tree(source: Path, target: Path) -> None:
    """A copy of a tree that shares its files. The emulator's unfinished temporary files are left out."""
    target.mkdir(mode=0o700)
    for entry in os.scandir(source):
        if entry.is_dir(follow_symlinks=False):
            _link_tree(Path(entry.path), target / entry.name)
        elif not entry.name.endswith(".tmp"):
            os.link(entry.path, target / entry.name)


def _sync_tree(root: Path, synced: set[int]) -> None:
    seen = set()
    for folder, _, names in os.walk(root):
        for name in names:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY)
            try:
                inode = os.fstat(fd).st_ino
                if inode not in synced:
                    os.fsync(fd)
                seen.add(inode)
            finally:
                os.close(fd)
        _sync_folder(Path(folder))
    synced.clear()
    synced.update(seen)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
