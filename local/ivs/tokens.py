"""Playback tokens of private channels (Amazon IVS user guide, "Generate and sign IVS playback tokens")."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MAX_LENGTH = 4096
MAX_VIEWER_ID = 40
RESOLUTIONS = frozenset({"SD", "HD", "FULL_HD"})
_COORDINATE_BYTES = 48


class BadToken(ValueError):
    """It does not open this channel. Whoever holds it is told no more than that."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a valid token says."""

    expires: float
    origins: tuple[str, ...]
    """Where it may be used; ("*",) everywhere."""

    strict: bool
    """Whether `origins` hold for every request and not for the first alone."""

    once: str | None
    """Names a token that opens one session only."""

    viewer: str | None
    version: int

    def allows(self, origin: str | None) -> bool:
        return any(each == "*" or (origin is not None and fnmatchcase(origin, each)) for each in self.origins)


@dataclass(frozen=True)
class Verifier:
    """Reads tokens for one channel, signed with its private key."""

    channel: str
    key: ec.EllipticCurvePublicKey

    @classmethod
    def of(cls, channel: str, pem: str) -> "Verifier":
        """ValueError where the PEM is none of a P-384 key."""
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
            raise ValueError("playback keys are P-384")
        return cls(channel=channel, key=key)

    def read(self, token: str, *, now: float) -> Token:
        """What the token says; BadToken for all that is wrong with it. `now` in seconds since 1970."""
        claims = self._claims(token)
        expires = claims.get("exp")
        if not _is_number(expires) or expires <= now:
            raise BadToken("it has expired")
        if claims.get("aws:channel-arn") != self.channel:
            raise BadToken("it is for another channel")
        if claims.get("aws:maximum-resolution", "FULL_HD") not in RESOLUTIONS:
            raise BadToken("there is no such resolution")
        viewer, version = claims.get("aws:viewer-id"), claims.get("aws:viewer-session-version", 0)
        once, strict = claims.get("aws:single-use-uuid"), claims.get("aws:strict-origin-enforcement", False)
        origin = claims.get("aws:access-control-allow-origin", "*")
        well_formed = (
            (viewer is None or (isinstance(viewer, str) and 1 <= len(viewer) <= MAX_VIEWER_ID))
            and _is_number(version)
            and version >= 0
            and (once is None or isinstance(once, str))
            and isinstance(strict, bool)
            and isinstance(origin, str)
        )
        if not well_formed:
            raise BadToken("a claim is not what it should be")
        origins = tuple(filter(None, (each.strip() for each in origin.split(","))))
        return Token(
            expires=float(expires), origins=origins, strict=strict, once=once, viewer=viewer, version=int(version)
        )

    def _claims(self, token: str) -> Mapping[str, Any]:
        parts = token.split(".")
        if len(token) > MAX_LENGTH or len(parts) != 3:
            raise BadToken("it is no token")
        try:
            header, claims = (json.loads(_decoded(part)) for part in parts[:2])
            signature = _decoded(parts[2])
        except (ValueError, RecursionError) as error:
            raise BadToken("it cannot be read") from error
        if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "ES384":
            raise BadToken("it is not signed as it should be")
        if len(signature) != 2 * _COORDINATE_BYTES:
            raise BadToken("its signature has the wrong length")
        r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]))
        try:
            self.key.verify(encode_dss_signature(r, s), f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(SHA384()))
        except InvalidSignature as error:
            raise BadToken("its signature is not the channel's") from error
        return claims


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
