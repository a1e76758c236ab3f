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
    `version` the release that runs. `channel`, `playback` and `ingest` are IVS's, `room`, `chat_endpoint` and `chat_log`
    IVS Chat's, empty where nothing needs them. `media_key` is CloudFront's name of the key that signs cookies, on a
    laptop; in the cloud the site's stack writes it where `signed_media.WrittenKeyId` reads it, and this is empty. `site_origin` is where the site is on a laptop ("http://demo.localhost:8000");
    in the cloud it is the creator's own domain, and this is empty.
    """

    creator_file: Path
    site_bucket: str
    media_bucket: str
    origin_digests: frozenset[str]
    user_pool: str
    user_pool_client: str
    version: str
    channel: str
    playback: str
    ingest: str
    room: str
    chat_endpoint: str
    chat_log: str
    media_key: str
    site_origin: str

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
            channel=os.environ.get("PRISM_IVS_CHANNEL", ""),
            playback=os.environ.get("PRISM_IVS_PLAYBACK", ""),
            ingest=os.environ.get("PRISM_IVS_INGEST", ""),
            room=os.environ.get("PRISM_CHAT_ROOM", ""),
            chat_endpoint=os.environ.get("PRISM_CHAT_ENDPOINT", ""),
            chat_log=os.environ.get("PRISM_CHAT_LOG", ""),
            media_key=os.environ.get("PRISM_MEDIA_KEY", ""),
            site_origin=os.environ.get("PRISM_SITE_ORIGIN", ""),
        )
