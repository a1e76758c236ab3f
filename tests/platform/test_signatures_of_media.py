"""What opens a private channel and a guarded folder: checked by who holds the public halves, as AWS does."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from lambdas.platform import playback_tokens, signed_media

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ARN = "arn:aws:ivs:eu-central-1:123456789012:channel/abc"


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_playback_token_is_an_es384_jwt_that_the_public_key_verifies() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    claims = playback_tokens.claims(
        channel=ARN,
        origin="https://kasper.live",
        viewer_id="per_1",
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=1),
        once="0b4cde26-45f1-4c0a-9f5f-4c4c3a8e2f10",
    )
    header, payload, signature = playback_tokens.sign(claims, private_key=pem(key)).split(".")
    assert json.loads(decoded(header)) == {"alg": "ES384", "typ": "JWT"}
    told = json.loads(decoded(payload))
    assert told["aws:channel-arn"] == ARN
    assert told["exp"] == int(NOW.timestamp()) + 60
    assert told["aws:viewer-session-version"] == int(NOW.timestamp())
    raw = decoded(signature)
    assert len(raw) == 96
    der = utils.encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    key.public_key().verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA384()))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(der, f"{header}.{payload}x".encode(), ec.ECDSA(hashes.SHA384()))


@pytest.mark.parametrize("viewer_id", ["", "x" * 41])
def test_a_viewer_id_that_ivs_would_refuse_is_refused_here(viewer_id: str) -> None:
    with pytest.raises(ValueError, match="40 characters"):
        playback_tokens.claims(channel=ARN, origin="", viewer_id=viewer_id, issued_at=NOW, expires_at=NOW, once="1")


def test_signed_cookies_are_what_cloudfront_verifies() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    cookies = signed_media.cookies(
        origin="https://kasper.live", path="/media/videos/vid_1/", until=NOW, key_id="K1", private_key=pem(key)
    )
    assert tuple(cookies) == signed_media.NAMES
    assert not set("".join(cookies.values())) & set("+=/;, ")
    back = str.maketrans("-_~", "+=/")
    policy, signature = (base64.b64decode(cookies[name].translate(back)) for name in signed_media.NAMES[:2])
    assert json.loads(policy) == {
        "Statement": [
            {
                "Resource": "https://kasper.live/media/videos/vid_1/*",
                "Condition": {"DateLessThan": {"AWS:EpochTime": int(NOW.timestamp())}},
            }
        ]
    }
    key.public_key().verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


@pytest.mark.parametrize("path", ["media/", "/media", "/media/*/", "/media/?/"])
def test_only_a_folder_can_be_signed_for(path: str) -> None:
    with pytest.raises(ValueError, match="no path of a folder"):
        signed_media.cookies(origin="https://a.example", path=path, until=NOW, key_id="K", private_key="")
