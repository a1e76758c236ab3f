"""The bucket of the published site, as the functions see it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PRECOMPRESSED_SUFFIXES = (".html", ".css", ".js", ".json", ".svg", ".txt", ".webmanifest", ".xml")
"""Objects of these kinds have a Brotli twin at their key + `.br`, every one: the edge asks for it unseen."""


@dataclass(kw_only=True)
class SiteBucket:
    """Reads what is published. The client is made at first use: most requests never need it."""

    name: str
    _client: "S3Client | None" = field(default=None, repr=False)

    def read(self, key: str) -> bytes | None:
        """The object's bytes, None where there is no such key."""
        try:
            return self._s3().get_object(Bucket=self.name, Key=key)["Body"].read()
        except self._s3().exceptions.NoSuchKey:
            return None

    def _s3(self) -> "S3Client":
        if self._client is None:
            import boto3

            self._client = boto3.client("s3")
        return self._client
