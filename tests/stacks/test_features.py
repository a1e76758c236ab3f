"""What a feature brings to the stacks, and that switched off it leaves its data and nothing else."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from lambdas.features.registry import FEATURES, tables_of
from lambdas.platform.aws import CALLS
from lambdas.platform.sleeping import rule_name
from lambdas.platform.storage import ASSET_MANIFEST
from lambdas.platform.tables import definition
from lambdas.web import edge
from stacks.right import Place
from stacks.rights import APPEND, READ, ROWS, rights
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
    assert off.stacks() == never.stacks()
    for stack in set(off.stacks()) - {"api", "data"}:
        assert off.template(stack) == never.template(stack)
    # The functions' zip carries the creator's file, which still says "off": its name is the only difference.
    assert _without_code(off.template("api")) == _without_code(never.template("api"))
    # (Outputs come and go with who reads them.)
    assert off.template("data")["Resources"] == with_everything.template("data")["Resources"]


def test_a_feature_gets_its_functions_and_routes(with_everything: Assembly) -> None:
    functions = with_everything.resources("api", "AWS::Lambda::Function")
    handlers = {f["Properties"]["FunctionName"]: f["Properties"]["Handler"] for f in functions.values()}
    assert handlers == {
        f"prism-tester-{name}": f"lambdas.handlers.{name}.handler"
        for name in ("api", "account", "studio", "webhooks", "worker")
    }
    routes = {
        r["Properties"]["RouteKey"] for r in with_everything.resources("api", "AWS::ApiGatewayV2::Route").values()
    }
    assert routes == {
        "ANY /api/{proxy+}",
        "ANY /api/auth/{proxy+}",
        "ANY /account/{proxy+}",
        "ANY /de/account/{proxy+}",
        "ANY /en/account/{proxy+}",
        "ANY /api/webhooks/{proxy+}",
        "ANY /studio/{proxy+}",
        "$default",
    }
    (distribution,) = with_everything.resources("site", "AWS::CloudFront::Distribution").values()
    behaviours = distribution["Properties"]["DistributionConfig"]["CacheBehaviors"]
    assert {b["PathPattern"] for b in behaviours} == {
        "/api/*",
        "/account/*",
        "/de/account/*",
        "/en/account/*",
        "/studio/*",
        "/media/public/*",
        "/media/videos/*",
    }


def test_a_feature_gets_its_schedules_and_streams(with_everything: Assembly) -> None:
    rules = [rule["Properties"] for rule in with_everything.resources("api", "AWS::Events::Rule").values()]
    inputs = {r["Name"]: json.loads(r["Targets"][0]["Input"]) for r in rules if "ScheduleExpression" in r}
    assert inputs["prism-tester-everything-sweep"] == {"prism": "schedule", "name": "everything.sweep"}
    assert all("DeadLetterConfig" in target and "RetryPolicy" in target for r in rules for target in r["Targets"])
    asleep = {
        rule_name("tester", name)
        for feature in KNOWN
        for name, schedule in feature.schedules.items()
        if schedule.asleep
    }
    assert {r["Name"] for r in rules if r["State"] == "DISABLED"} == asleep
    assert asleep
    mappings = with_everything.resources("api", "AWS::Lambda::EventSourceMapping").values()
    assert len(mappings) == sum(len(feature.changes) for feature in KNOWN)
    for mapping in mappings:
        properties = mapping["Properties"]
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BisectBatchOnFunctionError"] is True
        assert properties["MaximumRetryAttempts"] > 0
        assert properties["MaximumRecordAgeInSeconds"] > 0
        assert properties["DestinationConfig"]["OnFailure"]["Destination"]


COGNITO = {f"cognito-idp:{call}" for call in CALLS["cognito-idp"] if call.startswith(("Admin", "Describe"))}
# Every action that a function may do at all, and nobody else may.
OWN = {
    "api": {"ivschat:CreateChatToken"},
    "account": COGNITO,
    "studio": {
        "ivs:CreateStreamKey",
        "ivs:DeleteStreamKey",
        "ivs:GetStreamKey",
        "ivs:ListStreamKeys",
        "ivs:StopStream",
        "ses:GetAccount",
        "ses:GetEmailIdentity",
    },
    "webhooks": set(),
    "worker": {
        "cloudfront:CreateInvalidation",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "events:DisableRule",
        "events:EnableRule",
        "ivs:BatchStartViewerSessionRevocation",
        "s3:DeleteObject",
        "ses:SendEmail",
        "ses:SendRawEmail",
    },
}
SHARED = {
    "logs:CreateLogStream": {*OWN},
    "logs:PutLogEvents": {*OWN},
    "logs:DescribeLogStreams": {"api", "studio", "worker"},
    "logs:GetLogEvents": {"api", "studio", "worker"},
    "ivs:GetStream": {"studio", "worker"},
    **{f"ivschat:{call}": {"api", "studio", "worker"} for call in ("DeleteMessage", "DisconnectUser", "SendEvent")},
    "sqs:SendMessage": {"worker"},
    "sqs:GetQueueAttributes": {"worker"},
    "sqs:GetQueueUrl": {"worker"},
    "cognito-idp:AdminDeleteUser": {"account", "worker"},
    "s3:GetObject": {"api", "account", "studio", "worker"},
    "s3:ListBucket": {"api", "account", "studio", "worker"},
    "s3:PutObject": {"account", "studio", "worker"},
    "ssm:GetParameters": {"api", "account", "studio", "worker"},
    **{action: {*OWN} for action in ROWS},
}


@pytest.mark.parametrize("function", OWN)
def test_a_function_may_do_its_own_work_only(function: str, with_everything: Assembly) -> None:
    allowed = {
        action for statement in _statements(with_everything, function) for action in _listed(statement["Action"])
    }
    assert allowed == {*OWN[function], *(action for action, whose in SHARED.items() if function in whose)}
    assert not [action for action in allowed if "*" in action]


def test_a_function_reaches_the_tables_of_its_features_only(with_everything: Assembly) -> None:
    on = {function: _tables(with_everything, function) for function in OWN}
    assert all("things" in tables for tables in on.values())
    assert {function for function in on if "contact-messages" in on[function]} >= {"api", "worker"}
    assert on["webhooks"].keys() == {"things"}
    assert {function for function in on if "rate-limits" in on[function]} == {"api", "account", "studio"}


def test_who_admits_people_reads_who_they_are_and_changes_only_what_is_its_own(with_everything: Assembly) -> None:
    on = {function: _tables(with_everything, function) for function in OWN}
    for function in ("api", "account", "studio"):
        for table in ("sessions", "people", "team", "team-roles"):
            assert "dynamodb:GetItem" in on[function][table]
        assert "dynamodb:UpdateItem" in on[function]["sessions"]
    assert not on["api"]["sessions"] & {"dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    for table in ("people", "team", "team-roles"):
        assert on["api"][table] == READ, f"api may change {table}"
    # A custom role is made and deleted in the studio; who accepts an invitation to it is noted in it.
    assert on["account"]["team-roles"] == READ | {"dynamodb:UpdateItem"}
    assert "people-addresses" not in on["api"]


@pytest.mark.parametrize("model", [m for m in tables_of(KNOWN).values() if definition(m).append_only])
def test_nobody_changes_or_deletes_what_is_append_only(model: Any, with_everything: Assembly) -> None:
    on = {function: _tables(with_everything, function) for function in OWN}
    assert {function for function in on if model.short_name in on[function]} >= {"studio"}
    for tables in on.values():
        assert tables.get(model.short_name, APPEND) == APPEND


def test_only_the_account_function_has_the_key_of_second_factors(with_everything: Assembly) -> None:
    keys = {function: _resources(with_everything, function, "ssm:GetParameters") for function in OWN}
    assert {f for f in OWN if any("keys/session" in key for key in keys[f])} == {"api", "account", "studio", "worker"}
    assert {f for f in OWN if any("second-factor" in key for key in keys[f])} == {"account"}
    assert {f for f in OWN if any(":us-east-1:" in key and "/distribution" in key for key in keys[f])} == {"worker"}


def test_cognito_is_asked_about_this_creators_people_only(with_everything: Assembly) -> None:
    for function in ("account", "worker"):
        (pool,) = _resources(with_everything, function, "cognito-idp:AdminDeleteUser")
        assert "Fn::GetStackOutput" in pool
        assert "prism-tester-data" in pool


def test_uploads_are_put_by_one_and_read_by_another(with_everything: Assembly) -> None:
    def on(function: str, action: str) -> set[str]:
        return {r.rpartition(":::")[2] for r in _resources(with_everything, function, action)}

    def media(keys: str) -> str:
        return f"prism-tester-media-AWS::AccountId/{keys}"

    site = "prism-tester-site-AWS::AccountId/*"
    public, guarded, recorded = media("media/public/*"), media("media/videos/*"), media("ivs/v1/*")
    for function in ("account", "studio"):
        assert on(function, "s3:PutObject") == {media("incoming/*")}
        assert not [key for key in on(function, "s3:GetObject") if "-media-" in key]
    assert on("worker", "s3:GetObject") == {media("incoming/*"), public, guarded, recorded, site}
    assert on("worker", "s3:PutObject") == {public, guarded, site}
    assert on("worker", "s3:DeleteObject") == {public, guarded, recorded, site}


def test_who_signs_what_has_that_key_alone(with_everything: Assembly) -> None:
    keys = {function: _resources(with_everything, function, "ssm:GetParameters") for function in OWN}

    def who(name: str) -> set[str]:
        return {function for function in OWN if any(key.endswith(f"/{name}") for key in keys[function])}

    assert who("keys/playback") == {"api"}
    assert who("keys/media-signing") == who("media-key") == {"api", "studio"}


def test_channel_and_room_are_this_creators(with_everything: Assembly) -> None:
    for function, action in (
        ("studio", "ivs:StopStream"),
        ("studio", "ivs:ListStreamKeys"),
        ("worker", "ivs:GetStream"),
        ("worker", "ivs:BatchStartViewerSessionRevocation"),
        ("api", "ivschat:CreateChatToken"),
        ("worker", "ivschat:SendEvent"),
    ):
        resources = _resources(with_everything, function, action)
        assert resources
        assert all("Fn::GetStackOutput" in resource and "prism-tester-live" in resource for resource in resources)
    for function in ("api", "studio", "worker"):
        for resource in _resources(with_everything, function, "logs:GetLogEvents"):
            assert resource.removesuffix(":*").endswith(":log-group:/aws/vendedlogs/prism-tester-chat")


def test_the_worker_wakes_what_sleeps_and_no_other_rule(with_everything: Assembly) -> None:
    rules = _resources(with_everything, "worker", "events:EnableRule")
    assert rules == _resources(with_everything, "worker", "events:DisableRule")
    assert [rule.rpartition(":")[2] for rule in rules] == ["rule/prism-tester-live-watch"]


def test_who_renders_may_read_the_manifest_of_assets(with_everything: Assembly) -> None:
    for function in ("api", "account", "studio"):
        keys = _resources(with_everything, function, "s3:GetObject")
        assert any(key.endswith(ASSET_MANIFEST) for key in keys)


def test_mail_goes_out_under_the_creators_address_only(with_everything: Assembly) -> None:
    (mail,) = [s for s in _statements(with_everything, "worker") if "ses:SendEmail" in _listed(s["Action"])]
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": "hello@tester.example"}}


def test_without_a_feature_that_mails_nobody_may_mail() -> None:
    silent = tuple(replace(feature, mails=False) for feature in KNOWN)
    place = Place(partition="aws", region="r", account="1", site_bucket="s", media_bucket="m", user_pool="p")
    actions = {
        action
        for function in edge.functions(silent)
        for right in rights(function, creator=a_creator(), features=silent, place=place)
        for action in right.actions
    }
    assert "cognito-idp:AdminDeleteUser" in actions
    assert not [action for action in actions if action.startswith("ses:")]


def _statements(assembly: Assembly, function: str) -> list[dict[str, Any]]:
    """What the function's own role allows."""
    (made,) = [
        f
        for f in assembly.resources("api", "AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"] == f"prism-tester-{function}"
    ]
    role = made["Properties"]["Role"]["Fn::GetAtt"][0]
    # A role whose own policy would be too long (10,240 characters) has what is left over in managed ones.
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    policies = [policy for kind in kinds for policy in assembly.resources("api", kind).values()]
    return [
        statement
        for policy in policies
        if {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _tables(assembly: Assembly, function: str) -> dict[str, set[str]]:
    """What the function may do, by table."""
    allowed: dict[str, set[str]] = {}
    for statement in _statements(assembly, function):
        for resource in _named(statement["Resource"]):
            found = re.search(r":table/prism-tester-([a-z-]+)(/index/.*)?$", resource)
            if found:
                allowed.setdefault(found[1], set()).update(_listed(statement["Action"]))
    return allowed


def _resources(assembly: Assembly, function: str, action: str) -> list[str]:
    """What the function may do this to."""
    return [
        resource
        for statement in _statements(assembly, function)
        if action in _listed(statement["Action"])
        for resource in _named(statement["Resource"])
    ]


def _named(resources: Any) -> list[str]:
    """Resources as text, with a reference's name in its place."""

    def name(resource: Any) -> str:
        if isinstance(resource, str):
            return resource
        if "Fn::Join" in resource:
            return "".join(name(part) for part in resource["Fn::Join"][1])
        return str(resource["Ref"]) if "Ref" in resource else json.dumps(resource)

    return [name(one) for one in (resources if isinstance(resources, list) else [resources])]


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _without_code(template: dict[str, Any]) -> dict[str, Any]:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            del resource["Properties"]["Code"]
    return template
