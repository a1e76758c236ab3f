"""Tokens by which Amazon IVS plays a private channel: JWTs signed with ES384.

Claims and their meaning: IVS low-latency user guide, "Generate and Sign IVS Playback Tokens". A token is looked at when
playback starts and never again, so whoever loses access is revoked by viewer id (`Channel.revoke`).
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MAX_VIEWER_ID = 40


def sign(claims: Mapping[str, Any], *, private_key: str) -> str:
    """The JWT of these claims; `private_key` is a P-384 key as PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    told = f"{_part({'alg': 'ES384', 'typ': 'JWT'})}.{_part(claims)}"
    r, s = utils.decode_dss_signature(key.sign(told.encode(), ec.ECDSA(hashes.SHA384())))
    # RFC 7518, 3.4: both numbers, each as 48 bytes, and not DER.
    return f"{told}.{_text(r.to_bytes(48, 'big') + s.to_bytes(48, 'big'))}"


def claims(
    *, channel: str, origin: str, viewer_id: str, issued_at: datetime, expires_at: datetime, once: str
) -> dict[str, Any]:
    """What a token says: `channel` is an ARN, `origin` the site's ("https://kasper.live"), `once` a UUID that one playback uses up.

    The version of a viewer's session is the second in which the token was made: who is revoked "until now" can be let in again
    later.
    """
    if not 0 < len(viewer_id) <= MAX_VIEWER_ID:
        raise ValueError(f"a viewer id has 1 to {MAX_VIEWER_ID} characters")
    return {
        "aws:channel-arn": channel,
        "aws:access-control-allow-origin": origin,
        "aws:strict-origin-enforcement": False,
        "aws:single-use-uuid": once,
        "aws:viewer-id": viewer_id,
        "aws:viewer-session-version": version_of(issued_at),
        "exp": int(expires_at.timestamp()),
    }


def version_of(moment: datetime) -> int:
    """The viewer-session version of tokens made at a moment (seconds since 1970)."""
    return int(moment.timestamp())


def _part(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
