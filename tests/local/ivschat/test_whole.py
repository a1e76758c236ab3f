"""The media process whole: the real review handler over the creator's tables, the log, the variables that functions get."""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.sync.client import connect

from lambdas.features.chat.models import BANNED_UNTIL, ChatPerson, ChatRoom
from lambdas.platform.ivschat import Room
from lambdas.platform.tables import bind
from local.emulator import Emulator
from local.ivschat import app
from local.media import Media
from stacks.constructs import chat as stack
from tests.local.ivschat.chatting import ACCOUNT, REGION, SITE, Person


@pytest.fixture
def media(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Media]:
    bind(creator_id="mira")
    for model in (ChatRoom, ChatPerson):
        model.create_table(billing_mode="PAY_PER_REQUEST")
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    media = Media.start(
        creator="mira",
        account=ACCOUNT,
        region=REGION,
        aws=emulator.environment(),
        playback_key=key.public_bytes(*form).decode(),
        rtmp_port=29_350,
        origins=(SITE,),
    )
    for name, value in media.environment().items():
        monkeypatch.setenv(name, value)
    yield media
    media.stop()


def room() -> Room:
    """The room as functions have it."""
    arn, endpoint, group = (os.environ[f"PRISM_CHAT_{name}"] for name in ("ROOM", "ENDPOINT", "LOG"))
    return Room(
        arn=arn, endpoint=endpoint, log_group=group, _client=boto3.client("ivschat"), _logs_client=boto3.client("logs")
    )


def enter(user_id: str, role: str) -> Any:
    token = room().token(user_id, attributes={"name": user_id, "role": role}, capabilities=["SEND_MESSAGE"], minutes=60)
    options: dict[str, Any] = {"subprotocols": [token.token], "origin": SITE, "proxy": None, "close_timeout": 2}
    return connect(room().endpoint, **options)


def test_the_rules_that_the_chat_feature_writes_hold_in_the_room(media: Media) -> None:
    ChatRoom("room", slow_seconds=60, members_only=True, words=["spam"], links="team", version=1).save()
    ChatPerson("troll", muted_until=BANNED_UNTIL, banned=True).save()
    with enter("fan", "fan") as fan, enter("member", "member") as member, enter("troll", "member") as troll:
        assert denied(Person(fan), "hi") == "members"
        assert denied(Person(troll), "hi") == "muted"
        assert denied(Person(member), "s p a m") == "words"
        assert denied(Person(member), "see example.com") == "links"
        heard = Person(member).answer("hello \u202eall")
        assert (heard["Content"], heard["Sender"]["UserId"]) == ("hello all", "member")
        assert denied(Person(member), "and again").startswith("slow:")
        room().send_event("prism:pin", {"id": heard["Id"]})
    media.stop()
    streams = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=room().log_group)
    logged = [json.loads(event["message"])["payload"] for page in streams for event in page["events"]]
    assert [each.get("Content", each.get("EventName")) for each in logged] == ["hello all", "prism:pin"]


def test_the_room_takes_as_many_messages_as_the_one_in_the_cloud() -> None:
    assert app.MESSAGES_A_SECOND == stack.MESSAGES_A_SECOND


def denied(person: Person, content: str) -> str:
    """The reason for which a message is denied; what others say meanwhile is passed over."""
    person.say(content)
    while (heard := person.hear())["Type"] != "ERROR":
        continue
    assert heard["ErrorCode"] == 406, heard
    return str(heard["ErrorMessage"])
