"""A right: some actions on some resources of a creator's, and where those are."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a creator's resources are: the parts of their ARNs. Tokens in a template, their values in a test.

    `channel` and `room` are the ARNs of IVS's, `chat_log` is the name of the room's log group: empty where they are not.
    """

    partition: str
    region: str
    account: str
    site_bucket: str
    media_bucket: str
    user_pool: str
    channel: str = ""
    room: str = ""
    chat_log: str = ""

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        return f"arn:{self.partition}:{service}:{self.region if region is None else region}:{self.account}:{resource}"

    def bucket(self, name: str) -> str:
        return f"arn:{self.partition}:s3:::{name}"


@dataclass(frozen=True, kw_only=True)
class Right:
    """Some actions on some resources. `conditions` are IAM's; `wide` says why the resource has a star that no name could replace."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    wide: str = ""
