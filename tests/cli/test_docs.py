"""What docs/creator-file.md and the README show is what happens."""

import re
from pathlib import Path

import pytest

from lambdas.features.creator_files import read_creator
from tests.cli.conftest import Prism

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "creator-file.md").read_text()
SOUND = re.findall(r"```yaml nova\.yaml\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("example", SOUND, ids=range(len(SOUND)))
def test_every_example_is_a_creator(example: str, tmp_path: Path) -> None:
    (tmp_path / "nova.yaml").write_text(example)
    assert read_creator(tmp_path / "nova.yaml").id == "nova"


def test_the_faults_shown_are_those_that_come(prism: Prism, home: Path) -> None:
    (faulty,) = re.findall(r"```yaml nova\.yaml faulty\n(.*?)```", PAGE, flags=re.DOTALL)
    (shown,) = re.findall(r"```text\n(error: .*?)```", PAGE, flags=re.DOTALL)
    (home / "creators").mkdir()
    (home / "creators" / "nova.yaml").write_text(faulty)
    assert prism("validate").err == shown


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line.split("#")[0].strip() for line in lines if line.startswith("make ")]
    assert commands[:2] == ["make demo", "make test"]
    assert lines.index(next(line for line in lines if line.startswith("make "))) < 6


def test_every_file_that_the_readme_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target
