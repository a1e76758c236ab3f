"""WebAuthn's verifying half: what a browser answers, checked as the standard says (Web Authentication Level 3, 7.1 and 7.2).

ES256 and RS256, the two that Cognito takes. Attestation is not asked for, so a statement that comes all the
same proves nothing and is not looked at.
"""

import base64
import hashlib
import hmac
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

ES256, RS256 = -7, -257

_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _HAS_CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40
_MOST_ID_BYTES = 1023
_LEAST_RSA_BITS = 2048


class NotVerified(Exception):
    """What the browser answered does not hold; the message says in which point, for a developer."""


class WrongChallenge(NotVerified):
    pass


class WrongOrigin(NotVerified):
    pass


class WrongSite(NotVerified):
    pass


class NotSupported(NotVerified):
    pass


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a challenge demands: its value (base64url), the site's name (the RP id), the pages that may answer, and whether to verify the user."""

    challenge: str
    site: str
    from_origin: Callable[[str], bool]
    verified_user: bool


@dataclass(frozen=True, kw_only=True)
class Passkey:
    """One credential, JSON-ready: `id` in base64url, `public_key` as PEM, `signed` the authenticator's own count of uses."""

    id: str
    public_key: str
    signed: int


def registered(credential: Mapping[str, Any], asked: Asked) -> Passkey:
    """The passkey of a RegistrationResponseJSON; NotVerified."""
    answer = _response(credential)
    _check_client(_bytes_in(answer, "clientDataJSON"), "webauthn.create", asked)
    statement = decode(_bytes_in(answer, "attestationObject"))
    if not isinstance(statement, dict) or not isinstance(statement.get("authData"), bytes):
        raise NotVerified("the attestation object has no authenticator data")
    data = _authenticator_data(statement["authData"], asked)
    if data.credential_id is None or data.public_key is None:
        raise NotVerified("the authenticator data has no credential")
    if data.credential_id != _id_of(credential):
        raise NotVerified("the credential has another id than its authenticator says")
    return Passkey(id=encoded(data.credential_id), public_key=_pem(data.public_key), signed=data.signed)


def signed_in(credential: Mapping[str, Any], passkey: Passkey, asked: Asked, *, handle: bytes) -> Passkey:
    """The passkey as it is after this AuthenticationResponseJSON; NotVerified. `handle` is the user's own."""
    answer = _response(credential)
    if _id_of(credential) != decoded(passkey.id):
        raise NotVerified("another passkey has answered")
    if answer.get("userHandle") and _bytes_in(answer, "userHandle") != handle:
        raise NotVerified("the passkey is another user's")
    client_data, raw = _bytes_in(answer, "clientDataJSON"), _bytes_in(answer, "authenticatorData")
    _check_client(client_data, "webauthn.get", asked)
    data = _authenticator_data(raw, asked)
    _check_signature(passkey.public_key, _bytes_in(answer, "signature"), raw + hashlib.sha256(client_data).digest())
    if (data.signed or passkey.signed) and data.signed <= passkey.signed:
        raise NotVerified("the count of uses has not grown: the passkey may have been copied")
    return Passkey(id=passkey.id, public_key=passkey.public_key, signed=data.signed)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; NotVerified for what is none, or not the shortest way to write it."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if encoded(raw) != text:
        raise NotVerified("this is no base64url")
    return raw


def _response(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = credential.get("response")
    if credential.get("type") != "public-key" or not isinstance(answer, dict):
        raise NotVerified("this is no public-key credential")
    return answer


def _bytes_in(values: Mapping[str, Any], name: str) -> bytes:
    value = values.get(name)
    if not isinstance(value, str):
        raise NotVerified(f"{name} is missing")
    return decoded(value)


def _id_of(credential: Mapping[str, Any]) -> bytes:
    if credential.get("id") != credential.get("rawId"):
        raise NotVerified("id and rawId differ")
    return _bytes_in(credential, "id")


def _check_client(raw: bytes, kind: str, asked: Asked) -> None:
    """What the browser says it was asked, and by which page."""
    try:
        said = json.loads(raw.decode())
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("type") != kind:
        raise NotVerified(f"the client data is not of {kind}")
    if not hmac.compare_digest(str(said.get("challenge")).encode(), asked.challenge.encode()):
        raise WrongChallenge("another challenge was answered")
    if not asked.from_origin(str(said.get("origin"))) or said.get("crossOrigin") or "topOrigin" in said:
        raise WrongOrigin("the page that answered is not the site's own")


@dataclass(frozen=True, kw_only=True)
class _AuthenticatorData:
    signed: int
    credential_id: bytes | None = None
    public_key: Mapping[Any, Any] | None = None


def _authenticator_data(raw: bytes, asked: Asked) -> _AuthenticatorData:
    if len(raw) < 37:
        raise NotVerified("the authenticator data is too short")
    flags, signed = struct.unpack(">BI", raw[32:37])
    if not hmac.compare_digest(raw[:32], hashlib.sha256(asked.site.encode()).digest()):
        raise WrongSite("the passkey is for another site")
    if not flags & _USER_PRESENT:
        raise NotVerified("nobody was there")
    if asked.verified_user and not flags & _USER_VERIFIED:
        raise NotVerified("the authenticator did not check who was there")
    if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
        raise NotVerified("the passkey is backed up, and cannot be")
    if not flags & _HAS_CREDENTIAL:
        return _AuthenticatorData(signed=signed)
    length = int.from_bytes(raw[53:55], "big")
    credential_id = raw[55 : 55 + length]
    if not 1 <= length <= _MOST_ID_BYTES or len(credential_id) != length:
        raise NotVerified("the credential's id is cut short, or too long")
    key = _Cbor(raw, 55 + length).value()  # extensions may follow
    if not isinstance(key, dict):
        raise NotVerified("the credential has no key")
    return _AuthenticatorData(signed=signed, credential_id=credential_id, public_key=key)


def _pem(cose: Mapping[Any, Any]) -> str:
    """A COSE key as PEM; NotSupported for other algorithms than ES256 on P-256 and RS256."""
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    try:
        match cose:
            case {1: 2, 3: -7, -1: 1, -2: bytes(x), -3: bytes(y)} if len(x) == len(y) == 32:
                public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
            case {1: 3, 3: -257, -1: bytes(n), -2: bytes(e)}:
                public = rsa.RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()
                if public.key_size < _LEAST_RSA_BITS:
                    raise ValueError
            case _:
                raise NotSupported("only ES256 on P-256 and RS256 are taken")
    except ValueError:
        raise NotSupported("the key is none that can be used") from None
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _check_signature(pem: str, signature: bytes, signed: bytes) -> None:
    key = serialization.load_pem_public_key(pem.encode())
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise NotVerified("the signature is not the passkey's") from None


def decode(raw: bytes) -> Any:
    """One CBOR value and nothing after it, of the kinds that authenticators write (CTAP2); NotVerified."""
    reader = _Cbor(raw, 0)
    value = reader.value()
    if reader.at != len(raw):
        raise NotVerified("bytes follow the CBOR value")
    return value


class _Cbor:
    """Reads definite-length CBOR (RFC 8949): numbers, bytes, text, arrays, maps, true, false, null."""

    _DEEPEST = 4

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw, self.at = raw, at

    def value(self, depth: int = 0) -> Any:
        major, argument = self._head()
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._text(argument)
            case 4 | 5 if depth < self._DEEPEST:
                return self._many(major, argument, depth + 1)
            case 7 if argument in {20, 21, 22}:
                return {20: False, 21: True, 22: None}[argument]
        raise NotVerified("CBOR of a kind that authenticators do not write")

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        major, short = first >> 5, first & 0x1F
        if short < 24:
            return major, short
        if short > 27 or major == 7:
            raise NotVerified("CBOR of a kind that authenticators do not write")
        return major, int.from_bytes(self._take(1 << (short - 24)), "big")

    def _take(self, length: int) -> bytes:
        taken = self._raw[self.at : self.at + length]
        if len(taken) != length:
            raise NotVerified("CBOR that is cut short")
        self.at += length
        return taken

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise NotVerified("CBOR text that is not UTF-8") from None

    def _many(self, major: int, length: int, depth: int) -> Any:
        if major == 4:
            return [self.value(depth) for _ in range(min(length, len(self._raw) + 1))]
        found: dict[Any, Any] = {}
        for _ in range(min(length, len(self._raw) + 1)):
            key = self.value(depth)
            if not isinstance(key, int | str) or key in found:
                raise NotVerified("a CBOR map with keys of a kind that authenticators do not write")
            found[key] = self.value(depth)
        return found
