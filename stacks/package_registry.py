"""Where packages come from on this machine: what pip was told holds for uv too.

Python's own library only: the set-up script imports this before anything is installed.
"""

import configparser
import os
import ssl
from pathlib import Path


def uv_environment(*, beside: Path) -> dict[str, str]:
    """The environment for a run of uv that installs on the file system of `beside`.

    The machine's own registry and certificates, and nothing of another virtual environment.
    """
    environment = dict(os.environ)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_REQUIRE_VIRTUALENV"):
        environment.pop(name, None)
    if registry := _pip_setting("index-url"):
        environment.setdefault("UV_DEFAULT_INDEX", registry)
    if certificates := _pip_setting("cert"):
        environment.setdefault("SSL_CERT_FILE", certificates)
    trusted = ssl.get_default_verify_paths()
    if (trusted.cafile and Path(trusted.cafile).exists()) or (trusted.capath and any(Path(trusted.capath).glob("*"))):
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    # A hard link from a cache on another file system would fail, with a warning a package.
    environment.setdefault("UV_LINK_MODE", "hardlink" if _cache_device() == beside.stat().st_dev else "copy")
    return environment


def _pip_setting(name: str) -> str | None:
    """What the environment or a pip.conf says, without asking pip, which is not there any more the second time."""
    if value := os.environ.get(f"PIP_{name.replace('-', '_').upper()}"):
        return value
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip" / "pip.conf"
    files: list[str | Path] = [
        "/etc/pip.conf",
        Path.home() / ".pip" / "pip.conf",
        own,
        os.environ.get("PIP_CONFIG_FILE") or os.devnull,
    ]
    settings = configparser.RawConfigParser()
    try:
        settings.read(files, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    return settings.get("global", name, fallback=None)


def _cache_device() -> int:
    cache = Path(os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    while not cache.exists():
        cache = cache.parent
    return cache.stat().st_dev
