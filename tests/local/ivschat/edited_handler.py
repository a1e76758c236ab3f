"""Runs the handler of the file that EDITED_HANDLER names, as `local.ivschat.reviewer` runs the real one."""

import os
import sys
from pathlib import Path

from local.ivschat.reviewer import serve
from local.process import Parent

if __name__ == "__main__":
    parent, names = Parent(), {}  # type: ignore[var-annotated]
    try:
        exec(Path(os.environ["EDITED_HANDLER"]).read_text(), names)  # noqa: S102
    except SyntaxError as error:
        parent.say(error=str(error))
        sys.exit(1)
    serve(parent, names["handler"])
