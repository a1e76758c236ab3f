"""What one chat room is: who may control it, how much it takes, who reviews it, where it logs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lambdas.core.clock import Clock, now
from local.ivschat.log import ChatLog

Review = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Gives the review handler's answer to an invocation; raises where it failed."""

AWS_REVIEW_SECONDS = 0.2
"""How long IVS Chat waits for a review (service quotas)."""

Fallback = Literal["ALLOW", "DENY"]


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """A room of Amazon IVS Chat."""

    arn: str
    name: str
    secret: str = field(repr=False)
    """With which requests to the control plane must be signed."""

    rate: int = 10
    """Messages a second that all clients together may send (maximumMessageRatePerSecond); 10 unless it is set, at most 100."""

    length: int = 500
    """Code points a message (maximumMessageLength)."""

    review: Review | None = None
    """The message review handler; None delivers what comes."""

    review_uri: str = ""
    """The handler's ARN, for those who ask what the room is."""

    review_seconds: float = AWS_REVIEW_SECONDS
    fallback: Fallback = "DENY"
    """What becomes of a message whose review failed, answered nonsense or took longer than that (fallbackResult)."""

    log: ChatLog | None = None
    connections: int = 1000
    """Sockets at once. The account's quota is 50,000, which one machine does not hold."""

    backlog: int = 256
    """What may wait for a client that reads slowly; one that lets more pile up loses its connection."""

    look_seconds: float = 0.5
    """How often sessions that are over are looked for."""

    clock: Clock = now

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def logging_configuration(self) -> str:
        """The ARN of what says where the room logs."""
        return f"{self.arn.rpartition(':')[0]}:logging-configuration/{self.id}"

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]
