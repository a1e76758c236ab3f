"""What a cold start of `api` must not load: each of these costs more than the function itself is worth."""

import json
import subprocess
from pathlib import Path

import pytest

from local.emulator import Emulator
from tests.bench.function_under_bench import prepare

# The heavy, and what belongs to other moments: rendering (jinja2, babel, markdown_it), building, mailing, describing.
BANNED = (
    "PIL",
    "aiohttp",
    "anyio",
    "aws_xray_sdk",
    "babel",
    "boto3",
    "cryptography",
    "email.headerregistry",
    "httpx",
    "jinja2",
    "lambdas.web.openapi",
    "markdown_it",
    "nh3",
    "requests",
    "s3transfer",
    "stripe",
    "yaml",
    "zoneinfo._zoneinfo",
)


@pytest.fixture
def loaded(emulator: Emulator, tmp_path: Path) -> dict[str, list[str]]:
    """The modules of the bundled function after its import, and after its first request."""
    function = prepare(tmp_path, aws=emulator.environment(), with_runtime=False)
    told = tmp_path / "modules.json"
    ran = subprocess.run(
        [*function.api, str(told)],
        env=dict(function.api_environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    modules: dict[str, list[str]] = json.loads(told.read_text(encoding="utf-8"))
    return modules


def test_a_start_and_a_request_load_nothing_that_is_banned(loaded: dict[str, list[str]]) -> None:
    assert "botocore.client" in loaded["import"], "the list is of a function that has its client"
    for moment, modules in loaded.items():
        there = [name for name in BANNED if name in modules]
        assert there == [], f"loaded at {moment}: {', '.join(there)}"
