"""What a log says of an error: where it happened and of what kind, never what it was about.

An exception's message may hold what a person typed (pydantic's do), so it stays out.
"""

import re
import traceback
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
# Ids are shorter: what is as long as this in an address is a secret that opens something.
_SECRET = re.compile(r"[A-Za-z0-9_-]{40,}")


def trace_of(error: BaseException) -> dict[str, Any]:
    """The error and its causes, outermost first, each with its frames: ["lambdas/web/app.py:93 handle", …]."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 5:
        frames = traceback.extract_tb(current.__traceback__)
        chain.append({"kind": type(current).__qualname__, "frames": [_place(frame) for frame in frames[-12:]]})
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return {"errors": chain}


def path_without_secrets(path: str) -> str:
    """The path of a request as a log may have it: /api/overlays/…/chat."""
    return _SECRET.sub("…", path)


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(*path.parts[-3:])
    return f"{shown}:{frame.lineno} {frame.name}"
