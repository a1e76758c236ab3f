"""The stack "live": a private channel that records, a chat room that asks before it shows, and nothing where neither is wanted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.core.feature import Feature, FeatureConfig
from lambdas.features.registry import FEATURES, active_features
from stacks.bundles import ROOT, BundleFailed
from stacks.live import resources_class
from stacks.small_bundle import files_of, small_bundle
from tests.creators import a_creator
from tests.stacks.conftest import Assembly, Synthesise


@pytest.fixture(scope="module")
def assembly(synthesise: Synthesise) -> Assembly:
    return synthesise(a_creator())


def the_one(assembly: Assembly, kind: str) -> dict[str, Any]:
    (found,) = assembly.resources("live", kind).values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def environment(assembly: Assembly, function: str) -> dict[str, Any]:
    (made,) = [
        f["Properties"]
        for f in assembly.resources("api", "AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"] == f"prism-tester-{function}"
    ]
    variables: dict[str, Any] = made["Environment"]["Variables"]
    return variables


def test_the_channel_is_private_and_takes_nothing_unencrypted(assembly: Assembly) -> None:
    channel = the_one(assembly, "AWS::IVS::Channel")
    assert (channel["Authorized"], channel["InsecureIngest"]) == (True, False)
    assert (channel["Type"], channel["LatencyMode"]) == ("STANDARD", "LOW")


def test_no_template_makes_or_knows_a_stream_key(assembly: Assembly) -> None:
    assert "AWS::IVS::StreamKey" not in assembly.kinds()


def test_it_records_into_the_media_bucket_with_a_picture_a_minute(assembly: Assembly) -> None:
    recording = the_one(assembly, "AWS::IVS::RecordingConfiguration")
    bucket = recording["DestinationConfiguration"]["S3"]["BucketName"]
    (made,) = assembly.resources("data", "AWS::S3::Bucket").values()
    assert bucket == made["Properties"]["BucketName"]
    assert recording["RecordingReconnectWindowSeconds"] == 60
    assert recording["ThumbnailConfiguration"]["TargetIntervalSeconds"] == 60
    channel = the_one(assembly, "AWS::IVS::Channel")
    (logical_id,) = assembly.resources("live", "AWS::IVS::RecordingConfiguration")
    assert channel["RecordingConfigurationArn"] == {"Fn::GetAtt": [logical_id, "Arn"]}


def test_another_recording_is_another_resource_for_nothing_of_it_can_be_changed(
    assembly: Assembly, synthesise: Synthesise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stacks.constructs.live.RECONNECT_SECONDS", 120)
    # Another creator's file, so that the one before does not answer.
    other = synthesise(a_creator(name="Testa Changed"))
    before = assembly.resources("live", "AWS::IVS::RecordingConfiguration")
    after = other.resources("live", "AWS::IVS::RecordingConfiguration")
    assert not {*before} & {*after}
    names = {r["Properties"]["Name"] for r in (*before.values(), *after.values())}
    assert len(names) == 2
    assert all(re.fullmatch(r"prism-tester-[0-9a-f]{8}", name) for name in names)


def test_tokens_are_verified_with_the_key_that_the_deploy_hands_over(assembly: Assembly) -> None:
    assert the_one(assembly, "AWS::IVS::PlaybackKeyPair")["PublicKeyMaterial"] == {"Ref": "PlaybackPublicKey"}
    assert "Default" not in assembly.template("live")["Parameters"]["PlaybackPublicKey"]


def test_the_room_asks_the_review_and_denies_what_it_could_not_ask_about(
    assembly: Assembly, synthesise: Synthesise
) -> None:
    room = the_one(assembly, "AWS::IVSChat::Room")
    (review,) = assembly.resources("live", "AWS::Lambda::Function")
    assert room["MessageReviewHandler"] == {"Uri": {"Fn::GetAtt": [review, "Arn"]}, "FallbackResult": "DENY"}
    assert room["MaximumMessageLength"] == 500
    lenient = synthesise(a_creator(switches={"chat": {"when_review_fails": "allow"}}))
    assert the_one(lenient, "AWS::IVSChat::Room")["MessageReviewHandler"]["FallbackResult"] == "ALLOW"


def test_the_review_may_do_two_things_and_only_rooms_of_this_account_may_ask_it(assembly: Assembly) -> None:
    (policy,) = assembly.resources("live", "AWS::IAM::Policy").values()
    allowed = {
        action: json.dumps(statement["Resource"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert {*allowed} == {"dynamodb:GetItem", "dynamodb:UpdateItem", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert ":table/prism-tester-chat-room" in allowed["dynamodb:GetItem"]
    assert ":table/prism-tester-chat-people" in allowed["dynamodb:UpdateItem"]
    permission = the_one(assembly, "AWS::Lambda::Permission")
    assert permission["Principal"] == "ivschat.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert ":ivschat:eu-central-1:" in json.dumps(permission["SourceArn"])
    assert json.dumps(permission["SourceArn"]).endswith(':room/*"]]}')


def test_the_review_names_tables_that_there_are(assembly: Assembly) -> None:
    tables = {t["Properties"]["TableName"] for t in assembly.resources("data", "AWS::DynamoDB::GlobalTable").values()}
    assert {"prism-tester-chat-room", "prism-tester-chat-people"} <= tables


def test_the_review_is_made_to_answer_within_what_the_room_waits(assembly: Assembly) -> None:
    review = the_one(assembly, "AWS::Lambda::Function")
    assert (review["MemorySize"], review["Timeout"]) == (1769, 2)
    assert (review["Architectures"], review["Runtime"]) == (["arm64"], "python3.13")
    assert review["Environment"]["Variables"] == {"PRISM_CREATOR": "tester"}
    alarms = {
        alarm["Properties"]["AlarmName"] for alarm in assembly.resources("ops", "AWS::CloudWatch::Alarm").values()
    }
    assert "prism-tester-chat-review-errors" in alarms


@pytest.mark.parametrize("days", [1, 7, 90])
def test_what_was_said_is_kept_as_long_as_the_creator_chose(days: int, synthesise: Synthesise) -> None:
    made = synthesise(a_creator(switches={"chat": {"keep_days": days}}))
    groups = {g["Properties"]["LogGroupName"]: g for g in made.resources("live", "AWS::Logs::LogGroup").values()}
    group = groups["/aws/vendedlogs/prism-tester-chat"]
    assert group["Properties"]["RetentionInDays"] == days
    assert group["DeletionPolicy"] == "Delete"


def test_the_functions_know_channel_and_room_by_what_aws_named_them(assembly: Assembly) -> None:
    for function in ("api", "studio", "worker"):
        told = environment(assembly, function)
        for name in ("PRISM_IVS_CHANNEL", "PRISM_IVS_PLAYBACK", "PRISM_CHAT_ROOM"):
            assert "Fn::GetStackOutput" in told[name]
        assert json.dumps(told["PRISM_IVS_INGEST"]).startswith('{"Fn::Join": ["", ["rtmps://"')
        assert json.dumps(told["PRISM_IVS_INGEST"]).endswith('":443/app/"]]}')
        assert told["PRISM_CHAT_ENDPOINT"] == "wss://edge.ivschat.eu-central-1.amazonaws.com"
        assert told["PRISM_CHAT_LOG"] == "/aws/vendedlogs/prism-tester-chat"


def test_what_the_channel_says_reaches_the_worker_and_is_not_lost(assembly: Assembly) -> None:
    (rule,) = [
        r["Properties"]
        for r in assembly.resources("api", "AWS::Events::Rule").values()
        if "EventPattern" in r["Properties"]
    ]
    pattern = rule["EventPattern"]
    assert pattern["source"] == ["aws.ivs"]
    assert pattern["resources"] == [environment(assembly, "worker")["PRISM_IVS_CHANNEL"]]
    wanted = {kind for feature in active_features(assembly.creator) for kind in feature.aws_events}
    assert {*pattern["detail-type"]} == wanted
    (target,) = rule["Targets"]
    assert target["DeadLetterConfig"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 21600, "MaximumRetryAttempts": 20}
    assert "Input" not in target, "the event goes as it came"


def test_without_live_there_is_no_such_stack_and_nothing_knows_of_it(synthesise: Synthesise) -> None:
    off = synthesise(a_creator(switches={"live": {"enabled": False}}))
    assert off.stacks() == ("data", "api", "site", "ops")
    assert not [kind for kind in off.kinds() if kind.startswith("AWS::IVS")]
    api = json.dumps(off.template("api"))
    assert "PRISM_IVS_" not in api
    assert "PRISM_CHAT_" not in api
    assert not re.search(r"aws\.ivs|\bivs:|\bivschat", api)
    assert "live-video.net" not in json.dumps(off.template("site"))


def test_without_chat_the_channel_stays_as_it_is(synthesise: Synthesise, assembly: Assembly) -> None:
    off = synthesise(a_creator(switches={"chat": {"enabled": False}}))
    for kind in ("AWS::IVS::Channel", "AWS::IVS::RecordingConfiguration", "AWS::IVS::PlaybackKeyPair"):
        assert off.resources("live", kind) == assembly.resources("live", kind)
    assert not off.resources("live", "AWS::IVSChat::Room")
    assert not off.resources("live", "AWS::Lambda::Function")


@pytest.mark.parametrize("reference", ["lambdas.features.live.feature:LiveConfig", "stacks.live:LiveStack", "", "x"])
def test_a_manifest_brings_no_code_of_its_own_into_the_stacks(reference: str) -> None:
    with pytest.raises(ValueError, match="no construct"):
        resources_class(Feature(name="odd", config=FeatureConfig, infrastructure=reference))


def test_every_manifest_names_a_construct_that_there_is() -> None:
    named = [feature for feature in FEATURES if feature.infrastructure]
    assert {feature.name for feature in named} == {"live", "chat"}
    for feature in named:
        assert resources_class(feature).__module__.startswith("stacks.constructs.")


def test_the_small_bundle_has_what_the_review_imports_and_nothing_of_anyone_else(tmp_path: Path) -> None:
    files = files_of("lambdas.handlers.chat_review")
    assert "lambdas/handlers/chat_review.py" in files
    assert {"lambdas/__init__.py", "lambdas/core/__init__.py", "lambdas/handlers/__init__.py"} <= files
    assert all(
        file.startswith(("lambdas/handlers/chat_review", "lambdas/core/chat_review/")) or file.endswith("__init__.py")
        for file in files
    )
    one, two = (
        small_bundle("lambdas.handlers.chat_review", cache=tmp_path / "a"),
        small_bundle("lambdas.handlers.chat_review", cache=tmp_path / "b"),
    )
    assert one.read_bytes() == two.read_bytes()
    assert one.name == two.name
    assert one.stat().st_size < 60_000


def test_a_package_in_the_small_bundle_is_refused_when_it_is_made() -> None:
    with pytest.raises(BundleFailed, match="nothing but the standard library"):
        small_bundle("lambdas.handlers.worker")


def test_what_is_in_the_small_bundle_runs_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    bundle = small_bundle("lambdas.handlers.chat_review", cache=tmp_path)
    program = (
        "import sys; import lambdas.handlers.chat_review as review; print(review.__file__, callable(review.handler))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(bundle)!r}); {program}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(bundle))
    assert str(ROOT / "lambdas") not in done.stdout
