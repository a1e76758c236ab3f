"""Errors as the command shows them: what happened, what to do, an exit status; never a traceback."""

import errno
import os
import traceback
from pathlib import Path
from typing import Any

import click

from cli.output import one_line, say, show_json
from lambdas.core.errors import Invalid, NotFound, PrismError

FAILED, MISUSED, STOPPED = 1, 2, 130

_TAKEN = frozenset({"id_taken", "domain_taken", "folder_taken"})
_SYSTEM_FIXES = {
    errno.ENOSPC: "make room on the disk, then run the command again",
    errno.EDQUOT: "make room in your quota, then run the command again",
    errno.EACCES: "give yourself the right to it, then run the command again",
    errno.EPERM: "give yourself the right to it, then run the command again",
    errno.EROFS: "make the disk writable, then run the command again",
    errno.EADDRINUSE: "choose another port with --port, or end what uses it",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
}


def report(error: BaseException, *, as_json: bool) -> int:
    """Show an error once and return the exit status that belongs to it."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        say("stopped")
        return STOPPED
    if os.environ.get("PRISM_DEBUG"):
        say("".join(traceback.format_exception(error)).rstrip())
    status, entries = _explained(error)
    if as_json:
        show_json({"ok": False, "errors": entries})
    else:
        for entry in entries:
            say(error_line(entry["message"], entry["fix"], at=_place(entry)))
    return status


def error_line(message: str, fix: str, *, at: str = "") -> str:
    """`error: the id 'kasper' is taken: … fix: choose another id`, in one line."""
    where = f"{at}: " if at else ""
    end = "" if message.endswith((".", "!", "?")) else "."
    what = one_line(f"{where}{message}{end}")
    return f"{click.style('error:', fg='red', bold=True)} {what}" + (
        f" {click.style('fix:', bold=True)} {one_line(fix)}" if fix else ""
    )


def entries_of(error: PrismError) -> list[dict[str, Any]]:
    """One entry a fault, ready for JSON: code, message, fix, and where it stands if in a file."""
    if not error.fields:
        return [{"code": error.code, "message": error.message, "fix": error.fix}]
    entries = []
    for field in error.fields:
        entry: dict[str, Any] = {"code": field.code, "path": field.path, "message": field.message}
        entry["fix"] = getattr(field, "fix", "") or str(field.params.get("fix", error.fix))
        entry |= {name: getattr(field, name) for name in ("file", "line", "column") if hasattr(field, name)}
        entries.append(entry)
    return entries


def _explained(error: BaseException) -> tuple[int, list[dict[str, Any]]]:
    if isinstance(error, PrismError):
        # What was typed is wrong, rather than what was to be done.
        misused = isinstance(error, Invalid | NotFound) or error.code in _TAKEN
        return (MISUSED if misused else FAILED), entries_of(error)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "prism"
        entry = {"code": "usage", "message": error.format_message(), "fix": f"`{command} --help` shows what it takes"}
        return MISUSED, [entry]
    if isinstance(error, click.ClickException):
        return error.exit_code, [{"code": "usage", "message": error.format_message(), "fix": ""}]
    if isinstance(error, OSError) and error.errno in _SYSTEM_FIXES:
        name = f"{error.filename}: " if error.filename else ""
        message = f"{name}{error.strerror or error}"
        return FAILED, [{"code": "system", "message": message, "fix": _SYSTEM_FIXES[error.errno]}]
    return FAILED, [_unexpected(error)]


def _unexpected(error: BaseException) -> dict[str, Any]:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    return {
        "code": "internal",
        "message": f"something unexpected happened ({type(error).__name__}{where}): {error}",
        "fix": "run it again with PRISM_DEBUG=1 and report what it prints, with the version that `prism --version` says",
    }


def _place(entry: dict[str, Any]) -> str:
    return f"{entry['file']}:{entry['line']}:{entry['column']}" if "file" in entry else ""
