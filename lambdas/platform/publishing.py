"""The public site kept as the settings and the content are: pages are made where they changed, and an event is only a hint.

A page is always made from what is stored by then, never from the event that touched it; so events may come
late, twice and in any order. Two workers may make one page at the same time, and the slower may have read the
older state: so each looks again when it has written, and goes on until what it left is what it would write. Who
writes last has looked last. Whoever dies before that has not acknowledged its event, and another does it again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from lambdas.core.clock import Clock
from lambdas.core.errors import NotFound, PrismError, Unavailable
from lambdas.core.feature import EVERY_PAGE
from lambdas.platform import aws
from lambdas.platform.storage import (
    ASSETS,
    BRAND_FOLDER,
    PRECOMPRESSED_SUFFIXES,
    SITE_INDEX,
    SITE_REGION,
    SiteBucket,
    distribution_parameter,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

__all__ = ["BRAND_FOLDER", "CloudFront", "EdgeCache", "NotPublished", "Published", "Publisher", "Site", "SiteFile"]

RETIRED = f"{BRAND_FOLDER}/retired.json"
"""Since when which files of an earlier brand are named by no page any more."""

_STAY = timedelta(days=1)
_LOOKS = 6
_MOST_ADDRESSES = 1000
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class SiteFile:
    """An object of the site, before it is compressed."""

    content: bytes = field(repr=False)
    content_type: str
    cache_control: str

    @cached_property
    def fingerprint(self) -> str:
        """Differs where the content or what the bucket is told about it does."""
        parts = (self.content_type.encode(), self.cache_control.encode(), self.content)
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


class Site(Protocol):
    """The site as it should be at one moment; every answer of one object is of the same settings."""

    def brand(self) -> Mapping[str, SiteFile]:
        """What the brand's colours changed, by key; empty where it is published already."""
        ...

    def brand_keys(self) -> frozenset[str]:
        """The files below `BRAND_FOLDER` that the pages name, published already or not."""
        ...

    def paths(self) -> tuple[str, ...]:
        """Every page there is, without a language."""
        ...

    def keys(self, path: str) -> tuple[str, ...]:
        """The keys of a page, in every language; also of one that is not there."""
        ...

    def page(self, path: str) -> Mapping[str, SiteFile]:
        """A page in every language, by key; NotFound where there is none (any more)."""
        ...

    def around(self) -> Mapping[str, SiteFile]:
        """What lists the pages and the assets, by key: sitemap, asset manifest, …"""
        ...


class Sites(Protocol):
    """Looks at what is stored now; `anew` makes the brand's files whether or not they are published already."""

    def __call__(self, *, anew: bool) -> Site: ...


class EdgeCache(Protocol):
    def forget(self, addresses: tuple[str, ...]) -> None:
        """Have the edge ask the bucket for these again: paths, with a * at the end perhaps."""
        ...


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was done: keys written and removed. `unforgotten` is why the edge may show the old ones for a minute more."""

    written: frozenset[str]
    removed: frozenset[str]
    unforgotten: Exception | None = None


class NotPublished(PrismError):
    """Pages that could not be made; they are as they were, and everything else is published. `causes` by path."""

    code = "not_published"
    title = "Not every page could be published"

    def __init__(self, causes: Mapping[str, Exception]) -> None:
        path, first = next(iter(causes.items()))
        message = first.message if isinstance(first, PrismError) else type(first).__name__
        super().__init__(f"{path}: {message}", fix=first.fix if isinstance(first, PrismError) else "")
        self.causes = causes


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Brings the bucket up to what is stored. Errors that are not a page's own are those of AWS: do it again."""

    bucket: SiteBucket
    sites: Sites
    edge: EdgeCache
    clock: Clock

    def publish(self, pages: Iterable[str]) -> Published:
        """Make these pages (paths without a language, EVERY_PAGE) anew or remove them, and what lists them.

        NotPublished when all others are done; Unavailable where the state changes faster than it can be followed.
        """
        touched = frozenset(pages)
        return self._follow(touched, every=EVERY_PAGE in touched, whole=False)

    def publish_all(self) -> Published:
        """Make the bucket hold exactly the site as it is now; a second run changes nothing. Errors as for `publish`."""
        return self._follow(frozenset(), every=True, whole=True)

    def _follow(self, touched: frozenset[str], *, every: bool, whole: bool) -> Published:
        run, brand = _Run(bucket=self.bucket), set[str]()
        for _ in range(_LOOKS):
            plan = _plan(self.sites(anew=whole), touched, every=every)
            brand |= plan.brand.keys()
            there = self.bucket.keys_below("") if whole else run.written
            if not run.work(plan, stale=_stale(plan, there, brand=brand)):
                break
        else:
            raise Unavailable("The site changes faster than it can be published.", fix="It is tried again.")
        if brand and not plan.failed:
            self._sweep(plan.named)
        unforgotten = self._forget(run.written | run.removed)
        if plan.failed:
            raise NotPublished(plan.failed)
        return Published(
            written=frozenset(run.written), removed=frozenset(run.removed - run.written), unforgotten=unforgotten
        )

    def _sweep(self, named: frozenset[str]) -> None:
        """Remove the files of earlier brands a day after the last page that named them."""
        now = self.clock()
        before: Mapping[str, str] = json.loads(self.bucket.read(RETIRED) or b"{}")
        there = (key for key in self.bucket.keys_below(f"{BRAND_FOLDER}/") if key != RETIRED)
        gone = [key for key in there if key.removesuffix(".br") not in named]
        since = {key: before.get(key, now.isoformat()) for key in gone}
        due = {key for key in gone if now - datetime.fromisoformat(since[key]) >= _STAY}
        for key in sorted(due):
            self.bucket.delete(key)
        left = {key: since[key] for key in sorted(since.keys() - due)}
        if left != before:
            text = json.dumps(left).encode()
            self.bucket.put(RETIRED, text, content_type="application/json", cache_control="no-store")

    def _forget(self, keys: Iterable[str]) -> Exception | None:
        """Pages are asked for again after a minute anyway: an edge that cannot be told is no reason to publish again."""
        addresses = addresses_of(keys)
        try:
            if addresses:
                self.edge.forget(addresses if len(addresses) <= _MOST_ADDRESSES else ("/*",))
        except Exception as error:
            return error
        return None


def addresses_of(keys: Iterable[str]) -> tuple[str, ...]:
    """What the edge may have kept of these objects: a page under its own address and its file's, both encodings with one `*`."""
    found = set()
    for key in {key.removesuffix(".br") for key in keys}:
        if not key.startswith(ASSETS):  # those have another address when they change
            found.add(f"/{key}*")
            if key.endswith("index.html"):
                found.add("/" + key.removesuffix("index.html"))
    return tuple(sorted(found))


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What should be in the bucket, in the order in which it is written, and what should not."""

    brand: Mapping[str, SiteFile]
    pages: Mapping[str, SiteFile]
    around: Mapping[str, SiteFile]
    every: bool
    gone: tuple[str, ...]
    failed: Mapping[str, Exception]
    named: frozenset[str]


def _plan(site: Site, touched: frozenset[str], *, every: bool) -> _Plan:
    there = site.paths()
    wanted = there if every else tuple(path for path in there if path in touched)
    pages: dict[str, SiteFile] = {}
    gone = [key for path in sorted(touched - {*there, EVERY_PAGE}) for key in site.keys(path)]
    failed: dict[str, Exception] = {}
    for path in wanted:
        try:
            pages |= site.page(path)
        except NotFound:
            gone += site.keys(path)
        except Exception as error:
            failed[path] = error
    around: Mapping[str, SiteFile] = {}
    try:
        around = site.around()
    except Exception as error:
        failed.setdefault("around", error)
    return _Plan(
        brand=site.brand(),
        pages=pages,
        around=around,
        every=every,
        gone=tuple(gone),
        failed=failed,
        named=site.brand_keys(),
    )


def _stale(plan: _Plan, there: Iterable[str], *, brand: set[str]) -> tuple[str, ...]:
    """Of what is there, what is ours to publish and belongs to no page any more; `brand` is what this run made of it.

    Nothing where something could not be made: nobody knows what that would have had beside it.
    """
    if plan.failed or not plan.every:
        return ()
    known = {*brand, *plan.pages, *plan.around, SITE_INDEX}
    return tuple(key for key in there if not key.startswith(ASSETS) and key.removesuffix(".br") not in known)


_GONE = "gone"


class _Run:
    """What one publisher has left in the bucket so far."""

    def __init__(self, *, bucket: SiteBucket) -> None:
        self._bucket = bucket
        self._left: dict[str, str] = {}
        self.written: set[str] = set()
        self.removed: set[str] = set()

    def work(self, plan: _Plan, *, stale: Iterable[str]) -> bool:
        """Make the bucket fit the plan: what pages name first, then pages, then what lists them. Whether anything had to be done."""
        done = False
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as several:
            for files in (plan.brand, plan.pages, plan.around):
                done = any([*several.map(self._put, files.items())]) or done
            twins = (key + twin for key in plan.gone for twin in ("", ".br"))
            return any([*several.map(self._remove, {*twins, *stale})]) or done

    def _put(self, item: tuple[str, SiteFile]) -> bool:
        key, file = item
        wanted = {key: file.content}
        if key.endswith(PRECOMPRESSED_SUFFIXES):
            wanted[f"{key}.br"] = file.content
        # The compressed one first: where only one of them is written, the other says that it is not done.
        late = [name for name in reversed(wanted) if self._is(name) != file.fingerprint]
        for name in late:
            compressed = name != key
            self._bucket.put(
                name,
                _brotli(file.content) if compressed else file.content,
                content_type=file.content_type,
                cache_control=file.cache_control,
                content_encoding="br" if compressed else "",
                fingerprint=file.fingerprint,
            )
            self._left[name] = file.fingerprint
            self.written.add(name)
        return bool(late)

    def _remove(self, key: str) -> bool:
        if self._is(key) == _GONE:
            return False
        self._bucket.delete(key)
        self._left[key] = _GONE
        self.removed.add(key)
        self.written.discard(key)
        return True

    def _is(self, key: str) -> str:
        """What is under a key as far as we know: as we left it, else as we found it."""
        if key not in self._left:
            found = self._bucket.fingerprint(key)
            self._left[key] = _GONE if found is None else found
        return self._left[key]


def _brotli(content: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped]  # here: in the worker's bundle only

    return bytes(brotli.compress(content, quality=11))


@dataclass(kw_only=True)
class CloudFront:
    """The site's distribution, where there is one: on a laptop there is none."""

    creator_id: str
    _distribution: str = ""
    _client: "CloudFrontClient | None" = field(default=None, repr=False)

    def forget(self, addresses: tuple[str, ...]) -> None:
        from uuid import uuid4

        if not self._distribution:
            name = distribution_parameter(self.creator_id)
            found = aws.client("ssm", region=SITE_REGION).get_parameters(Names=[name])["Parameters"]
            if not found:
                return
            self._distribution = found[0]["Value"]
        if self._client is None:
            self._client = aws.client("cloudfront")
        self._client.create_invalidation(
            DistributionId=self._distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(addresses), "Items": list(addresses)},
                "CallerReference": str(uuid4()),
            },
        )
