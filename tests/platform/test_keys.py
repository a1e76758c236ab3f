import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from lambdas.platform.keys import NAMES, Keys, StackKeys, ensure_keys, parameter
from tests.platform_under_test import MovingClock


def test_keys_are_born_once_and_only_public_halves_come_back(emulator: object) -> None:
    ssm = boto3.client("ssm")
    first = ensure_keys(ssm, "tester")
    assert ensure_keys(ssm, "tester") == first
    assert first.origin_digests == (hashlib.sha256(first.origin_secret.encode()).hexdigest(),)
    for public in (first.media_signing_public, first.playback_public):
        assert public.startswith("-----BEGIN PUBLIC KEY-----")
    assert first.origin_secret not in repr(first)
    kinds = {
        p["Name"]: p["Type"] for p in ssm.get_parameters(Names=[parameter("tester", n) for n in NAMES])["Parameters"]
    }
    assert kinds == {parameter("tester", name): "SecureString" for name in NAMES}


def test_two_runs_at_once_agree_on_the_keys(emulator: object) -> None:
    clients = [boto3.client("ssm") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes: list[StackKeys] = list(pool.map(lambda ssm: ensure_keys(ssm, "tester"), clients))
    assert len({o.origin_secret for o in outcomes}) == 1
    assert len({o.playback_public for o in outcomes}) == 1


def test_while_rotating_the_one_before_is_valid_too(emulator: object) -> None:
    ssm: Any = boto3.client("ssm")
    ensure_keys(ssm, "tester")
    ssm.put_parameter(Name=parameter("tester", "session-previous"), Value="before", Type="SecureString")
    ssm.put_parameter(Name=parameter("tester", "origin-previous"), Value="before", Type="SecureString")
    current, previous = Keys(creator_id="tester").current_and_previous("session")
    assert (previous, len(current) > 40) == ("before", True)
    assert len(ensure_keys(ssm, "tester").origin_digests) == 2


def test_a_key_that_does_not_exist_is_named_with_the_step_that_makes_it(emulator: object) -> None:
    with pytest.raises(LookupError, match=r"/prism/nobody/keys/session does not exist: run the keys step"):
        Keys(creator_id="nobody").current_and_previous("session")


def test_a_rotation_reaches_a_running_function_within_minutes(emulator: object) -> None:
    ssm, clock = boto3.client("ssm"), MovingClock()
    ensure_keys(ssm, "tester")
    keys = Keys(creator_id="tester", clock=clock)
    (old,) = keys.current_and_previous("session")
    ssm.put_parameter(Name=parameter("tester", "session-previous"), Value=old, Type="SecureString")
    ssm.put_parameter(Name=parameter("tester", "session"), Value="new", Type="SecureString", Overwrite=True)
    clock.forward(minutes=4)
    assert keys.current_and_previous("session") == [old]
    clock.forward(minutes=1)
    assert keys.current_and_previous("session") == ["new", old]


def test_the_key_of_the_second_factor_is_one_of_its_own_and_born_with_the_others(emulator: object) -> None:
    ensure_keys(boto3.client("ssm"), "tester")
    keys = Keys(creator_id="tester")
    (second,), (session,) = keys.current_and_previous("second-factor"), keys.current_and_previous("session")
    assert len(second) > 40
    assert second != session
