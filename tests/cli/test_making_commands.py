"""synth, build-site, dev: the thin way from the command to the rooms that do the work."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

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
    port = _free_port()
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", "dev", "nova", "--port", str(port)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PRISM_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        page = _wait_for(f"http://127.0.0.1:{port}/", process, home / "log")
        assert "Nova Example" in page
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
