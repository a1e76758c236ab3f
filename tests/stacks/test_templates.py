"""What the templates promise, whoever the creator is."""

import json
import re

import pytest

from lambdas.features.registry import FEATURES
from lambdas.platform.keys import StackKeys
from lambdas.web import edge
from stacks.creator import parameters_for, stack_name
from stacks.ops import FREE_ALARMS
from tests.creators import a_creator
from tests.stacks.a_feature import EVERYTHING
from tests.stacks.conftest import Assembly, Synthesise

STACKS = ("data", "api", "site", "ops")
# Each costs something for merely being there.
COSTS_WHILE_IDLE = {
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::EC2::NatGateway",
    "AWS::WAFv2::WebACL",
    "AWS::CloudWatch::Dashboard",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
}


@pytest.fixture(scope="module")
def assembly(synthesise: Synthesise) -> Assembly:
    return synthesise(a_creator())


def test_state_is_retained_and_protected(assembly: Assembly) -> None:
    tables = assembly.resources("data", "AWS::DynamoDB::GlobalTable")
    assert {t["Properties"]["TableName"] for t in tables.values()} == {
        "prism-tester-rate-limits",
        "prism-tester-contact-messages",
    }
    for table in tables.values():
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
        (replica,) = table["Properties"]["Replicas"]
        assert replica["DeletionProtectionEnabled"] is True
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    (pool,) = assembly.resources("data", "AWS::Cognito::UserPool").values()
    assert (pool["DeletionPolicy"], pool["Properties"]["DeletionProtection"]) == ("Retain", "ACTIVE")
    (client,) = assembly.resources("data", "AWS::Cognito::UserPoolClient").values()
    assert (client["DeletionPolicy"], client["Properties"]["GenerateSecret"]) == ("Retain", True)
    (bucket,) = assembly.resources("site", "AWS::S3::Bucket").values()
    assert bucket["DeletionPolicy"] == "Retain"
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    assert manifest["artifacts"]["prism-tester-data"]["properties"]["terminationProtection"] is True


def test_nothing_costs_while_idle(assembly: Assembly) -> None:
    assert not COSTS_WHILE_IDLE & set(assembly.kinds())
    everything = json.dumps([assembly.template(stack) for stack in STACKS])
    assert "ProvisionedConcurrency" not in everything
    assert "SnapStart" not in everything
    assert "TracingConfig" not in everything


def test_alarms_stay_free_with_every_function(synthesise: Synthesise) -> None:
    known = (*FEATURES, EVERYTHING)
    alarms = synthesise(a_creator(features=known), known=known).resources("ops", "AWS::CloudWatch::Alarm").values()
    assert 0 < len(alarms) <= FREE_ALARMS
    # An alarm on an expression is paid for by each metric in it.
    assert all("MetricName" in alarm["Properties"] for alarm in alarms)
    watched = {alarm["Properties"]["MetricName"] for alarm in alarms}
    assert watched == {"Errors", "Throttles", "Duration", "IteratorAge", "ApproximateNumberOfMessagesVisible"}


def test_the_firewall_is_there_for_who_asks(synthesise: Synthesise) -> None:
    assembly = synthesise(a_creator(cloud={"waf": True}))
    (firewall,) = assembly.resources("site", "AWS::WAFv2::WebACL")
    (distribution,) = assembly.resources("site", "AWS::CloudFront::Distribution").values()
    assert distribution["Properties"]["DistributionConfig"]["WebACLId"] == {"Fn::GetAtt": [firewall, "Arn"]}


def test_logs_are_kept_as_long_as_the_creator_says(synthesise: Synthesise) -> None:
    groups = synthesise(a_creator(cloud={"log_days": 90})).resources("api", "AWS::Logs::LogGroup")
    assert len(groups) == 3
    assert {group["Properties"]["RetentionInDays"] for group in groups.values()} == {90}


def test_the_budget_and_the_alarms_reach_the_named_address(synthesise: Synthesise) -> None:
    assembly = synthesise(a_creator(cloud={"budget_usd": 40, "alarm_email": "watch@tester.example"}))
    (budget,) = assembly.resources("ops", "AWS::Budgets::Budget").values()
    assert budget["Properties"]["Budget"]["BudgetLimit"] == {"Amount": 40, "Unit": "USD"}
    (subscription,) = assembly.resources("ops", "AWS::SNS::Subscription").values()
    assert subscription["Properties"]["Endpoint"] == "watch@tester.example"


def test_every_alarm_may_publish_to_its_topic_and_nobody_else_may(assembly: Assembly) -> None:
    (policy,) = assembly.resources("ops", "AWS::SNS::TopicPolicy").values()
    allowed = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert [(s["Principal"], s["Action"]) for s in allowed] == [
        ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    ]
    source = json.dumps(allowed[0]["Condition"]["ArnLike"]["aws:SourceArn"])
    assert source.endswith(':alarm:prism-tester-*"]]}')
    assert "aws:SourceAccount" in allowed[0]["Condition"]["StringEquals"]
    names = {alarm["Properties"]["AlarmName"] for alarm in assembly.resources("ops", "AWS::CloudWatch::Alarm").values()}
    assert names
    assert all(name.startswith("prism-tester-") for name in names)


def test_the_site_is_in_the_region_of_cloudfront_and_the_rest_at_home(assembly: Assembly) -> None:
    artifacts = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"]
    regions = {s: artifacts[stack_name("tester", s)]["environment"].rpartition("/")[2] for s in STACKS}
    assert regions == {"data": "eu-central-1", "api": "eu-central-1", "site": "us-east-1", "ops": "eu-central-1"}


def test_stacks_know_each_other_weakly(assembly: Assembly) -> None:
    """No export that another stack imports: it could neither be updated nor deleted."""
    for stack in STACKS:
        template = json.dumps(assembly.template(stack))
        assert "Fn::ImportValue" not in template
        assert '"Export"' not in template
        assert "Custom::" not in template


def test_what_the_bucket_lacks_falls_over_to_the_api(assembly: Assembly) -> None:
    (distribution,) = assembly.resources("site", "AWS::CloudFront::Distribution").values()
    config = distribution["Properties"]["DistributionConfig"]
    (group,) = config["OriginGroups"]["Items"]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [403, 404]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]
    assert "CustomErrorResponses" not in config
    headers = [o["OriginCustomHeaders"] for o in config["Origins"] if "OriginCustomHeaders" in o]
    assert headers == [[{"HeaderName": edge.ORIGIN_SECRET_HEADER, "HeaderValue": {"Ref": "OriginSecret"}}]]


def test_every_security_header_of_the_edge_is_sent(assembly: Assembly) -> None:
    (policy,) = assembly.resources("site", "AWS::CloudFront::ResponseHeadersPolicy").values()
    config = policy["Properties"]["ResponseHeadersPolicyConfig"]
    fixed = config["SecurityHeadersConfig"]
    transport = fixed["StrictTransportSecurity"]
    sent = {item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]} | {
        "content-security-policy": fixed["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "referrer-policy": fixed["ReferrerPolicy"]["ReferrerPolicy"],
        "x-frame-options": fixed["FrameOptions"]["FrameOption"],
        "x-content-type-options": "nosniff" if fixed["ContentTypeOptions"]["Override"] else "",
        "strict-transport-security": "; ".join(
            [
                f"max-age={transport['AccessControlMaxAgeSec']}",
                *(["includeSubDomains"] if transport["IncludeSubdomains"] else []),
                *(["preload"] if transport["Preload"] else []),
            ]
        ),
    }
    assert sent == dict(edge.SECURITY_HEADERS)


def test_the_certificate_waits_for_the_domain(assembly: Assembly) -> None:
    template = assembly.template("site")
    assert template["Parameters"]["DomainReady"]["Default"] == "no"
    assert template["Parameters"]["HostedZoneId"]["Default"] == ""
    for kind in ("AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet"):
        waiting = assembly.resources("site", kind)
        assert waiting
        assert {resource["Condition"] for resource in waiting.values()} == {"DomainIsReady"}
    (distribution,) = assembly.resources("site", "AWS::CloudFront::Distribution").values()
    config = distribution["Properties"]["DistributionConfig"]
    assert config["Aliases"]["Fn::If"][0] == config["ViewerCertificate"]["Fn::If"][0] == "DomainIsReady"


def test_keys_become_parameters_and_stay_out_of_templates(assembly: Assembly) -> None:
    keys = StackKeys(
        origin_secret="s" * 43, origin_digests=("a" * 64, "b" * 64), media_signing_public="PEM", playback_public="PEM"
    )
    parameters = parameters_for("tester", keys)
    assert parameters == {
        "prism-tester-api": {"OriginDigests": f"{'a' * 64},{'b' * 64}"},
        "prism-tester-site": {"OriginSecret": "s" * 43},
    }
    for stack, values in parameters.items():
        declared = assembly.template(stack.rpartition("-")[2])["Parameters"]
        for name, value in values.items():
            assert "Default" not in declared[name]
            assert re.fullmatch(declared[name].get("AllowedPattern", ".*"), value)
    assert assembly.template("site")["Parameters"]["OriginSecret"]["NoEcho"] is True
