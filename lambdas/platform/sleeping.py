"""Schedules that sleep: work that is done every minute while something goes on, and costs nothing while nothing does.

A schedule declared `asleep` is a disabled rule of EventBridge; whoever sees that something begins wakes it, and the work itself
puts it to sleep when it finds nothing left to do. Waking one that is awake changes nothing, so both may be said twice.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


def rule_name(creator_id: str, schedule: str) -> str:
    """The name of a schedule's rule in AWS: prism-kasper-live-watch for live.watch."""
    return f"prism-{creator_id}-{schedule.replace('.', '-')}"


@dataclass(kw_only=True)
class Sleepers:
    """The creator's schedules that sleep, by their names in the manifests."""

    creator_id: str
    _client: "EventBridgeClient | None" = field(default=None, repr=False)

    def wake(self, schedule: str) -> None:
        """Have it run from now on, the first time within its period."""
        self._events().enable_rule(Name=rule_name(self.creator_id, schedule))

    def sleep(self, schedule: str) -> None:
        """Have it not run any more; one run may still be under way."""
        self._events().disable_rule(Name=rule_name(self.creator_id, schedule))

    def _events(self) -> "EventBridgeClient":
        if self._client is None:
            self._client = aws.client("events")
        return self._client
