"""A creator's keys: born once, before the stacks; private halves only ever in SSM SecureStrings.

| parameter | what | public half |
|---|---|---|
| session | HMAC secret of session cookies, form tokens and mailed codes | none |
| second-factor | HMAC secret that people's TOTP secrets are derived from; a rotation would undo every second factor | none |
| origin | what CloudFront says to the API to be let in | its SHA-256 |
| media-signing | RSA 2048, signs CloudFront cookies | PEM |
| playback | ECDSA P-384, signs IVS playback tokens | PEM |

Each is at /prism/<creator>/keys/<name>. A rotation keeps the value before as <name>-previous; both
are valid until the next. The one of the second factor is never rotated: everyone's authenticator would be
worth nothing at once.
"""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.core.clock import Clock, now
from lambdas.platform import aws

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from itsdangerous import URLSafeSerializer
    from mypy_boto3_ssm import SSMClient

_KEPT = timedelta(minutes=5)

NAMES = ("session", "second-factor", "origin", "media-signing", "playback")


def parameter(creator_id: str, name: str) -> str:
    return f"/prism/{creator_id}/keys/{name}"


@dataclass(frozen=True, kw_only=True)
class StackKeys:
    """What the stacks are given as parameters. `origin_secret` is a NoEcho parameter of the site stack, the rest is public."""

    origin_secret: str = field(repr=False)
    origin_digests: tuple[str, ...]
    media_signing_public: str
    playback_public: str


def ensure_keys(ssm: "SSMClient", creator_id: str) -> StackKeys:
    """Make the keys that do not exist yet and return what the stacks need; the second run changes nothing.

    A key that another run made in the meantime wins: SSM refuses to overwrite.
    """
    made = {name: _ensure(ssm, parameter(creator_id, name), BIRTHS[name]) for name in NAMES}
    origins = [made["origin"], *_existing(ssm, parameter(creator_id, "origin-previous"))]
    return StackKeys(
        origin_secret=made["origin"],
        origin_digests=tuple(digest(secret) for secret in origins),
        media_signing_public=_public_pem(made["media-signing"]),
        playback_public=_public_pem(made["playback"]),
    )


def digest(secret: str) -> str:
    """SHA-256, in hexadecimal: safe to show for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(kw_only=True)
class Keys:
    """The private halves, as the functions read them: on first use, and again every five minutes.

    So a rotation reaches every running function before the key before it is dropped.
    """

    creator_id: str
    clock: Clock = now
    _client: "SSMClient | None" = field(default=None, repr=False)
    _values: dict[str, tuple[datetime, list[str]]] = field(default_factory=dict, repr=False)

    def current_and_previous(self, name: str) -> list[str]:
        """The key and, while a rotation lasts, the one before; the first one signs, all verify."""
        read_at, values = self._values.get(name, (None, []))
        if read_at is None or self.clock() - read_at >= _KEPT:
            if self._client is None:
                self._client = aws.client("ssm")
            wanted = [parameter(self.creator_id, name), parameter(self.creator_id, f"{name}-previous")]
            found = self._client.get_parameters(Names=wanted, WithDecryption=True)["Parameters"]
            by_name = {p["Name"]: p["Value"] for p in found}
            values = [by_name[n] for n in wanted if n in by_name]
            self._values[name] = (self.clock(), values)
        if not values:
            raise LookupError(f"the key {parameter(self.creator_id, name)} does not exist: run the keys step")
        return values


def signer(keys: list[str], *, salt: str) -> "URLSafeSerializer":
    """Signs what travels (a cookie, a link, a form's token) by the first of these keys, and reads what any of them signed.

    What was signed under another `salt` is none of its.
    """
    from itsdangerous import URLSafeSerializer  # here: most requests bring nothing that is signed

    return URLSafeSerializer(list(reversed(keys)), salt=salt)


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _rsa() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _p384() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    return _pem(ec.generate_private_key(ec.SECP384R1()))


def _pem(key: "PrivateKeyTypes") -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_pem(private: str) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _existing(ssm: "SSMClient", name: str) -> list[str]:
    found = ssm.get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    return [p["Value"] for p in found]


def _ensure(ssm: "SSMClient", name: str, birth: Callable[[], str]) -> str:
    existing = _existing(ssm, name)
    if not existing:
        with suppress(ssm.exceptions.ParameterAlreadyExists):  # another run was first: its key is the key
            ssm.put_parameter(Name=name, Value=birth(), Type="SecureString", Overwrite=False)
        existing = _existing(ssm, name)
    return existing[0]


BIRTHS: dict[str, Callable[[], str]] = {
    "session": _secret,
    "second-factor": _secret,
    "origin": _secret,
    "media-signing": _rsa,
    "playback": _p384,
}
"""How each key is made: a secret, or a private key as PEM."""
