"""`make lock`: resolve what pyproject.toml asks for into the requirements files, every file by its hash.

No address of a registry gets into them; each machine uses its own.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ANY_MACHINE = ("--universal", "--python-version", "3.11")
LAMBDA = ("--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_28")


def compile_into(output: str, *what: str, stdin: str | None = None) -> None:
    """Resolve into one file; what it pins already stays where it still fits."""
    print(f"{output} …", flush=True)
    subprocess.run(
        [
            str(Path(sys.executable).with_name("uv")),
            *("pip", "compile", *what, "--quiet", "--output-file", output),
            *("--generate-hashes", "--no-emit-index-url", "--no-annotate", "--custom-compile-command", "make lock"),
        ],
        cwd=ROOT,
        check=True,
        text=True,
        input=stdin,
    )


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    uv = next(line for line in project["project"]["dependencies"] if line.startswith("uv=="))
    compile_into(".ci/requirements-uv.txt", "-", *ANY_MACHINE, stdin=uv)
    compile_into("requirements.txt", "pyproject.toml", *ANY_MACHINE)
    laptop = ("--constraints", "requirements.txt")
    compile_into("requirements-test.txt", "pyproject.toml", "--group", "test", "--group", "lint", *ANY_MACHINE, *laptop)
    compile_into("lambdas/requirements.txt", "--group", "lean", *LAMBDA, *laptop)
    compile_into("lambdas/requirements-worker.txt", "--group", "worker", *LAMBDA, *laptop)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
