"""An authenticator without a device: makes passkeys and answers challenges, as a browser hands them over."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: Any) -> bytes:
    """What authenticators write: numbers, bytes, text and maps."""

    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        size = 0 if number < 256 else 1 if number < 65536 else 2
        return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")

    match value:
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case dict():
            return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(type(value))


@dataclass(kw_only=True)
class Made:
    """One passkey on the device; `count` None is of the kind that counts nothing."""

    id: bytes
    key: Private
    site: str
    handle: bytes
    count: int | None = 0


@dataclass(kw_only=True)
class Authenticator:
    """Made for one page's `origin`. `flags` are what it says of its user."""

    origin: str
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    passkeys: list[Made] = field(default_factory=list)

    def create(self, options: dict[str, Any], *, key: Private | None = None) -> dict[str, Any]:
        """The RegistrationResponseJSON that `navigator.credentials.create` gives for these options."""
        made = Made(
            id=secrets.token_bytes(20),
            key=key or ec.generate_private_key(ec.SECP256R1()),
            site=options["rp"]["id"],
            handle=raw(options["user"]["id"]),
            count=0 if self.counts else None,
        )
        self.passkeys.append(made)
        credential = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + cbor(cose(made.key))
        data = self._data(made, CREDENTIAL) + credential
        return self._credential(
            made,
            clientDataJSON=self._client("webauthn.create", options["challenge"]),
            attestationObject=cbor({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def get(self, options: dict[str, Any], *, made: Made | None = None) -> dict[str, Any]:
        """The AuthenticationResponseJSON of a passkey that is allowed, or of the one given; LookupError without any."""
        allowed = [raw(one["id"]) for one in options["allowCredentials"]]
        made = made or next((one for one in self.passkeys if one.id in allowed), None)
        if made is None:
            raise LookupError("no passkey of this device is asked for")
        if made.count is not None:
            made.count += 1
        client, data = self._client("webauthn.get", options["challenge"]), self._data(made, 0)
        return self._credential(
            made,
            clientDataJSON=client,
            authenticatorData=data,
            signature=sign(made.key, data + hashlib.sha256(client).digest()),
            userHandle=made.handle,
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, made: Made, also: int) -> bytes:
        site = hashlib.sha256(made.site.encode()).digest()
        return site + bytes([self.flags | also]) + (made.count or 0).to_bytes(4, "big")

    def _credential(self, made: Made, **response: bytes) -> dict[str, Any]:
        return {
            "id": text(made.id),
            "rawId": text(made.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {name: text(value) for name, value in response.items()},
        }


def cose(key: Private) -> dict[int, Any]:
    public: Any = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {1: 3, 3: -257, -1: public.n.to_bytes(key.key_size // 8, "big"), -2: public.e.to_bytes(3, "big")}
    return {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}


def sign(key: Private, what: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(what, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(what, ec.ECDSA(hashes.SHA256()))
