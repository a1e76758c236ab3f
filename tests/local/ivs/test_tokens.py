"""Playback tokens: what opens a channel, and everything that does not."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as some

from local.ivs.tokens import BadToken, Verifier
from tests.local.ivs.streaming import SITE, claims_for, pem, signed

CHANNEL = "arn:aws:ivs:eu-central-1:123456789012:channel/abcdefghijkl"
VERIFIER = Verifier.of(CHANNEL, pem())


def read(token: str) -> Any:
    return VERIFIER.read(token, now=time.time())


def test_a_good_token_says_who_may_watch_from_where() -> None:
    more = {"aws:viewer-id": "psn_1", "aws:viewer-session-version": 7, "aws:single-use-uuid": "u"}
    token = read(signed(claims_for(CHANNEL, **more, **{"aws:strict-origin-enforcement": True})))
    assert (token.viewer, token.version, token.once, token.strict) == ("psn_1", 7, "u", True)
    assert token.origins == (SITE,)
    assert token.allows(SITE)
    assert not token.allows("https://evil.example")
    assert not token.allows(None)


def test_a_token_without_claims_about_origins_and_viewers_may_be_used_anywhere() -> None:
    token = read(signed(claims_for(CHANNEL, **{"aws:access-control-allow-origin": None})))
    assert token.allows("https://anywhere.example")
    assert token.allows(None)
    assert (token.viewer, token.version, token.once, token.strict) == (None, 0, None, False)


def test_several_origins_and_patterns_are_allowed() -> None:
    token = read(signed(claims_for(CHANNEL, **{"aws:access-control-allow-origin": f"{SITE}, https://*.mira.example"})))
    assert token.allows("https://www.mira.example")
    assert not token.allows("https://mira.example.evil.example")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": float("nan")},
        {"aws:channel-arn": None},
        {"aws:channel-arn": CHANNEL[:-1] + "x"},
        {"aws:maximum-resolution": "8K"},
        {"aws:viewer-id": "x" * 41},
        {"aws:viewer-id": ""},
        {"aws:viewer-id": 7},
        {"aws:viewer-session-version": -1},
        {"aws:viewer-session-version": "1"},
        {"aws:strict-origin-enforcement": "yes"},
        {"aws:single-use-uuid": 5},
        {"aws:access-control-allow-origin": ["*"]},
    ],
)
def test_a_claim_that_is_wrong_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        read(signed(claims_for(CHANNEL, **claims)))


def test_a_signature_of_another_key_is_refused() -> None:
    with pytest.raises(BadToken):
        read(signed(claims_for(CHANNEL), key=ec.generate_private_key(ec.SECP384R1())))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256", None])
def test_another_algorithm_is_refused(algorithm: str | None) -> None:
    with pytest.raises(BadToken):
        read(signed(claims_for(CHANNEL), header={"alg": algorithm}))


def test_a_token_whose_words_were_changed_is_refused() -> None:
    head, _, tail = signed(claims_for(CHANNEL)).split(".")
    other = signed(claims_for(CHANNEL, exp=int(time.time()) + 10_000)).split(".")[1]
    with pytest.raises(BadToken):
        read(f"{head}.{other}.{tail}")


@given(some.text(max_size=200) | some.lists(some.text(max_size=60), min_size=3, max_size=3).map(".".join))
def test_any_text_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        read(token)


def test_a_token_of_any_length_is_refused_quickly() -> None:
    with pytest.raises(BadToken):
        read("a." * 100_000)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), None])
def test_a_key_of_another_kind_is_no_playback_key(curve: ec.EllipticCurve | None) -> None:
    key = ec.generate_private_key(curve) if curve else rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ValueError, match="P-384"):
        Verifier.of(CHANNEL, public)
