"""The functions' code as zips, made without Docker and the same to the byte each time.

There are two: `lean`, and the worker's with what makes pictures and publishes pages. Each is layered so
that little is made anew: the packages of its lock, then our sources, then the creator as `creator.json`.
The first two are kept below `.prism/bundles/` under the hash of what went into them; the third is one
entry more.
"""

import hashlib
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import uv

from lambdas.core.creator import LOCALES, Creator
from lambdas.core.errors import PrismError
from lambdas.platform.aws import CALLS
from lambdas.web.edge import FunctionName
from stacks import aws_models
from stacks.bytecode import compile_tree, matching_interpreter
from stacks.package_registry import uv_environment

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".prism" / "bundles"

# What the functions run. Fonts, pictures and style sheets are published by the build, never read by a
# function, and what makes them needs packages that functions do not have.
SOURCES = ("lambdas", "frontend_template")
SOURCE_SUFFIXES = (".py", ".j2", ".toml")
_NOT_IN_FUNCTIONS = (
    "frontend_template/assets.py",
    "frontend_template/build.py",
    "frontend_template/drawings.py",
    "frontend_template/fonts",
    "frontend_template/fonts.py",
    "frontend_template/ivs_player.py",
    "frontend_template/publish.py",
    "frontend_template/scripts.py",
    "frontend_template/static",
    "frontend_template/styles.py",
    "lambdas/features/creator_faults.py",
    "lambdas/features/creator_files.py",
    "lambdas/features/creator_template.py",
    "lambdas/features/creator_yaml.py",
)
# What only whoever publishes pages runs: it needs Brotli and Pillow.
_OF_THE_WORKER = (
    "frontend_template/cache.py",
    "frontend_template/icons.py",
    "frontend_template/images.py",
    "frontend_template/objects.py",
    "frontend_template/site.py",
    "frontend_template/tokens.py",
    "frontend_template/webapp.py",
)
# Parts of packages that nothing of ours imports.
# (METADATA stays: pydantic asks for email-validator's version.)
NOT_IN_PACKAGES = (
    ".lock",
    "tests",
    "test",
    "__pycache__",
    "bin",
    "*.pyi",
    "py.typed",
    "*.c",
    "*.h",
    "*.pxd",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/WHEEL",
)

BundleName = Literal["lean", "worker"]
_EPOCH = (1980, 1, 1, 0, 0, 0)
_KEPT_BUNDLES = 20
_A_DAY_SECONDS = 24 * 60 * 60


class BundleFailed(PrismError):
    code = "bundle_failed"
    title = "The functions could not be bundled"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The machine a bundle is for: uv's name of its platform (None: this one), its Python's minor version."""

    platform: str | None
    python: str


# Its Amazon Linux 2023 has glibc 2.34; Pillow asks for 2.28 (PEP 600).
LAMBDA = Target(platform="aarch64-manylinux_2_28", python="3.13")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is in a bundle: the packages of `lock`, and our sources but for `left_out` (files and folders)."""

    lock: Path
    left_out: tuple[str, ...]


RECIPES: Mapping[BundleName, Recipe] = {
    "lean": Recipe(lock=ROOT / "lambdas" / "requirements.txt", left_out=(*_NOT_IN_FUNCTIONS, *_OF_THE_WORKER)),
    "worker": Recipe(lock=ROOT / "lambdas" / "requirements-worker.txt", left_out=_NOT_IN_FUNCTIONS),
}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One function's code. `notes` says what the operator should know of it."""

    path: Path
    sha256: str
    notes: tuple[str, ...]


def bundle_of(function: FunctionName) -> BundleName:
    """Which bundle a function runs: Pillow and Brotli would burden the start of all who answer people."""
    return "worker" if function == "worker" else "lean"


def fetch_all() -> None:
    """Have every bundle made but for its creator, so that stacks can be synthesised without a network; BundleFailed."""
    for name in RECIPES:
        base_bundle(name)


def creator_bundle(
    name: BundleName, creator: Creator, *, into: Path, target: Target = LAMBDA, cache: Path = CACHE
) -> Bundle:
    """The bundle with the creator in it, written to `into` (a folder); BundleFailed says what is missing."""
    base, notes = base_bundle(name, target=target, cache=cache)
    path = into / f"{name}.zip"
    shutil.copyfile(base, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _write(archive, "creator.json", creator.model_dump_json(indent=1).encode())
    return Bundle(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), notes=notes)


def base_bundle(name: BundleName, *, target: Target = LAMBDA, cache: Path = CACHE) -> tuple[Path, tuple[str, ...]]:
    """Packages and sources, from the cache where nothing has changed; BundleFailed says what is missing."""
    interpreter = _interpreter(target.python)
    # Read once: what is hashed is what is bundled, also while somebody edits.
    sources = _sources(name)
    path = cache / f"{name}-{_base_fingerprint(name, sources, target=target)}.zip"
    try:
        if not path.exists():
            packages = _packages(name, target=target, interpreter=interpreter, cache=cache)
            with workshop(cache) as work:
                for relative, content in sources.items():
                    copy = work / "tree" / relative
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    copy.write_bytes(content)
                if interpreter is not None:
                    compile_tree(work / "tree", interpreter=interpreter)
                shutil.copyfile(packages, work / "bundle.zip")
                with zipfile.ZipFile(work / "bundle.zip", "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                    write_tree(archive, work / "tree")
                (work / "bundle.zip").replace(path)
            _forget_old(cache)
    except OSError as error:
        raise BundleFailed(
            f"The functions' bundle could not be written: {error.strerror or error}.",
            fix="Is there space left on the disk, and may you write below .prism/?",
        ) from error
    return path, _notes(interpreter, target)


def fingerprint(name: BundleName, *, target: Target = LAMBDA) -> str:
    """Changes whenever the base bundle would: our sources, the lock, the target, whether it has bytecode."""
    return _base_fingerprint(name, _sources(name), target=target)


def _base_fingerprint(name: BundleName, sources: Mapping[str, bytes], *, target: Target) -> str:
    digest = hashlib.sha256(_packages_fingerprint(name, target=target).encode())
    for relative, content in sources.items():
        digest.update(f"{relative}\0".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:24]


def _sources(name: BundleName) -> dict[str, bytes]:
    return {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in source_files(name)}


@contextmanager
def workshop(cache: Path) -> Iterator[Path]:
    """A folder beside the bundles to make one in, gone afterwards whatever happens."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as work:
        yield Path(work)


def _forget_old(cache: Path) -> None:
    """Every edit makes a bundle: keep the newest, and nothing of what a killed run left."""
    by_age = sorted(cache.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[_KEPT_BUNDLES:]:
        path.unlink(missing_ok=True)
    for left_over in cache.glob("making-*"):
        if time.time() - left_over.stat().st_mtime > _A_DAY_SECONDS:
            shutil.rmtree(left_over, ignore_errors=True)


def source_files(name: BundleName) -> list[Path]:
    """Our files that go into a bundle, sorted."""
    without = RECIPES[name].left_out
    return sorted(file for folder in SOURCES for file in (ROOT / folder).rglob("*") if _is_source(file, without))


def _is_source(file: Path, without: tuple[str, ...]) -> bool:
    relative = file.relative_to(ROOT).as_posix()
    left_out = any(relative == path or relative.startswith(f"{path}/") for path in without)
    return file.suffix in SOURCE_SUFFIXES and not left_out and file.is_file()


def _packages_fingerprint(name: BundleName, *, target: Target) -> str:
    made_by = [
        (Path(__file__).parent / module).read_text() for module in ("bundles.py", "aws_models.py", "bytecode.py")
    ]
    has_bytecode = str(_interpreter(target.python) is not None)
    lock = RECIPES[name].lock.read_text()
    parts = (*made_by, name, str(target.platform), target.python, has_bytecode, lock, repr(CALLS))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _packages(name: BundleName, *, target: Target, interpreter: Path | None, cache: Path) -> Path:
    path = cache / f"packages-{_packages_fingerprint(name, target=target)}.zip"
    if path.exists():
        return path
    with workshop(cache) as work:
        _install(work / "tree", RECIPES[name].lock, target=target)
        _prune(work / "tree")
        if interpreter is not None:
            compile_tree(work / "tree", interpreter=interpreter)
        with zipfile.ZipFile(work / "bundle.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            write_tree(archive, work / "tree")
        (work / "bundle.zip").replace(path)
    return path


def _prune(folder: Path) -> None:
    for pattern in NOT_IN_PACKAGES:
        for found in [*folder.rglob(pattern)]:
            shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)
    for data in (folder / "babel" / "locale-data").glob("*.dat"):
        # Babel speaks a thousand languages, the site these.
        if data.stem != "root" and data.stem.partition("_")[0] not in LOCALES:
            data.unlink()
    aws_models.prune(folder / "botocore" / "data", CALLS)


def _install(folder: Path, lock: Path, *, target: Target) -> None:
    """The packages of the lock, each checked against its hash; the network is asked only for what uv has not kept."""
    command = [uv.find_uv_bin(), "pip", "install", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--no-config", "--quiet", "--link-mode", "copy", "--python-version", target.python]
    command += ["--python-platform", target.platform] if target.platform else []
    command += ["--target", str(folder), "-r", str(lock)]
    environment = uv_environment(beside=folder.parent)
    kept = subprocess.run([*command, "--offline"], capture_output=True, text=True, check=False, env=environment)
    if kept.returncode == 0:
        return
    shutil.rmtree(folder, ignore_errors=True)
    fetched = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if fetched.returncode:
        # uv's last line names the package; the rest names addresses nobody can act on.
        raise BundleFailed(
            f"The packages of {lock.relative_to(ROOT)} are not all on this machine and could not be fetched: "
            f"{fetched.stderr.strip().splitlines()[-1].strip() if fetched.stderr.strip() else 'uv said nothing'}",
            fix="Go online once and run this again: they are kept from then on.",
        )


def write_tree(archive: zipfile.ZipFile, folder: Path) -> None:
    for file in _files(folder):
        _write(archive, file.relative_to(folder).as_posix(), file.read_bytes())


def _files(folder: Path) -> list[Path]:
    return sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda path: path.relative_to(folder).as_posix())


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, also where this runs on another system
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


@cache
def _interpreter(version: str) -> Path | None:
    return matching_interpreter(version)


def _notes(interpreter: Path | None, target: Target) -> tuple[str, ...]:
    if interpreter is not None:
        return ()
    return (
        f"The functions ship without bytecode, so their cold starts cost about twice as much: no Python "
        f"{target.python} was found on the path, in pyenv or in uv (`uv python install {target.python}` brings one).",
    )
