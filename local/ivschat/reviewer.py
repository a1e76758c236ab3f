"""The process in which the review handler runs: invocations come in, its answers go out, one JSON object a line.

Started by `local.ivschat.review`. Threads stand for Lambda's concurrent instances. What the handler raises is told by its kind and
place only, as its text might have the message in it.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from local.process import ROOT, Parent

INSTANCES = 16


def main() -> None:
    parent = Parent()
    try:
        from lambdas.handlers.chat_review import handler
    except Exception as error:
        parent.say(error=f"{type(error).__name__}: {error}")
        sys.exit(1)
    serve(parent, handler)


def serve(parent: Parent, handler: Callable[[Any, Any], Any]) -> None:
    """Answer until the parent hangs up."""
    gone, speaking = threading.Event(), threading.Lock()

    def review(line: str) -> None:
        asked = json.loads(line)
        try:
            told = {"answer": handler(asked["event"], None)}
        except Exception as error:
            told = {"error": _place_of(error)}
        with speaking:
            parent.say(number=asked["number"], **told)

    with ThreadPoolExecutor(INSTANCES, thread_name_prefix="review") as pool:
        parent.say(ready=True)
        parent.listen(word=lambda line: _forget(pool.submit(review, line)), gone=gone.set)
        gone.wait()


def _place_of(error: Exception) -> str:
    """The kind of an error, and the file and line of our own where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(str(ROOT / "lambdas"))]
    where = f" at {os.path.relpath(ours[-1].filename, ROOT)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"


def _forget(_: Future[None]) -> None:
    """What comes of it is said by the thread that does it."""


if __name__ == "__main__":
    main()
