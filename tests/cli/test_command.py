"""The command as a whole: quick, clear in failure, and no traceback whatever happens."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cli import listing
from cli.main import prism as group
from tests.cli.conftest import Prism

ROOT = Path(__file__).resolve().parents[2]


def _loaded_by(home: Path, *words: str) -> set[str]:
    """The packages that a run imports."""
    code = (
        "import sys, json\n"
        f"sys.argv = ['prism', *{list(words)!r}]\n"
        "from cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PRISM_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("add-creator", "--help"), ("completion", "zsh")])
def test_help_waits_for_no_heavy_import(home: Path, words: tuple[str, ...]) -> None:
    assert not _loaded_by(home, *words) & {"pydantic", "boto3", "pynamodb", "yaml", "aws_cdk", "jinja2", "starlette"}


@pytest.mark.parametrize("words", [("list",), ("features",), ("add-creator", "nova", "Nova", "nova.example")])
def test_reading_files_waits_for_no_cloud(home: Path, words: tuple[str, ...]) -> None:
    assert not _loaded_by(home, *words) & {"aws_cdk", "jsii", "ministack", "starlette", "uvicorn", "jinja2", "PIL"}


def test_the_version_is_the_packages(prism: Prism) -> None:
    assert prism("--version").out == f"prism {version('prism')}\n"


def test_no_command_shows_the_help(prism: Prism) -> None:
    ran = prism()
    assert ran.status == 2
    assert "add-creator" in ran.out + ran.err


@pytest.mark.parametrize("words", [("lst",), ("list", "--bogus"), ("show",), ("dev", "nova", "--port", "80")])
def test_misuse_is_one_line_and_status_two(prism: Prism, words: tuple[str, ...]) -> None:
    ran = prism(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("error: ")
    assert "--help` shows what it takes" in ran.err


def test_misuse_is_json_for_a_program(prism: Prism) -> None:
    ran = prism("list", "--json", "--bogus")
    assert ran.status == 2
    assert ran.json["errors"][0]["code"] == "usage"


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(listing.command, "callback", fail)


def test_the_unexpected_shows_no_traceback_but_how_to_get_one(prism: Prism, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("of course"))
    ran = prism("list")
    assert ran.status == 1
    assert ran.err.count("\n") == 1
    assert "ZeroDivisionError in test_command.py" in ran.err
    assert "PRISM_DEBUG=1" in ran.err
    monkeypatch.setenv("PRISM_DEBUG", "1")
    assert "Traceback" in prism("list").err


@pytest.mark.parametrize(
    ("number", "fix"), [(28, "make room on the disk"), (13, "give yourself the right"), (98, "choose another port")]
)
def test_what_the_system_refuses_names_the_fix(
    prism: Prism, monkeypatch: pytest.MonkeyPatch, number: int, fix: str
) -> None:
    _fail_with(monkeypatch, OSError(number, os.strerror(number), "some/file"))
    ran = prism("list")
    assert ran.status == 1
    assert ran.err.startswith("error: some/file: ")
    assert fix in ran.err


def test_ctrl_c_ends_quietly(prism: Prism, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, KeyboardInterrupt())
    ran = prism("list")
    assert (ran.status, ran.err.strip()) == (130, "stopped")


def test_a_reader_that_has_seen_enough_ends_it_quietly(home: Path, prism: Prism) -> None:
    prism("add-creator", "nova", "Nova Example", "nova.example")
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        ran = subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", "list"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (1, "")


def test_a_home_that_is_not_there_is_named(prism: Prism, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("PRISM_HOME", str(home / "gone"))
    ran = prism("list")
    assert ran.status == 1
    assert "gone cannot be entered" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion(prism: Prism, shell: str) -> None:
    ran = prism("completion", shell)
    assert ran.status == 0
    assert "_PRISM_COMPLETE" in ran.out


def test_completion_knows_the_creators(home: Path, nova: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()"],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "_PRISM_COMPLETE": "bash_complete",
            "COMP_WORDS": "prism show n",
            "COMP_CWORD": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "plain,nova" in ran.stdout


def test_every_command_says_in_one_sentence_what_it_does() -> None:
    for name, command in group.commands.items():
        assert not command.get_short_help_str(limit=60).endswith("..."), name
