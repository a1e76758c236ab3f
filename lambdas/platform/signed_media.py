"""Signed cookies: who has them gets what lies below one path of /media/ from CloudFront, for a while.

Format: CloudFront developer guide, "Set signed cookies that use a custom policy": RSA PKCS#1 v1.5 over SHA-1 of the policy
without spaces, in a base64 whose `+`, `=` and `/` are `-`, `_` and `~`. The path of the cookies is that of the media, so a
browser sends them nowhere else and many may be held side by side.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lambdas.core.errors import Unavailable
from lambdas.platform import aws
from lambdas.platform.storage import SITE_REGION, media_key_parameter

NAMES = ("CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id")


def cookies(*, origin: str, path: str, until: datetime, key_id: str, private_key: str) -> dict[str, str]:
    """The three cookies, name to value, for everything below `path` ("/media/videos/vid_…/") of `origin`, until then.

    `private_key` is an RSA key as PEM, `key_id` CloudFront's id of its public half.
    """
    if not path.startswith("/") or not path.endswith("/") or "*" in path or "?" in path:
        raise ValueError(f"{path!r} is no path of a folder")
    policy = policy_of(f"{origin}{path}*", until=until)
    return dict(zip(NAMES, (_text(policy), _text(_signature(policy, private_key)), key_id), strict=True))


@dataclass(frozen=True, kw_only=True)
class MediaSigner:
    """Signs for one site: `origin` is its own ("https://kasper.live"), `key_id` gives CloudFront's name of the key, `keys` the key
    itself and, while a rotation lasts, the one before."""

    origin: str
    key_id: Callable[[], str]
    keys: Callable[[], list[str]] = field(repr=False)

    def cookies(self, path: str, *, until: datetime) -> dict[str, str]:
        """See `cookies`."""
        return cookies(origin=self.origin, path=path, until=until, key_id=self.key_id(), private_key=self.keys()[0])


@dataclass(kw_only=True)
class WrittenKeyId:
    """CloudFront's name of the key, where the site's stack has written it: read when it is first asked for, and kept.

    That stack is made after the functions', in another region: what it is told they cannot be told as they start.
    """

    creator_id: str
    _value: str = ""

    def __call__(self) -> str:
        """Unavailable where the site's stack is not there yet."""
        if not self._value:
            name = media_key_parameter(self.creator_id)
            found = aws.client("ssm", region=SITE_REGION).get_parameters(Names=[name])["Parameters"]
            if not found:
                raise Unavailable("Videos cannot be played yet.", fix="Try again in a few minutes.")
            self._value = found[0]["Value"]
        return self._value


def policy_of(resource: str, *, until: datetime) -> bytes:
    """What is signed."""
    condition = {"DateLessThan": {"AWS:EpochTime": int(until.timestamp())}}
    statement = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(statement, separators=(",", ":")).encode()


def _signature(policy: bytes, private_key: str) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(policy, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # the one digest that CloudFront takes


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode().translate(str.maketrans("+=/", "-_~"))
