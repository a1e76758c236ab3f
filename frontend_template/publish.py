"""A site on the disk: the old one or the new one, never half of either."""

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lambdas.core.errors import Conflict, PrismError
from lambdas.platform.storage import SITE_INDEX


class SiteNotWritten(PrismError):
    """The disk did not take the site. The one that was there is as it was."""

    status = 507
    code = "site_not_written"
    title = "The site could not be written"


class FolderTaken(Conflict):
    """The folder holds something that no build put there. It is as it was."""

    code = "folder_taken"
    title = "The folder is used for something else"


def not_written(fault: OSError) -> SiteNotWritten:
    """The disk's fault in plain words, with what to do."""
    full = fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return SiteNotWritten(
        "the disk is full; the site that was there is unchanged"
        if full
        else f"{fault.filename or 'a file'}: {fault.strerror or fault}; the site that was there is unchanged",
        fix="Free some space, then build again." if full else "Make the folder writable, then build again.",
    )


def write_site(out: Path, contents: Mapping[str, bytes], index: Mapping[str, dict[str, str]]) -> bool:
    """Make `out` hold exactly these objects and their index; False where it did already.

    The new site is written beside the old one and takes its place when it is whole. Killed between
    the two renames, the old one waits under its second name and `recover` puts it back.
    OSError where the disk does not take it; FolderTaken where `out` holds anything but a site.
    """
    out = out.resolve()
    text = json.dumps(index, indent=1, sort_keys=True) + "\n"
    if not out.name:
        raise _taken(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        recover(out)
        if _is_there(out, text):
            return False
        _refuse_taken(out)
        _replace(out, contents, text)
    return True


def _replace(out: Path, contents: Mapping[str, bytes], index: str) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-new-", dir=out.parent))
    try:
        for key, content in contents.items():
            path = fresh / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (fresh / SITE_INDEX).write_text(index, encoding="utf-8")
        fresh.chmod(0o755)
        old = _second_name(out)
        if out.exists():
            os.replace(out, old)
        try:
            os.replace(fresh, out)
        except OSError:
            recover(out)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def recover(out: Path) -> None:
    """Put back the site of a run that was killed in the middle of the swap, and clear away what killed runs left."""
    old = _second_name(out)
    if old.exists():
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(old, out)
    for left in out.parent.glob(f".{out.name}-new-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One writer of a site at a time; another waits here. The lock goes with the process that holds it."""
    with out.with_name(f".{out.name}-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_taken(out: Path) -> None:
    """The whole folder is replaced: somebody's own files in it would be gone."""
    if not out.exists() or not any(out.iterdir()):
        return
    try:
        index = json.loads((out / SITE_INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        index = None
    if not isinstance(index, dict) or not all(isinstance(entry, dict) for entry in index.values()):
        raise _taken(out)


def _taken(out: Path) -> FolderTaken:
    return FolderTaken(
        f"{out} holds files that are no site, and they would be lost; nothing was changed",
        fix="Name a new or an empty folder, or that of an earlier build.",
    )


def _second_name(out: Path) -> Path:
    return out.with_name(f".{out.name}-old")


def _is_there(out: Path, index: str) -> bool:
    """Whether the site that is there is this one, to the byte: the index is written last and names every hash."""
    try:
        return (out / SITE_INDEX).read_text(encoding="utf-8") == index
    except OSError:
        return False
