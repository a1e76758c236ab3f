"""What a browser answers is believed only as far as the standard says."""

import contextlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from local import webauthn
from local.webauthn import Asked, NotSupported, NotVerified, Passkey, WrongChallenge, WrongOrigin, WrongSite
from tests.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, cbor, raw, text

SITE, PAGE, HANDLE = "tester.example", "https://tester.example", b"someone"


def asked(challenge: str = "", *, site: str = SITE, verified: bool = False) -> Asked:
    return Asked(
        challenge=challenge or text(secrets.token_bytes(32)),
        site=site,
        from_origin=lambda origin: origin == PAGE,
        verified_user=verified,
    )


def to_create(question: Asked) -> dict[str, Any]:
    return {"challenge": question.challenge, "rp": {"id": SITE}, "user": {"id": text(HANDLE)}}


def to_get(question: Asked, passkey: Passkey) -> dict[str, Any]:
    return {"challenge": question.challenge, "allowCredentials": [{"id": passkey.id}]}


def made_by(device: Authenticator, **with_key: Any) -> Passkey:
    question = asked()
    return webauthn.registered(device.create(to_create(question), **with_key), question)


def changed(credential: dict[str, Any], name: str, change: Callable[[bytes], bytes]) -> dict[str, Any]:
    response = {**credential["response"], name: text(change(raw(credential["response"][name])))}
    return {**credential, "response": response}


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(origin=PAGE)


@pytest.mark.parametrize(
    "make", [lambda: ec.generate_private_key(ec.SECP256R1()), lambda: rsa.generate_private_key(65537, 2048)]
)
def test_both_kinds_of_keys_sign_in_again_and_again(device: Authenticator, make: Callable[[], Any]) -> None:
    passkey = made_by(device, key=make())
    for count in (1, 2, 3):
        question = asked(verified=True)
        passkey = webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)
        assert passkey.signed == count


def test_a_passkey_that_counts_nothing_signs_in_too(device: Authenticator) -> None:
    device.counts = False
    passkey = made_by(device)
    for _ in range(2):
        question = asked()
        passkey = webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)


@pytest.mark.parametrize("count", [0, 3, 4])
def test_a_count_that_does_not_grow_is_a_copy(device: Authenticator, count: int) -> None:
    passkey = made_by(device)
    device.passkeys[0].count = 4
    question = asked()
    passkey = webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)
    assert passkey.signed == 5
    device.passkeys[0].count = count
    question = asked()
    with pytest.raises(NotVerified, match="copied"):
        webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)


def test_a_short_key_is_not_taken(device: Authenticator) -> None:
    with pytest.raises(NotSupported):
        made_by(device, key=rsa.generate_private_key(65537, 1024))  # noqa: S505  (that is why)


def test_a_key_on_another_curve_is_not_taken(device: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    point = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    other = {1: 2, 3: -35, -1: 2, -2: point.x.to_bytes(48, "big"), -3: point.y.to_bytes(48, "big")}
    monkeypatch.setattr("tests.authenticator.cose", lambda _: other)
    with pytest.raises(NotSupported):
        made_by(device)


def test_a_point_off_the_curve_is_no_key(device: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.authenticator.cose", lambda _: {1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32})
    with pytest.raises(NotSupported):
        made_by(device)


@pytest.mark.parametrize(
    ("origin", "flags", "site", "error"),
    [
        ("https://evil.example", PRESENT | VERIFIED, SITE, WrongOrigin),
        ("http://tester.example", PRESENT | VERIFIED, SITE, WrongOrigin),
        (PAGE, PRESENT | VERIFIED, "other.example", WrongSite),
        (PAGE, VERIFIED, SITE, NotVerified),
        (PAGE, PRESENT, SITE, NotVerified),
        (PAGE, PRESENT | VERIFIED | BACKED_UP, SITE, NotVerified),
    ],
    ids=["page", "plain http", "site", "nobody there", "nobody checked", "backed up by magic"],
)
def test_the_page_the_site_and_the_person_must_be_right(
    device: Authenticator, origin: str, flags: int, site: str, error: type[Exception]
) -> None:
    passkey = made_by(device)
    device.origin, device.flags, device.passkeys[0].site = origin, flags, site
    question = asked(verified=True)
    with pytest.raises(error):
        webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)
    with pytest.raises(error):
        webauthn.registered(device.create({**to_create(question), "rp": {"id": site}}), question)


def test_a_synced_passkey_is_one_like_any_other(device: Authenticator) -> None:
    device.flags |= ELIGIBLE | BACKED_UP
    assert made_by(device).id == text(device.passkeys[0].id)


def test_another_challenge_is_no_answer(device: Authenticator) -> None:
    passkey, question = made_by(device), asked()
    with pytest.raises(WrongChallenge):
        webauthn.signed_in(device.get(to_get(asked(), passkey)), passkey, question, handle=HANDLE)
    with pytest.raises(WrongChallenge):
        webauthn.registered(device.create(to_create(asked())), question)


def test_an_answer_of_one_kind_is_none_of_the_other(device: Authenticator) -> None:
    passkey, question = made_by(device), asked()
    signing, making = device.get(to_get(question, passkey)), device.create(to_create(question))
    mixed = {**making, "response": {**making["response"], "clientDataJSON": signing["response"]["clientDataJSON"]}}
    with pytest.raises(NotVerified, match=r"webauthn\.create"):
        webauthn.registered(mixed, question)


@pytest.mark.parametrize("more", [{"crossOrigin": True}, {"topOrigin": "https://evil.example"}])
def test_a_page_inside_another_page_may_not_answer(device: Authenticator, more: dict[str, Any]) -> None:
    passkey, question = made_by(device), asked()
    framed = changed(
        device.get(to_get(question, passkey)),
        "clientDataJSON",
        lambda client: json.dumps({**json.loads(client), **more}).encode(),
    )
    with pytest.raises(WrongOrigin):
        webauthn.signed_in(framed, passkey, question, handle=HANDLE)


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
def test_a_changed_byte_is_noticed(device: Authenticator, part: str) -> None:
    passkey, question = made_by(device), asked()
    bent = changed(device.get(to_get(question, passkey)), part, lambda value: value[:-1] + bytes([value[-1] ^ 1]))
    with pytest.raises(NotVerified):
        webauthn.signed_in(bent, passkey, question, handle=HANDLE)


def test_another_persons_key_signs_nothing(device: Authenticator) -> None:
    passkey, question = made_by(device), asked()
    device.passkeys[0].key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(NotVerified, match="signature"):
        webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=HANDLE)


def test_a_passkey_that_says_it_is_another_users_is_refused(device: Authenticator) -> None:
    passkey, question = made_by(device), asked()
    with pytest.raises(NotVerified, match="another user"):
        webauthn.signed_in(device.get(to_get(question, passkey)), passkey, question, handle=b"someone else")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_fields = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@given(
    st.dictionaries(
        st.sampled_from(("id", "rawId", "type", "response")),
        _json | st.fixed_dictionaries({}, optional=dict.fromkeys(_fields, _json)),
    )
)
def test_whatever_is_sent_is_an_answer_or_none(credential: dict[str, Any]) -> None:
    passkey = Passkey(id="AAAA", public_key="", signed=0)
    for given_ in (credential, {"type": "public-key", "id": "AAAA", "rawId": "AAAA", **credential}):
        with pytest.raises(NotVerified):
            webauthn.registered(given_, asked())
        with pytest.raises(NotVerified):
            webauthn.signed_in(given_, passkey, asked(), handle=HANDLE)


@given(st.binary(max_size=200))
def test_any_bytes_are_cbor_or_are_not(some: bytes) -> None:
    with contextlib.suppress(NotVerified):
        webauthn.decode(some)


@given(st.integers(min_value=0), st.binary())
def test_bytes_in_the_place_of_authenticator_data_are_refused_and_nothing_worse(flags: int, some: bytes) -> None:
    question = asked()
    made = Authenticator(origin=PAGE).create(to_create(question))
    statement = {"fmt": "none", "attStmt": {}, "authData": some}
    with pytest.raises(NotVerified):
        webauthn.registered(changed(made, "attestationObject", lambda _: cbor(statement)), question)


@pytest.mark.parametrize(
    "some",
    [
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # an array of 2^64 - 1
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81" * 5000 + b"\x00",
        b"\x9f\xff",  # of no stated length
        b"\xc0\x00",
        b"\xfb" + bytes(8),
        b"\xa2\x01\x01\x01\x02",  # a key twice
        b"\xa1\x40\x00",
        b"\x61\xff",
        b"\x00\x00",
        b"",
    ],
)
def test_cbor_that_no_authenticator_writes_is_refused(some: bytes) -> None:
    with pytest.raises(NotVerified):
        webauthn.decode(some)


def test_base64_is_taken_in_one_spelling() -> None:
    assert webauthn.decoded("AAAA") == b"\0\0\0"
    for other in ("AAAA=", "AAA=", "AA==", "AB", "A", "A+/A", "AA AA", "AAAA\n", "ÄÄÄÄ"):
        with pytest.raises(NotVerified):
            webauthn.decoded(other)
