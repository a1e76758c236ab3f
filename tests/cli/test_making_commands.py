"""synth, build-site, dev, demo: the thin way from the command to the rooms that do the work."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.seed import MESSAGES
from tests.cli.conftest import Prism

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


def test_synth_writes_the_stacks_and_the_second_time_nothing(prism: Prism, nova: Path, home: Path) -> None:
    ran = prism("synth", "nova", "--json")
    assert ran.status == 0, ran.out
    (made,) = ran.json["creators"]
    assert made["templates"]
    assert all((home / template).is_file() for template in made["templates"].values())
    again = prism("synth")
    assert again.status == 0
    assert "nova: unchanged, cdk.out/nova" in again.err


def test_synth_of_a_broken_file_names_its_fault_and_makes_nothing(prism: Prism, nova: Path, home: Path) -> None:
    nova.write_text(nova.read_text().replace("primary:", "primry:"))
    ran = prism("synth")
    assert ran.status == 1
    assert "did you mean primary?" in ran.err
    assert not (home / "cdk.out").exists()


def test_build_site_makes_a_whole_site(prism: Prism, nova: Path, home: Path) -> None:
    ran = prism("build-site", "nova", "--out", "site", "--json")
    assert ran.status == 0, ran.out
    assert "Nova Example" in (home / "site" / "index.html").read_text()
    assert "contact/index.html" in json.loads((home / "site" / "site.json").read_text())


@pytest.mark.parametrize("out", [".", "/", "creators"])
def test_build_site_replaces_no_folder_of_somebodys_own(prism: Prism, nova: Path, home: Path, out: str) -> None:
    before = nova.read_bytes()
    ran = prism("build-site", "nova", "--out", out)
    assert (ran.status, "nothing was changed" in ran.err) == (2, True), ran.err
    assert nova.read_bytes() == before


@pytest.mark.parametrize("words", [("dev", "nova"), ("build-site", "nova"), ("synth", "nova")])
def test_an_unknown_creator_stops_every_command(prism: Prism, words: tuple[str, ...]) -> None:
    ran = prism(*words)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "there is no creator 'nova'" in ran.err


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def test_from_add_creator_to_its_site_and_a_clean_end(nova: Path, home: Path) -> None:
    with _served("dev", "nova", home=home) as fetch:
        assert "Nova Example" in fetch("/")


def test_demo_makes_its_creator_and_stacks_and_serves_them_filled(home: Path) -> None:
    with _served("demo", home=home) as fetch:
        assert "Demo" in fetch("/")
        assert "id: demo" in (home / "creators" / "demo.yaml").read_text()
        assert (home / "cdk.out" / "demo" / "prism-demo-api.template.json").is_file()
        deadline = time.monotonic() + START_SECONDS
        while len(json.loads(fetch("/_local/inbox.json"))) < 2 * len(MESSAGES):
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.1)


@contextmanager
def _served(*words: str, home: Path) -> Iterator[Callable[[str], str]]:
    """The command at work; what it serves at a path, once it does. Ended by Ctrl-C, it ends well."""
    port = _free_port()
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", *words, "--port", str(port)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PRISM_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield lambda path: _wait_for(f"http://127.0.0.1:{port}{path}", process, home / "log")
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=60)
    assert status == 0
    assert "Traceback" not in (home / "log").read_text()


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                content: bytes = answer.read()
                return content.decode()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(log.read_text())
