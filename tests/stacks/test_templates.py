"""What the templates promise, whoever the creator is."""

import json
import re
from typing import Any

import pytest
from aws_cdk import aws_cloudfront as cloudfront

from lambdas.features.registry import FEATURES, active_features, tables_of
from lambdas.platform.keys import StackKeys
from lambdas.platform.storage import INCOMING, RECORDINGS, media_key_parameter
from lambdas.web import edge
from stacks.creator import parameters_for, stack_name
from stacks.ops import FREE_ALARMS
from tests.creators import a_creator
from tests.stacks.a_feature import EVERYTHING
from tests.stacks.conftest import Assembly, Synthesise

# The default one included (CloudFront's quota for a distribution).
CLOUDFRONT_BEHAVIOURS = 25
STACKS = ("data", "live", "api", "site", "ops")
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
        f"prism-tester-{short_name}" for short_name in tables_of(FEATURES)
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
    for stack in ("site", "data"):
        (bucket,) = assembly.resources(stack, "AWS::S3::Bucket").values()
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
        assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
        assert "BucketEncryption" in bucket["Properties"]
        assert {*bucket["Properties"]["PublicAccessBlockConfiguration"].values()} == {True}
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
    creator = a_creator(cloud={"log_days": 90})
    groups = synthesise(creator).resources("api", "AWS::Logs::LogGroup")
    # One a function, and the HTTP API's own.
    assert len(groups) == len(edge.functions(active_features(creator))) + 1
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
    assert regions.pop("site") == "us-east-1"
    assert {*regions.values()} == {"eu-central-1"}


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
    media, guarded = (b for b in config["CacheBehaviors"] if b["PathPattern"].startswith("/media/"))
    assert media["TargetOriginId"] == guarded["TargetOriginId"]
    groups = {group["Id"]: group for group in config["OriginGroups"]["Items"]}
    assert {*groups} == {config["DefaultCacheBehavior"]["TargetOriginId"], media["TargetOriginId"]}
    for group in groups.values():
        assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [403, 404]
    assert "CustomErrorResponses" not in config
    headers = [o["OriginCustomHeaders"] for o in config["Origins"] if "OriginCustomHeaders" in o]
    assert headers == [[{"HeaderName": edge.ORIGIN_SECRET_HEADER, "HeaderValue": {"Ref": "OriginSecret"}}]]


def test_what_is_personal_is_never_kept_and_its_cookies_pass_both_ways(assembly: Assembly) -> None:
    config = _distribution(assembly)
    behaviours = {behaviour["PathPattern"]: behaviour for behaviour in config["CacheBehaviors"]}
    assert {"/account/*", "/de/account/*", "/en/account/*", "/api/*"} <= {*behaviours}
    assert len(behaviours) <= CLOUDFRONT_BEHAVIOURS - 1
    assert [*behaviours][-2:] == [edge.MEDIA_PATHS, edge.GUARDED_PATHS]
    for behaviour in [*behaviours.values()][:-2]:
        assert behaviour["CachePolicyId"] == cloudfront.CachePolicy.CACHING_DISABLED.cache_policy_id
        # All that the visitor sent but the host: cookies, queries, the lot. Nothing takes Set-Cookie off the answer.
        everything = cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER.origin_request_policy_id
        assert behaviour["OriginRequestPolicyId"] == everything
        assert {"GET", "POST", "PUT", "DELETE"} <= {*behaviour["AllowedMethods"]}
    (headers,) = assembly.resources("site", "AWS::CloudFront::ResponseHeadersPolicy").values()
    assert "RemoveHeadersConfig" not in headers["Properties"]["ResponseHeadersPolicyConfig"]


def test_pictures_are_kept_a_year_and_come_signed_from_the_private_bucket(assembly: Assembly) -> None:
    config = _distribution(assembly)
    (behaviour,) = [b for b in config["CacheBehaviors"] if b["PathPattern"] == edge.MEDIA_PATHS]
    policies = assembly.resources("site", "AWS::CloudFront::CachePolicy")
    kept = policies[behaviour["CachePolicyId"]["Ref"]]["Properties"]["CachePolicyConfig"]
    assert (kept["MinTTL"], kept["DefaultTTL"], kept["MaxTTL"]) == (0, 31_536_000, 31_536_000)
    assert "ResponseHeadersPolicyId" in behaviour
    (origin,) = [o for o in config["Origins"] if "prism-tester-media-" in json.dumps(o["DomainName"])]
    assert ".s3.eu-central-1." in json.dumps(origin["DomainName"])
    (signing,) = [
        name
        for name, made in assembly.resources("site", "AWS::CloudFront::OriginAccessControl").items()
        if origin["OriginAccessControlId"] == {"Fn::GetAtt": [name, "Id"]}
    ]
    assert signing
    (policy,) = assembly.resources("data", "AWS::S3::BucketPolicy").values()
    (allowed,) = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    readable = [resource["Fn::Join"][1][-1] for resource in allowed["Resource"]]
    assert readable == ["/media/public/*", "/media/videos/*"]
    source = json.dumps(allowed["Condition"]["ArnLike"]["aws:SourceArn"])
    assert ':cloudfront::", {"Ref": "AWS::AccountId"}, ":distribution/*"' in source


def test_what_is_not_for_everyone_is_given_to_who_has_cookies_that_our_key_signed(assembly: Assembly) -> None:
    behaviours = {b["PathPattern"]: b for b in _distribution(assembly)["CacheBehaviors"]}
    assert not behaviours[edge.MEDIA_PATHS].get("TrustedKeyGroups")
    (group,) = behaviours[edge.GUARDED_PATHS]["TrustedKeyGroups"]
    groups = assembly.resources("site", "AWS::CloudFront::KeyGroup")
    (key,) = groups[group["Ref"]]["Properties"]["KeyGroupConfig"]["Items"]
    made = assembly.resources("site", "AWS::CloudFront::PublicKey")[key["Ref"]]["Properties"]["PublicKeyConfig"]
    assert made["EncodedKey"] == {"Ref": "MediaSigningKey"}
    (written,) = [
        parameter["Properties"]
        for parameter in assembly.resources("site", "AWS::SSM::Parameter").values()
        if parameter["Properties"]["Name"] == media_key_parameter("tester")
    ]
    assert written["Value"] == {"Ref": key["Ref"]}


def test_without_videos_there_is_no_key_and_nothing_to_guard(synthesise: Synthesise) -> None:
    without = synthesise(a_creator(switches={"videos": {"enabled": False}}))
    assert "MediaSigningKey" not in without.template("site")["Parameters"]
    assert edge.GUARDED_PATHS not in {b["PathPattern"] for b in _distribution(without)["CacheBehaviors"]}


def test_a_recording_that_nobody_took_is_gone_after_a_month(assembly: Assembly) -> None:
    (bucket,) = assembly.resources("data", "AWS::S3::Bucket").values()
    (recorded,) = [r for r in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == RECORDINGS]
    assert (recorded["Status"], recorded["ExpirationInDays"]) == ("Enabled", 30)
    assert recorded["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_what_people_upload_is_gone_after_a_day(assembly: Assembly) -> None:
    (bucket,) = assembly.resources("data", "AWS::S3::Bucket").values()
    (incoming,) = [r for r in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == INCOMING]
    assert (incoming["Status"], incoming["ExpirationInDays"]) == ("Enabled", 1)
    assert incoming["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_the_user_pool_knows_ids_and_nobody_enters_by_its_own_doors(assembly: Assembly) -> None:
    (pool,) = (p["Properties"] for p in assembly.resources("data", "AWS::Cognito::UserPool").values())
    assert not {"AliasAttributes", "UsernameAttributes", "AutoVerifiedAttributes", "Schema"} & {*pool}
    assert pool["UsernameConfiguration"] == {"CaseSensitive": True}
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert [way["Name"] for way in pool["AccountRecoverySetting"]["RecoveryMechanisms"]] == ["admin_only"]
    assert pool["MfaConfiguration"] == "OFF"
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    assert {*pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]} == {"PASSWORD", "WEB_AUTHN"}
    assert pool["WebAuthnRelyingPartyID"] == "tester.example"
    (client,) = (c["Properties"] for c in assembly.resources("data", "AWS::Cognito::UserPoolClient").values())
    assert {*client["ExplicitAuthFlows"]} == {
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_USER_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (5, "minutes")


def test_only_who_asks_cognito_is_told_of_the_user_pool(synthesise: Synthesise) -> None:
    known = (*FEATURES, EVERYTHING)
    functions = synthesise(a_creator(features=known), known=known).resources("api", "AWS::Lambda::Function").values()
    told = {
        f["Properties"]["FunctionName"].removeprefix("prism-tester-")
        for f in functions
        if {"PRISM_USER_POOL", "PRISM_USER_POOL_CLIENT"} <= {*f["Properties"]["Environment"]["Variables"]}
    }
    assert told == {"account", "worker"}


def test_the_worker_finds_the_distribution_by_its_name(assembly: Assembly) -> None:
    parameters = {
        p["Properties"]["Name"]: p["Properties"] for p in assembly.resources("site", "AWS::SSM::Parameter").values()
    }
    (distribution,) = assembly.resources("site", "AWS::CloudFront::Distribution")
    parameter = parameters["/prism/tester/distribution"]
    assert parameter["Type"] == "String"
    assert parameter["Value"] == {"Ref": distribution}


def test_the_firewall_lets_a_picture_through(synthesise: Synthesise) -> None:
    (firewall,) = synthesise(a_creator(cloud={"waf": True})).resources("site", "AWS::WAFv2::WebACL").values()
    (common,) = [r for r in firewall["Properties"]["Rules"] if r["Name"] == "AWSManagedRulesCommonRuleSet"]
    overridden = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert {o["Name"] for o in overridden} == {"SizeRestrictions_BODY", "CrossSiteScripting_BODY"}
    assert all(o["ActionToUse"] == {"Count": {}} for o in overridden)


def _distribution(assembly: Assembly) -> dict[str, Any]:
    (distribution,) = assembly.resources("site", "AWS::CloudFront::Distribution").values()
    config: dict[str, Any] = distribution["Properties"]["DistributionConfig"]
    return config


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
    assert sent == edge.security_headers(edge.media_origins(assembly.creator, active_features(assembly.creator)))


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
    pems = [f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n" for body in ("Rsa+/0=", "P384+/==")]
    keys = StackKeys(
        origin_secret="s" * 43,
        origin_digests=("a" * 64, "b" * 64),
        media_signing_public=pems[0],
        playback_public=pems[1],
    )
    parameters = parameters_for("tester", keys, features=active_features(assembly.creator))
    assert parameters == {
        "prism-tester-live": {"PlaybackPublicKey": pems[1]},
        "prism-tester-api": {"OriginDigests": f"{'a' * 64},{'b' * 64}"},
        "prism-tester-site": {"OriginSecret": "s" * 43, "MediaSigningKey": pems[0]},
    }
    assert parameters_for("tester", keys, features=()) == {
        "prism-tester-api": {"OriginDigests": f"{'a' * 64},{'b' * 64}"},
        "prism-tester-site": {"OriginSecret": "s" * 43},
    }
    for stack, values in parameters.items():
        declared = assembly.template(stack.rpartition("-")[2])["Parameters"]
        for name, value in values.items():
            assert "Default" not in declared[name]
            assert re.fullmatch(declared[name].get("AllowedPattern", ".*"), value)
    assert assembly.template("site")["Parameters"]["OriginSecret"]["NoEcho"] is True
