"""The functions' zips: complete, the same to the byte, and nothing in them that does not belong."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from lambdas.core.errors import PrismError
from lambdas.web.edge import FunctionName
from stacks import bundles
from stacks.bundles import (
    LAMBDA,
    RECIPES,
    ROOT,
    BundleFailed,
    BundleName,
    Target,
    base_bundle,
    bundle_of,
    creator_bundle,
)
from stacks.bytecode import NoBytecode, compile_tree, matching_interpreter
from tests.creators import a_creator

HERE = Target(platform=None, python=f"{sys.version_info.major}.{sys.version_info.minor}")


each_bundle = pytest.mark.parametrize("name", RECIPES)


@each_bundle
def test_two_builds_are_the_same_to_the_byte(name: BundleName, tmp_path: Path) -> None:
    first, _ = base_bundle(name)
    second, _ = base_bundle(name, cache=tmp_path)
    assert first != second
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()


def test_a_creators_bundle_is_the_base_and_the_creator(tmp_path: Path) -> None:
    base, _ = base_bundle("lean")
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
    one = creator_bundle("lean", a_creator(id="kasper"), into=tmp_path / "one")
    two = creator_bundle("lean", a_creator(id="kasper"), into=tmp_path / "two")
    assert one.sha256 == two.sha256
    with zipfile.ZipFile(base) as shared, zipfile.ZipFile(one.path) as own:
        assert {*own.namelist()} - {*shared.namelist()} == {"creator.json"}
        assert '"id": "kasper"' in own.read("creator.json").decode()
        assert own.testzip() is None


def test_every_function_but_the_worker_runs_the_lean_bundle() -> None:
    assert {function: bundle_of(function) for function in get_args(FunctionName)} == {
        "api": "lean",
        "account": "lean",
        "studio": "lean",
        "webhooks": "lean",
        "worker": "worker",
    }


def test_only_the_worker_carries_what_makes_pictures_and_publishes_pages() -> None:
    names = {name: zipfile.ZipFile(base_bundle(name)[0]).namelist() for name in RECIPES}
    for path in ("PIL/Image.py", "brotli.py", "frontend_template/site.py", "frontend_template/objects.py"):
        assert path in names["worker"]
        assert path not in names["lean"]
    assert not [path for path in names["lean"] if path.startswith(("PIL/", "pillow", "brotli", "_brotli"))]
    signing = ("cryptography", "cffi", "_cffi", "pycparser")
    own = {path for path in names["lean"] if not path.startswith((*signing, *(f"__pycache__/{s}" for s in signing)))}
    assert own <= {*names["worker"]}
    assert not [path for path in names["worker"] if path.startswith(signing)]


@each_bundle
def test_only_what_functions_run_is_in_the_bundle(name: BundleName) -> None:
    path, _ = base_bundle(name)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert f"lambdas/handlers/{'worker' if name == 'worker' else 'api'}.py" in names
    assert "frontend_template/render.py" in names
    assert any(name.startswith("frontend_template/locales/") for name in names)
    assert len(names) == len(set(names))
    for left_out in (
        "boto3/",
        "frontend_template/static/",
        "frontend_template/fonts/",
        "fontTools/",
        "lightningcss/",
        "tests/",
        "yaml/",
    ):
        assert not [name for name in names if name.startswith(left_out)]
    assert path.stat().st_size < {"lean": 19_000_000, "worker": 21_000_000}[name]


@each_bundle
def test_every_file_has_one_date_and_plain_rights(name: BundleName) -> None:
    path, _ = base_bundle(name)
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}


@pytest.mark.skipif(matching_interpreter(LAMBDA.python) is None, reason="no Python of the cloud's version here")
@each_bundle
def test_every_module_comes_with_bytecode_that_is_never_checked(name: BundleName) -> None:
    path, notes = base_bundle(name)
    assert notes == ()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        for source in [path for path in names if path.endswith(".py")]:
            folder, _, module = source.rpartition("/")
            compiled = f"{folder}/__pycache__/{module[:-3]}.cpython-313.pyc".lstrip("/")
            assert compiled in names, f"{source} has no bytecode"
            # PEP 552: the second word says "a hash, not to be checked".
            assert archive.read(compiled)[4:8] == b"\x01\x00\x00\x00"
        assert str(ROOT).encode() not in b"".join(archive.read(n) for n in names if n.startswith("lambdas/"))


def test_without_a_matching_python_it_ships_without_bytecode_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "_interpreter", lambda version: None)
    path, notes = base_bundle("lean", cache=tmp_path)
    assert len(notes) == 1
    assert "without bytecode" in notes[0]
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".pyc")]


def test_offline_and_never_fetched_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "nothing-kept"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(BundleFailed) as refused:
        base_bundle("lean", cache=tmp_path / "bundles")
    assert isinstance(refused.value, PrismError)
    assert "\n" not in refused.value.message
    assert "online once" in refused.value.fix
    assert not list((tmp_path / "bundles").iterdir()), "nothing half-made is left"


def test_a_bundle_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(BundleFailed) as refused:
        base_bundle("lean", cache=tmp_path / "taken")
    assert "could not be written" in refused.value.message
    assert "space" in refused.value.fix


def test_a_fault_in_the_code_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def broken(:\n")
    with pytest.raises(NoBytecode) as refused:
        compile_tree(tmp_path, interpreter=Path(sys.executable))
    assert "SyntaxError" in refused.value.message


@each_bundle
def test_the_lock_has_a_hash_for_each_file_and_no_registry(name: BundleName) -> None:
    text = RECIPES[name].lock.read_text()
    pinned = [line for line in text.splitlines() if "==" in line]
    assert pinned
    assert "://" not in text
    assert all("--hash=sha256:" in part for part in text.split("==")[1:])


def test_the_handlers_start_from_the_unpacked_bundle(tmp_path: Path) -> None:
    """With the bundle for this machine: only what is in it is on the path."""
    program = """
import importlib, sys
for name in ("api", "account", "studio", "webhooks"):
    assert callable(importlib.import_module(f"lambdas.handlers.{name}").handler)
banned = {"stripe", "jinja2", "aws_xray_sdk", "httpx", "anyio", "aiohttp", "babel", "markdown_it", "nh3"}
loaded = {name.partition(".")[0] for name in sys.modules} & banned
assert not loaded, loaded
import frontend_template.render
import babel.dates, markdown_it, nh3
from lambdas.platform.aws import CALLS, client
for service, operations in CALLS.items():
    described = client(service).meta.service_model
    assert set(described.operation_names) == set(operations)
    described.client_context_parameters
"""
    run_in_bundle("lean", program, tmp_path)


def test_the_worker_starts_from_its_bundle_makes_a_picture_and_packs_a_page(tmp_path: Path) -> None:
    program = """
import sys
from lambdas.handlers.worker import handler
banned = {"PIL", "jinja2", "babel", "frontend_template"}
loaded = {name.partition(".")[0] for name in sys.modules} & banned
assert callable(handler) and not loaded, loaded
from importlib.metadata import version
from io import BytesIO
from PIL import Image
for kind in ("WEBP", "AVIF", "JPEG", "PNG", "GIF"):
    drawn = BytesIO()
    Image.new("RGB", (8, 8)).save(drawn, kind)
    Image.open(drawn).load()
import brotli
assert brotli.decompress(brotli.compress(b"page")) == b"page" and version("brotli") and version("pillow")
import frontend_template.render, frontend_template.site, lambdas.handlers.rendering, lambdas.platform.pictures
from lambdas.platform.aws import client
assert client("s3").get_paginator("list_objects_v2")
"""
    run_in_bundle("worker", program, tmp_path)


def run_in_bundle(name: BundleName, program: str, folder: Path) -> None:
    """Run a program with nothing but this machine's bundle on its path."""
    bundle = creator_bundle(name, a_creator(), into=folder, target=HERE)
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(folder / "task")
    program = f"import sys; sys.path.insert(0, {str(folder / 'task')!r})\n{program}"
    done = subprocess.run(
        # -S: no site-packages; -I: nothing from the environment or the working directory.
        [sys.executable, "-I", "-S", "-c", program],
        env={**os.environ, "PRISM_SITE_BUCKET": "none", "PRISM_MEDIA_BUCKET": "none", "PRISM_ORIGIN_DIGESTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
