"""The buckets: the published site, how it gets there and how the functions see it; and people's media."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdas.core.clock import Clock, now
from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

PRECOMPRESSED_SUFFIXES = (".html", ".css", ".js", ".json", ".svg", ".txt", ".webmanifest", ".xml")
"""Objects of these kinds have a Brotli twin at their key + `.br`, every one: the edge asks for it unseen."""

_FINGERPRINT = "fingerprint"


@dataclass(kw_only=True)
class SiteBucket:
    """What is published. The client is made at first use: most requests never need it."""

    name: str
    _client: "S3Client | None" = field(default=None, repr=False)

    def read(self, key: str) -> bytes | None:
        """The object's bytes, None where there is no such key."""
        try:
            return self._s3().get_object(Bucket=self.name, Key=key)["Body"].read()
        except self._s3().exceptions.NoSuchKey:
            return None

    def fingerprint(self, key: str) -> str | None:
        """What the object was put with, empty for what the build sent; None where there is no such key."""
        s3 = self._s3()
        try:
            return s3.head_object(Bucket=self.name, Key=key)["Metadata"].get(_FINGERPRINT, "")
        except s3.exceptions.ClientError as error:
            # An answer without a body names no error, so there is no class for it.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def put(
        self,
        key: str,
        content: bytes,
        *,
        content_type: str,
        cache_control: str,
        content_encoding: str = "",
        fingerprint: str = "",
    ) -> None:
        """Store an object, whole or not at all."""
        encoding: Any = {"ContentEncoding": content_encoding} if content_encoding else {}
        self._s3().put_object(
            Bucket=self.name,
            Key=key,
            Body=content,
            ContentType=content_type,
            CacheControl=cache_control,
            Metadata={_FINGERPRINT: fingerprint} if fingerprint else {},
            **encoding,
        )

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there changes nothing."""
        self._s3().delete_object(Bucket=self.name, Key=key)

    def keys_below(self, prefix: str) -> list[str]:
        """Every key that begins so, in order."""
        pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def _s3(self) -> "S3Client":
        if self._client is None:
            self._client = aws.client("s3")
        return self._client


@dataclass(kw_only=True)
class MediaBucket:
    """People's pictures: below `INCOMING` as they were sent, below `PUBLISHED` as everyone may see them.

    An object of the published part answers at its key with a slash before it: /media/public/people/….webp
    """

    name: str
    _client: "S3Client | None" = field(default=None, repr=False)

    def put(self, key: str, content: bytes, *, content_type: str, cache_control: str) -> None:
        """Store an object, encrypted and not to be had but through CloudFront or by a function's right."""
        self._s3().put_object(
            Bucket=self.name, Key=key, Body=content, ContentType=content_type, CacheControl=cache_control
        )

    def read(self, key: str) -> bytes | None:
        """The object's bytes, None where there is no such key."""
        try:
            return self._s3().get_object(Bucket=self.name, Key=key)["Body"].read()
        except self._s3().exceptions.NoSuchKey:
            return None

    def copy(self, source: str, key: str, *, content_type: str, cache_control: str) -> bool:
        """Store under `key` what lies at `source`, without its bytes coming here; False where there is nothing."""
        s3 = self._s3()
        try:
            s3.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": self.name, "Key": source},
                MetadataDirective="REPLACE",
                ContentType=content_type,
                CacheControl=cache_control,
            )
        except s3.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def keys_below(self, prefix: str, *, after: str = "", at_most: int = 1000) -> list[str]:
        """The first keys that begin so and come after `after`, in order; at most 1000."""
        answer = self._s3().list_objects_v2(Bucket=self.name, Prefix=prefix, StartAfter=after, MaxKeys=at_most)
        return [item["Key"] for item in answer.get("Contents", ())]

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there changes nothing. CloudFront may have a copy for as long as it was told."""
        self._s3().delete_object(Bucket=self.name, Key=key)

    def _s3(self) -> "S3Client":
        if self._client is None:
            self._client = aws.client("s3")
        return self._client


INCOMING = "incoming/"
"""In the media bucket: what people sent, as they sent it. Nobody but the worker reads it, and it is gone after a day."""

RECORDINGS = "ivs/v1/"
"""In the media bucket: what IVS records, by its own names. Nobody but the worker reads it."""

GUARDED = "media/videos/"
"""In the media bucket: what CloudFront gives, at the same path, to who has the cookies of that path (`signed_media.py`)."""

PUBLISHED = "media/public/"
"""In the media bucket: what CloudFront gives to everyone, at the same path. A name is never used twice."""

SITE_REGION = "us-east-1"
"""Where CloudFront takes certificates and firewalls from, wherever the platform runs; so the site's stack is there."""


def distribution_parameter(creator_id: str) -> str:
    """The SSM parameter in `SITE_REGION` that says which distribution is the site's."""
    return f"/prism/{creator_id}/distribution"


def media_key_parameter(creator_id: str) -> str:
    """The SSM parameter in `SITE_REGION` that says how CloudFront calls the key that signs cookies."""
    return f"/prism/{creator_id}/media-key"


Index = dict[str, dict[str, str]]
SITE_INDEX = "site.json"
"""Beside the objects of a built site, and uploaded last: what the bucket was given by the build."""

ASSETS = "assets/"
"""Below it is what the build made and sent; everything else is published by the platform itself (`publishing.py`), and ..."""

BUILD = "assets/build.json"
"""What the platform makes the rest from."""

BRAND_FOLDER = "assets/brand"
"""... so is what depends on the brand's colours, and ..."""

ASSET_MANIFEST = "assets/manifest.json"
"""... the list of all assets by name: what pages and letters are rendered by, in the functions too."""

READ_BY_RENDERERS = (ASSET_MANIFEST,)
"""The objects of the site that every function that renders may read."""

_ASSETS_STAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What `sync_site` did: keys sent and removed, and how many were there already."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def sync_site(s3: "S3Client", bucket: str, folder: Path, *, now: Clock = now) -> Upload:
    """Make the bucket hold the assets that `build_site` wrote to `folder`; a second run sends nothing.

    Pages and what depends on the brand are left alone: the platform publishes them, by settings and content
    that the build does not know (`Publisher.publish_all`, afterwards). Only what an earlier build sent is
    removed, and stays for another day, for a page that a cache or a browser still has names it.
    An error of S3 is botocore's; run it again to finish.
    """
    from concurrent.futures import ThreadPoolExecutor  # here: no function uploads a site

    wanted = _of_the_build(json.loads((folder / SITE_INDEX).read_bytes()))
    before, present = _published(s3, bucket)
    sent = [key for key, entry in wanted.items() if key not in present or before.get(key) != entry]
    gone = {key: entry for key, entry in before.items() if key in present and key not in wanted}
    retired = {key: {"retired": now().isoformat()} | entry for key, entry in gone.items() if _is_fresh(entry, now)}
    removed = sorted(gone.keys() - retired.keys())

    def send(key: str) -> None:
        entry = wanted[key]
        encoding = {"ContentEncoding": entry["content_encoding"]} if entry["content_encoding"] else {}
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=(folder / key).read_bytes(),
            ContentType=entry["content_type"],
            CacheControl=entry["cache_control"],
            **encoding,  # type: ignore[arg-type]
        )

    with ThreadPoolExecutor(max_workers=8) as several:
        # Last what says where the others are.
        for last in (False, True):
            list(several.map(send, [key for key in sent if key.startswith(BUILD) is last]))
    index = wanted | retired
    if sent or removed or index != before:
        for start in range(0, len(removed), 1000):
            some: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in removed[start : start + 1000]]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        text = json.dumps(index, sort_keys=True)
        s3.put_object(Bucket=bucket, Key=SITE_INDEX, Body=text, ContentType="application/json", CacheControl="no-store")
    return Upload(sent=tuple(sent), removed=tuple(removed), unchanged=len(wanted) - len(sent))


def _is_fresh(entry: dict[str, str], now: Clock) -> bool:
    """Whether an asset that the site no longer has may still be asked for."""
    since = datetime.fromisoformat(entry["retired"]) if "retired" in entry else now()
    return now() - since < _ASSETS_STAY


def _published(s3: "S3Client", bucket: str) -> tuple[Index, set[str]]:
    """The index of the build before, and the keys that are there."""
    present = {
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    }
    if SITE_INDEX not in present:
        return {}, present
    return _of_the_build(json.loads(s3.get_object(Bucket=bucket, Key=SITE_INDEX)["Body"].read())), present


def _of_the_build(index: Index) -> Index:
    """Without what the platform itself publishes."""
    ours = (f"{BRAND_FOLDER}/", ASSET_MANIFEST)
    return {key: entry for key, entry in index.items() if key.startswith(ASSETS) and not key.startswith(ours)}
