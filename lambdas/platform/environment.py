"""A function's environment variables, read once at start."""

import os
from dataclasses import dataclass
from pathlib import Path

FOR_PACKAGES = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""What every function's environment also says: pydantic need not look through all packages for plugins."""

BUNDLE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a function is told from outside.

    `creator_file` is the creator as JSON (creator.json at the bundle's root, put there when the
    stacks are synthesised), `site_bucket` the published site, `media_bucket` people's pictures,
    `origin_digests` the SHA-256 of the secrets that CloudFront may show, `user_pool` and
    `user_pool_client` where Cognito keeps the identities (empty for functions that do not ask it),
    `version` the release that runs.
    """

    creator_file: Path
    site_bucket: str
    media_bucket: str
    origin_digests: frozenset[str]
    user_pool: str
    user_pool_client: str
    version: str

    @classmethod
    def read(cls) -> "Environment":
        """From `os.environ`; KeyError names the variable that is missing."""
        return cls(
            creator_file=Path(os.environ.get("PRISM_CREATOR_FILE", BUNDLE_ROOT / "creator.json")),
            site_bucket=os.environ["PRISM_SITE_BUCKET"],
            media_bucket=os.environ["PRISM_MEDIA_BUCKET"],
            origin_digests=frozenset(filter(None, os.environ["PRISM_ORIGIN_DIGESTS"].split(","))),
            user_pool=os.environ.get("PRISM_USER_POOL", ""),
            user_pool_client=os.environ.get("PRISM_USER_POOL_CLIENT", ""),
            version=os.environ.get("PRISM_VERSION", "dev"),
        )
