"""The `prism` command as a person runs it, in a folder of its own."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import main as command


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Prism = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command works: its creators are in `home / "creators"`."""
    monkeypatch.setenv("PRISM_HOME", str(tmp_path))
    monkeypatch.delenv("PRISM_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def prism(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prism:
    """Runs `prism …`: exit status, stdout, stderr."""

    def run(*words: str) -> Ran:
        monkeypatch.setattr("sys.argv", ["prism", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert Path(os.getcwd()) == home.resolve()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def nova(prism: Prism, home: Path) -> Path:
    """A creator's file as `add-creator` writes it."""
    assert prism("add-creator", "nova", "Nova Example", "nova.example").status == 0
    return home / "creators" / "nova.yaml"
