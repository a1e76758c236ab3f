"""What doctor finds on this machine, and in an account."""

import importlib.util
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli import account_checks, machine_checks
from cli.findings import Finding
from local.emulator import Emulator
from tests.cli.conftest import Prism
from tests.creators import a_creator


def test_a_machine_that_runs_the_tests_lacks_nothing_needed(prism: Prism) -> None:
    ran = prism("doctor", "--json")
    assert ran.status == 0
    assert {finding["subject"] for finding in ran.json["findings"]} >= {"python", "node", "disk", "port", "aws"}


def test_every_lack_comes_with_its_fix(prism: Prism, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    monkeypatch.setattr(shutil, "which", nothing)
    monkeypatch.setattr(machine_checks, "CHROMIUM_APPS", ())
    monkeypatch.setattr(machine_checks, "ROOM_GB", 1e9)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    ran = prism("doctor", "--json")
    assert ran.status == 1
    lacking = {finding["subject"]: finding for finding in ran.json["findings"] if finding["state"] != "ok"}
    assert set(lacking) >= {"packages", "node", "disk", "chromium", "aws"}
    assert all(finding["fix"] for finding in lacking.values())
    assert "only a deploy needs them" in lacking["aws"]["found"]


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_named(prism: Prism, busy_port: int) -> None:
    finding = machine_checks.free_port(busy_port)
    assert (finding.state, str(busy_port) in finding.found) == ("wanted", True)
    assert "--port" in finding.fix


def test_a_busy_port_for_streams_is_named_and_hinders_nobody(busy_port: int) -> None:
    finding = machine_checks.free_rtmp_port(busy_port)
    assert (finding.subject, finding.state, str(busy_port) in finding.found) == ("rtmp", "wanted", True)
    assert "next free one" in finding.fix


def test_an_account_is_asked_who_and_what_it_may(emulator: Emulator) -> None:
    findings = {finding.subject: finding for finding in account_checks.all_findings()}
    assert findings["account"].state == "ok"
    assert findings["account"].found.startswith("123456789012 as ")


def test_an_account_that_does_not_answer_is_one_finding_with_its_fix() -> None:
    (finding,) = account_checks.all_findings()
    assert (finding.subject, finding.state) == ("account", "needed")
    assert finding.fix


def _asked(**fields: Any) -> dict[str, Finding]:
    return {finding.subject: finding for finding in account_checks.all_findings([a_creator(**fields)])}


@pytest.mark.parametrize(
    ("review", "fix"), [(None, "ask for production access"), ("PENDING", "wait"), ("DENIED", "answer the case")]
)
def test_mail_that_stays_in_the_sandbox_comes_with_the_way_out(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, review: str | None, fix: str
) -> None:
    def sandboxed(parsed: dict[str, Any], **_: object) -> None:
        parsed["ProductionAccessEnabled"] = False
        if review:
            parsed["Details"] = {"ReviewDetails": {"Status": review}}

    def session(*given: Any, **how: Any) -> Any:
        made = real(*given, **how)
        made.events.register("after-call.sesv2.GetAccount", sandboxed)
        return made

    real = boto3.Session
    monkeypatch.setattr(boto3, "Session", session)
    finding = _asked()["mail"]
    assert (finding.state, "sandbox" in finding.found) == ("wanted", True)
    assert finding.fix.startswith(fix)


def test_the_domains_of_creators_in_this_account_are_checked_and_no_others(emulator: Emulator) -> None:
    here = {"cloud": {"account": "123456789012"}}
    assert _asked(**here)["tester.example"].state == "wanted"
    boto3.client("sesv2", region_name="eu-central-1").create_email_identity(EmailIdentity="tester.example")
    assert _asked(**here)["tester.example"].state == "ok"
    assert "tester.example" not in _asked(cloud={"account": "210987654321"})
    assert "tester.example" not in _asked()


def test_bytecode_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "cache_from_source", lambda _: str(tmp_path / "none.pyc"))
    assert machine_checks.bytecode().state == "wanted"
