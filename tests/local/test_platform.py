"""A creator's resources here come from the definitions that the stacks use."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from lambdas.core.feature import Feature, FeatureConfig, Schedule
from lambdas.features.registry import FEATURES, tables_of
from lambdas.platform.sleeping import Sleepers
from lambdas.platform.tables import Table, table_name
from local.emulator import Emulator
from local.platform import TableChanged, ensure_platform, ensure_tables
from tests.creators import a_creator


def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def test_every_table_of_every_feature_is_made_as_its_model_says(emulator: Emulator) -> None:
    creator = a_creator()
    ensure_platform(creator, client=client)
    dynamodb = boto3.client("dynamodb")
    for short_name in tables_of(FEATURES):
        table = dynamodb.describe_table(TableName=table_name(creator.id, short_name))["Table"]
        assert table["TableStatus"] == "ACTIVE"
    messages = dynamodb.describe_table(TableName=table_name(creator.id, "contact-messages"))["Table"]
    assert messages["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert "undelivered" in {index["IndexName"] for index in messages["GlobalSecondaryIndexes"]}
    expiry = dynamodb.describe_time_to_live(TableName=table_name(creator.id, "contact-messages"))
    assert expiry["TimeToLiveDescription"]["AttributeName"] == "expires_at"


def test_a_second_run_changes_nothing(emulator: Emulator) -> None:
    first = ensure_platform(a_creator(), client=client)
    boto3.client("s3").put_object(Bucket=first.bucket, Key="a", Body=b"kept")
    second = ensure_platform(a_creator(), client=client)
    assert first.keys == second.keys
    assert (first.bucket, first.dead_letters) == (second.bucket, second.dead_letters)
    assert first.people == second.people
    assert boto3.client("s3").get_object(Bucket=first.bucket, Key="a")["Body"].read() == b"kept"


def test_a_schedule_that_sleeps_has_a_disabled_rule_and_a_second_start_lets_it_be(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = Schedule(every=timedelta(minutes=1), run="tests.local.test_platform:client", asleep=True)
    sleepy = Feature(name="sleepy", config=FeatureConfig, schedules={"sleepy.watch": asleep})
    monkeypatch.setattr("local.platform.FEATURES", (*FEATURES, sleepy))
    events = boto3.client("events")

    def state() -> str:
        return str(events.describe_rule(Name="prism-tester-sleepy-watch")["State"])

    ensure_platform(a_creator(), client=client)
    assert state() == "DISABLED"
    # Without a target the emulator has nobody to call.
    assert events.list_targets_by_rule(Rule="prism-tester-sleepy-watch")["Targets"] == []
    Sleepers(creator_id="tester").wake("sleepy.watch")
    ensure_platform(a_creator(), client=client)
    assert state() == "ENABLED"


def test_the_user_pool_knows_people_by_their_id_and_lets_nobody_in_by_themselves(emulator: Emulator) -> None:
    people = ensure_platform(a_creator(), client=client).people
    cognito = boto3.client("cognito-idp")
    pool = cognito.describe_user_pool(UserPoolId=people.id)["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert not pool.get("UsernameAttributes")
    assert not pool.get("AliasAttributes")
    assert not pool.get("AutoVerifiedAttributes")
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    asked = cognito.describe_user_pool_client(UserPoolId=people.id, ClientId=people.client)["UserPoolClient"]
    assert asked["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"]
    assert asked["ClientSecret"]
    assert people.environment() == {"PRISM_USER_POOL": people.id, "PRISM_USER_POOL_CLIENT": people.client}


class Before(Table):
    class Meta:
        short_name = "growing"

    id = UnicodeAttribute(hash_key=True)


class ByName(GlobalSecondaryIndex["After"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by-name"
        projection = AllProjection()

    name = UnicodeAttribute(hash_key=True)


class After(Table):
    class Meta:
        short_name = "growing"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    by_name = ByName()


class Other(Table):
    class Meta:
        short_name = "growing"

    other = UnicodeAttribute(hash_key=True)


def test_a_table_gains_what_its_model_has_gained_and_keeps_its_items(emulator: Emulator) -> None:
    dynamodb = boto3.client("dynamodb")
    ensure_tables(dynamodb, "mira", {"growing": Before})
    name = table_name("mira", "growing")
    dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}, "name": {"S": "a"}})
    ensure_tables(dynamodb, "mira", {"growing": After})
    ensure_tables(dynamodb, "mira", {"growing": After})
    assert dynamodb.describe_table(TableName=name)["Table"]["StreamSpecification"]["StreamEnabled"]
    found = dynamodb.query(
        TableName=name,
        IndexName="by-name",
        KeyConditionExpression="#n = :n",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": {"S": "a"}},
    )
    assert found["Count"] == 1


def test_a_table_with_other_keys_is_said_and_left_alone(emulator: Emulator) -> None:
    dynamodb = boto3.client("dynamodb")
    ensure_tables(dynamodb, "mira", {"growing": Before})
    with pytest.raises(TableChanged) as raised:
        ensure_tables(dynamodb, "mira", {"growing": Other})
    assert "state" in raised.value.fix
    keys = dynamodb.describe_table(TableName=table_name("mira", "growing"))["Table"]["KeySchema"]
    assert keys == [{"AttributeName": "id", "KeyType": "HASH"}]
