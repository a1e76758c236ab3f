"""The objects of a site, as the bucket will have them: bytes, type, how long they may be kept, and their Brotli twins."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import PurePosixPath

from frontend_template.cache import Cache
from lambdas.platform.storage import PRECOMPRESSED_SUFFIXES

IMMUTABLE = "public, max-age=31536000, immutable"
"""For addresses with a fingerprint: other content has another address."""

REVALIDATED = "public, max-age=0, s-maxage=60"
"""Pages: a browser asks each time, the edge once a minute, so what is published is seen within one.

Nothing stale after that: an old page may name assets that a newer build has removed.
"""

DAILY = "public, max-age=86400"
"""What changes with the brand at most."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}


@dataclass(frozen=True, kw_only=True)
class SiteObject:
    """What S3 is told about an object; `content_encoding` is empty or "br", `sha256` of the stored bytes."""

    content_type: str
    cache_control: str
    content_encoding: str
    sha256: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def content_type(key: str) -> str:
    """By the name's ending; ValueError for one that this site does not publish."""
    suffix = PurePosixPath(key).suffix.lower()
    if suffix not in _TYPES:
        raise ValueError(f"{key}: files that end in {suffix or 'nothing'} are not published")
    return _TYPES[suffix]


def fingerprinted(name: str, content: bytes, *, folder: str = "assets") -> str:
    """The key of `css/site.css` with this content: assets/css/site.<hash>.css."""
    path = PurePosixPath(name)
    digest = hashlib.sha256(content).hexdigest()[:12]
    return str(PurePosixPath(folder) / path.with_name(f"{path.stem}.{digest}{path.suffix}"))


def integrity(name: str, content: bytes) -> str:
    """What a browser checks a style sheet or a script by; empty for anything else."""
    if not name.endswith((".css", ".js")):
        return ""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


class Shelf:
    """Collects the objects of one site by key."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.contents: dict[str, bytes] = {}
        self.objects: dict[str, SiteObject] = {}

    def put(self, key: str, content: bytes, *, cache_control: str) -> None:
        """Add an object and, for a kind that is precompressed, its twin at `key` + ".br"."""
        self._add(key, content, content_type(key), cache_control, encoding="")
        if key.endswith(PRECOMPRESSED_SUFFIXES):
            self._add(f"{key}.br", self._brotli(content), content_type(key), cache_control, encoding="br")

    def put_fingerprinted(self, name: str, content: bytes) -> str:
        """Add `css/site.css` as assets/css/site.<hash>.css, for ever; returns its address."""
        key = fingerprinted(name, content)
        self.put(key, content, cache_control=IMMUTABLE)
        return f"/{key}"

    def index(self) -> Mapping[str, dict[str, str]]:
        """site.json: what the bucket is told about each object, by key."""
        return {key: self.objects[key].as_dict() for key in sorted(self.objects)}

    def _add(self, key: str, content: bytes, kind: str, cache_control: str, *, encoding: str) -> None:
        if self.contents.get(key, content) != content:
            raise ValueError(f"two different objects want the key {key}")
        self.contents[key] = content
        self.objects[key] = SiteObject(
            content_type=kind,
            cache_control=cache_control,
            content_encoding=encoding,
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def _brotli(self, content: bytes) -> bytes:
        def make() -> bytes:
            import brotli  # type: ignore[import-untyped]

            return bytes(brotli.compress(content, quality=11))

        return self._cache.one("brotli", (version("brotli"), content), make)
