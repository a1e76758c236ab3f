"""What a feature brings to the stacks, and that switched off it leaves its data and nothing else."""

import json
from typing import Any

import pytest

from lambdas.features.registry import FEATURES
from tests.creators import a_creator
from tests.stacks.a_feature import EVERYTHING
from tests.stacks.conftest import Assembly, Synthesise

KNOWN = (*FEATURES, EVERYTHING)
OPTIONAL = [feature for feature in KNOWN if feature.optional]


@pytest.fixture(scope="module")
def with_everything(synthesise: Synthesise) -> Assembly:
    return synthesise(a_creator(features=KNOWN), known=KNOWN)


@pytest.mark.parametrize("feature", OPTIONAL, ids=lambda feature: feature.name)
def test_off_leaves_nothing_but_data(feature: Any, synthesise: Synthesise, with_everything: Assembly) -> None:
    off = synthesise(a_creator(features=KNOWN, switches={feature.name: {"enabled": False}}), known=KNOWN)
    without = tuple(f for f in KNOWN if f is not feature)
    never = synthesise(a_creator(features=without), known=without)
    for stack in ("site", "ops"):
        assert off.template(stack) == never.template(stack)
    # The functions' zip carries the creator's file, which still says "off": its name is the only difference.
    assert _without_code(off.template("api")) == _without_code(never.template("api"))
    # (Outputs come and go with who reads them.)
    assert off.template("data")["Resources"] == with_everything.template("data")["Resources"]


def test_a_feature_gets_its_functions_and_routes(with_everything: Assembly) -> None:
    functions = with_everything.resources("api", "AWS::Lambda::Function")
    handlers = {f["Properties"]["FunctionName"]: f["Properties"]["Handler"] for f in functions.values()}
    assert handlers == {
        f"prism-tester-{name}": f"lambdas.handlers.{name}.handler" for name in ("api", "studio", "webhooks", "worker")
    }
    routes = {
        r["Properties"]["RouteKey"] for r in with_everything.resources("api", "AWS::ApiGatewayV2::Route").values()
    }
    assert routes == {"ANY /api/{proxy+}", "ANY /api/webhooks/{proxy+}", "ANY /studio/{proxy+}", "$default"}
    (distribution,) = with_everything.resources("site", "AWS::CloudFront::Distribution").values()
    behaviours = distribution["Properties"]["DistributionConfig"]["CacheBehaviors"]
    assert [b["PathPattern"] for b in behaviours] == ["/api/*", "/studio/*"]


def test_a_feature_gets_its_schedules_and_streams(with_everything: Assembly) -> None:
    rules = with_everything.resources("api", "AWS::Events::Rule").values()
    inputs = {r["Properties"]["ScheduleExpression"]: r["Properties"]["Targets"][0] for r in rules}
    assert json.loads(inputs["rate(1 day)"]["Input"]) == {"prism": "schedule", "name": "everything.sweep"}
    assert all("DeadLetterConfig" in target for target in inputs.values())
    mappings = with_everything.resources("api", "AWS::Lambda::EventSourceMapping").values()
    assert len(mappings) == 2
    for mapping in mappings:
        properties = mapping["Properties"]
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BisectBatchOnFunctionError"] is True
        assert properties["MaximumRetryAttempts"] > 0
        assert properties["MaximumRecordAgeInSeconds"] > 0
        assert properties["DestinationConfig"]["OnFailure"]["Destination"]


@pytest.mark.parametrize(
    ("function", "may", "may_not"),
    [
        ("api", {"dynamodb:PutItem", "ssm:GetParameters", "s3:GetObject"}, {"ses:SendEmail", "dynamodb:GetRecords"}),
        ("studio", {"dynamodb:PutItem", "ssm:GetParameters", "s3:GetObject"}, {"ses:SendEmail", "dynamodb:GetRecords"}),
        (
            "webhooks",
            {"dynamodb:PutItem"},
            {"ssm:GetParameters", "s3:GetObject", "ses:SendEmail", "dynamodb:GetRecords"},
        ),
        ("worker", {"dynamodb:PutItem", "ses:SendEmail", "dynamodb:GetRecords", "s3:GetObject"}, {"ssm:GetParameters"}),
    ],
)
def test_a_function_may_do_its_own_work_only(
    function: str, may: set[str], may_not: set[str], with_everything: Assembly
) -> None:
    allowed = {
        action for statement in _statements(with_everything, function) for action in _listed(statement["Action"])
    }
    assert may <= allowed
    assert not may_not & allowed
    assert not [action for action in allowed if "*" in action or action in {"dynamodb:Scan", "s3:PutObject"}]


def test_a_function_reaches_the_tables_of_its_features_only(with_everything: Assembly) -> None:
    studio, api, worker = (
        json.dumps(_statements(with_everything, function)) for function in ("studio", "api", "worker")
    )
    assert "table/prism-tester-things" in studio
    assert "contact-messages" not in studio
    assert "table/prism-tester-things" in api
    assert "contact-messages" in api
    assert "table/prism-tester-rate-limits" in studio
    assert "contact-messages" in worker
    assert "rate-limits" not in worker


def test_mail_goes_out_under_the_creators_address_only(with_everything: Assembly) -> None:
    (mail,) = [s for s in _statements(with_everything, "worker") if "ses:SendEmail" in _listed(s["Action"])]
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": "hello@tester.example"}}


def test_without_a_feature_that_mails_nobody_may_mail(synthesise: Synthesise) -> None:
    switches = {"contact": {"enabled": False}, "everything": {"enabled": False}}
    assembly = synthesise(a_creator(features=KNOWN, switches=switches), known=KNOWN)
    assert "ses:" not in json.dumps(assembly.template("api"))
    assert "prism-tester-worker" not in json.dumps(assembly.template("api"))


def _statements(assembly: Assembly, function: str) -> list[dict[str, Any]]:
    """What the function's own role allows."""
    (made,) = [
        f
        for f in assembly.resources("api", "AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"] == f"prism-tester-{function}"
    ]
    role = made["Properties"]["Role"]["Fn::GetAtt"][0]
    policies = assembly.resources("api", "AWS::IAM::Policy").values()
    return [
        statement
        for policy in policies
        if {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _without_code(template: dict[str, Any]) -> dict[str, Any]:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            del resource["Properties"]["Code"]
    return template
