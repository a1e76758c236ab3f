"""Three reviewers read the stacks: cfn-lint, cdk-nag's AwsSolutions and the CDK's own validator."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from lambdas.features.registry import FEATURES
from stacks import findings
from stacks.assembly import add_creator, app_for
from tests.creators import a_creator
from tests.stacks.a_feature import EVERYTHING
from tests.stacks.conftest import Assembly, Synthesise

KNOWN = (*FEATURES, EVERYTHING)
Finding = tuple[str, str]


def reviewed_app(folder: Path) -> cdk.App:
    app = app_for(folder, validate=True)
    app.node.set_context("@aws-cdk/core:validateAgainstDefaultRules", True)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    return app


def found(folder: Path, app: cdk.App) -> set[Finding]:
    """(rule, path of the construct) of whatever the reviewers find, warnings as well."""
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    report = folder / "validation-report.json"
    if not report.exists():
        return set()
    return {
        (violation["ruleName"], construct.get("constructPath", ""))
        for plugin in json.loads(report.read_text())["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }


@pytest.mark.parametrize("waf", [False, True], ids=["plain", "with the firewall"])
def test_the_reviewers_find_nothing(waf: bool, tmp_path: Path) -> None:
    app = reviewed_app(tmp_path)
    add_creator(app, a_creator(features=KNOWN, cloud={"waf": waf}), version="1", known=KNOWN)
    assert found(tmp_path, app) == set()


def test_only_findings_that_arise_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no finding accepted, each accepted one comes up where it was accepted: so none is accepted in advance."""
    accepted: set[Finding] = set()

    def note(construct: Any, rule: str, reason: str) -> None:
        assert len(reason) > 60, f"{rule}: a reviewer wants a reason"
        accepted.add((f"AwsSolutions-{rule}", construct.node.path))

    monkeypatch.setattr(findings, "accept_detail", note)
    monkeypatch.setattr("stacks.api.accept_detail", note)
    monkeypatch.setattr("stacks.grants.accept_detail", note)
    app = reviewed_app(tmp_path)
    add_creator(app, a_creator(features=KNOWN), version="1", known=KNOWN)
    arisen = found(tmp_path, app)
    for rule, path in accepted:
        assert any(name == rule and where.startswith(f"{path}/") for name, where in arisen), f"{rule} at {path} is idle"
    assert all(path.count("/") >= 1 for _, path in accepted), "never a whole stack or app"


def test_a_planted_violation_is_found_by_the_security_rules(tmp_path: Path) -> None:
    app = reviewed_app(tmp_path)
    stack = cdk.Stack(app, "planted")
    sqs.Queue(stack, "open-queue")
    rules = {rule for rule, path in found(tmp_path, app) if path.startswith("planted/open-queue")}
    assert {"AwsSolutions-SQS3", "AwsSolutions-SQS4"} <= rules


def test_a_planted_fault_is_found_by_the_validator(tmp_path: Path) -> None:
    app = app_for(tmp_path, validate=True)
    app.node.set_context("@aws-cdk/core:validateAgainstDefaultRules", True)
    stack = cdk.Stack(app, "planted")
    s3.CfnBucket(stack, "bucket").add_property_override("VersioningConfiguration", {"Status": "Perhaps"})
    assert [path for _, path in found(tmp_path, app) if path.startswith("planted")]


def test_cfn_lint_finds_nothing(synthesise: Synthesise) -> None:
    assembly = synthesise(a_creator(features=KNOWN, cloud={"waf": True}), known=KNOWN)
    assert lint(sorted(assembly.folder.glob("*.template.json"))) == ""


def test_a_planted_fault_is_found_by_cfn_lint(synthesise: Synthesise, tmp_path: Path) -> None:
    assembly: Assembly = synthesise(a_creator())
    template = assembly.template("api")
    template["Resources"]["planted"] = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "a while"}}
    file = tmp_path / "planted.template.json"
    file.write_text(json.dumps(template))
    assert "E3012" in lint([file])


def lint(templates: list[Path]) -> str:
    # W3005: the CDK states dependencies that are also implied.
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        "--ignore-checks",
        "W3005",
        "--format",
        "parseable",
        "--template",
    ]
    done = subprocess.run([*command, *map(str, templates)], capture_output=True, text=True, check=False)
    assert not done.stderr
    assert (done.returncode == 0) == (done.stdout.strip() == "")
    return done.stdout.strip()
