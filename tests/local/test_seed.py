"""The demo's data goes in through the real API, once."""

import threading
from dataclasses import dataclass

import boto3
import pytest

from lambdas.features.contact.models import Message
from lambdas.platform.keys import StackKeys
from lambdas.web import edge
from local.emulator import Emulator
from local.platform import Platform
from local.seed import MESSAGES, SEEDS, seed
from local.streams import Checkpoints
from local.user_pool import UserPool
from tests.platform_under_test import BUCKET, ORIGIN_SECRET, PlatformUnderTest, start_platform


@dataclass
class Skip(threading.Event):
    """Waits by moving the platform's clock."""

    tested: PlatformUnderTest
    interrupted: bool = False

    def wait(self, timeout: float | None = None) -> bool:
        self.tested.clock.forward(seconds=timeout or 0)
        return self.interrupted


def fill(tested: PlatformUnderTest, *, interrupted: bool = False) -> tuple[str, ...]:
    checkpoints = Checkpoints(dynamodb=boto3.client("dynamodb"), table="prism-demo-local-checkpoints")
    checkpoints.ensure()
    keys = StackKeys(origin_secret=ORIGIN_SECRET, origin_digests=(), media_signing_public="", playback_public="")
    return seed(
        tested.creator,
        platform=Platform(
            bucket=BUCKET,
            media="",
            dead_letters="",
            keys=keys,
            checkpoints=checkpoints,
            people=UserPool(id="", client=""),
        ),
        active=frozenset(feature.name for feature in tested.services.features),
        routes=edge.routes(tested.services.features),
        function=tested.app.handle,
        stop=Skip(tested, interrupted),
    )


def test_the_demo_is_filled_once(emulator: Emulator) -> None:
    tested = start_platform(id="demo")
    assert fill(tested) == ("contact",)
    assert fill(tested) == ()
    assert sorted(message.name for message in Message.scan()) == sorted(message["name"] for message in MESSAGES)


def test_what_was_cut_short_is_done_at_the_next_start(emulator: Emulator) -> None:
    tested = start_platform(id="demo")
    assert fill(tested, interrupted=True) == ()
    assert list(Message.scan()) == []
    assert fill(tested) == ("contact",)


def test_other_creators_begin_empty(emulator: Emulator) -> None:
    tested = start_platform(id="tester")
    assert fill(tested) == ()
    assert list(Message.scan()) == []


def test_a_feature_that_is_off_is_not_filled(emulator: Emulator) -> None:
    assert fill(start_platform(id="demo", switches={"contact": {"enabled": False}})) == ()


@pytest.mark.parametrize("message", MESSAGES)
def test_nobody_in_it_is_real(message: dict[str, str]) -> None:
    assert message["email"].partition("@")[2] in {"example.com", "example.org", "example.net"}
    assert set(SEEDS) == {"contact"}
