"""CloudFront's signed cookies, verified as CloudFront verifies them: who has them gets what their policy names, until it ends.

Format: CloudFront developer guide, "Use signed cookies" and "Set signed cookies that use a custom policy". The other half is
`lambdas.platform.signed_media`.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas.core.clock import Clock, now
from lambdas.platform.signed_media import NAMES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_POLICY, _SIGNATURE, _KEY = NAMES
_LONGEST = 4096


class Refusal(NamedTuple):
    """What CloudFront answers instead, with 403: an S3-like error in XML."""

    code: str
    message: str

    @property
    def body(self) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        )


MISSING = Refusal("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
DENIED = Refusal("AccessDenied", "Access denied")
MALFORMED = Refusal("MalformedPolicy", "Malformed Policy")


@dataclass(frozen=True, kw_only=True)
class KeyGroup:
    """The public keys that a distribution trusts, PEM by their id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = now

    def refuses(self, cookies: Mapping[str, str], url: str) -> Refusal | None:
        """Why these cookies are no good for an address ("https://kasper.live/media/videos/…"), None where they are."""
        if any(name not in cookies for name in NAMES):
            return MISSING
        key = self._public.get(cookies[_KEY])
        policy, signature = _bytes(cookies[_POLICY]), _bytes(cookies[_SIGNATURE])
        if key is None or policy is None or signature is None or not _is_signed(policy, signature, key):
            return DENIED
        try:
            allows = _allows(json.loads(policy), url, self.clock())
        except (ValueError, TypeError, KeyError, AttributeError):
            return MALFORMED
        return None if allows else DENIED

    @cached_property
    def _public(self) -> "Mapping[str, RSAPublicKey]":
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        loaded = {id: load_pem_public_key(pem.encode()) for id, pem in self.keys.items()}
        return {id: key for id, key in loaded.items() if isinstance(key, RSAPublicKey)}


def _bytes(text: str) -> bytes | None:
    """What stands in a cookie: base64 whose `+`, `=` and `/` are `-`, `_` and `~`."""
    if len(text) > _LONGEST:
        return None
    try:
        return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_signed(policy: bytes, signature: bytes, key: "RSAPublicKey") -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        key.verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # the one digest that CloudFront takes
    except InvalidSignature:
        return False
    return True


def _allows(policy: Any, url: str, at: datetime) -> bool:
    """Whether a policy names this address, at this moment. It has one statement, and must say when it ends."""
    (statement,) = policy["Statement"]
    condition = statement["Condition"]
    ends, begins = condition["DateLessThan"]["AWS:EpochTime"], condition.get("DateGreaterThan", {})
    moment = at.timestamp()
    in_time = begins.get("AWS:EpochTime", 0) <= moment < ends
    return bool(in_time and _pattern(statement["Resource"]).fullmatch(url))


def _pattern(resource: str) -> re.Pattern[str]:
    """A `*` stands for any characters, none perhaps, and a `?` for one."""
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in resource))
