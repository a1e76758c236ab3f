"""The `chat_review` function: whether a chat message may be seen, decided before anyone sees it.

IVS Chat calls it for each message and waits 200 ms, so it and what it imports need the standard library only. Invocation and answer
are IVS Chat's (User Guide, chat-message-review-handler): {"Content", "MessageId", "RoomArn", "Attributes", "Sender": {"UserId",
"Attributes", "Ip"}} and {"ReviewResult": "ALLOW" | "DENY", "Content", "Attributes"}.

A denial says why in `Attributes.Reason`, which reaches the sender in the text of error 406: "empty", "long" (over 500 code points),
"members" (only members may write), "links", "words", "muted" (for a time or for good), "slow:<seconds to wait>". Trouble of its own is
raised, so that the room's fallback result decides.

It reads what the chat feature writes, in two tables of the creator whose id is in PRISM_CREATOR:

    prism-<creator>-chat-room     id (S) "room"
        slow_seconds (N)          between two messages of one person; 0 is off
        members_only (BOOL)
        words (L of S)            as a moderator lists them: see lambdas.core.chat_review.words
        links (S)                 who may send links: "everyone", "members", "team"
        version (N)               changes whenever the row does
    prism-<creator>-chat-people   id (S) the UserId
        last_at (N)               when the last message was taken, in milliseconds; written here and nowhere else
        muted_until (N)           no messages until then, in milliseconds; a ban is a number far away

What is not there is no rule. The room's row is kept for five seconds. A person's row is changed by one conditional write a message, so
that slow mode and bans hold however many instances there are. Who a sender is stands in the attributes of their chat token: "role" is
"team", "member" or "fan" (anything else is a fan); the team is muted like everyone else, and free of all other rules.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.core.chat_review.content import clean
from lambdas.core.chat_review.dynamodb import ConditionFailed, DynamoDB
from lambdas.core.chat_review.rules import TEAM, Rules, denial

KEPT_SECONDS = 5.0

_NOT_MUTED = "(attribute_not_exists(muted_until) OR muted_until < :now)"
_NOT_TOO_SOON = "(attribute_not_exists(last_at) OR last_at <= :before)"


class Reviewer:
    """Reviews the messages of one creator's room. `clock` gives seconds since 1970."""

    def __init__(self, environ: Mapping[str, str], *, clock: Callable[[], float] = time.time) -> None:
        creator = environ["PRISM_CREATOR"]
        self.store = DynamoDB(environ)
        self._room = f"prism-{creator}-chat-room"
        self._people = f"prism-{creator}-chat-people"
        self._clock = clock
        self._kept: tuple[float, Rules] | None = None

    def review(self, invocation: Mapping[str, Any]) -> dict[str, Any]:
        """IVS Chat's answer to an invocation. Raises where it cannot decide."""
        sender = invocation["Sender"]
        role = (sender.get("Attributes") or {}).get("role", "")
        content = clean(invocation["Content"])
        rules = self.rules()
        reason = denial(content, role=role, rules=rules)
        if not reason:
            reason = self._admit(sender["UserId"], slow_seconds=0 if role == TEAM else rules.slow_seconds)
        if reason:
            return {"ReviewResult": "DENY", "Content": invocation["Content"], "Attributes": {"Reason": reason}}
        return {"ReviewResult": "ALLOW", "Content": content, "Attributes": dict(invocation.get("Attributes") or {})}

    def rules(self) -> Rules:
        """The room's rules, at most five seconds old."""
        now = self._clock()
        if self._kept is None or not self._kept[0] <= now < self._kept[0] + KEPT_SECONDS:
            self._kept = (now, Rules(self.store.get(self._room, {"id": "room"})))
        return self._kept[1]

    def _admit(self, user_id: str, *, slow_seconds: int) -> str:
        """Note that a person writes now; why they may not, "" where they may."""
        now = int(self._clock() * 1000)
        values = {":now": now}
        condition = _NOT_MUTED
        if slow_seconds:
            values[":before"] = now - slow_seconds * 1000
            condition = f"{_NOT_MUTED} AND {_NOT_TOO_SOON}"
        try:
            self.store.update(
                self._people, {"id": user_id}, update="SET last_at = :now", condition=condition, values=values
            )
        except ConditionFailed as failed:
            if failed.item.get("muted_until", -1) >= now:
                return "muted"
            if failed.repeated and failed.item["last_at"] == now:
                return ""  # the write that was sent twice met itself
            wait = failed.item["last_at"] + slow_seconds * 1000 - now
            return f"slow:{max(1, -int(-wait // 1000))}"
        return ""


_reviewer: Reviewer | None = None


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    global _reviewer
    if _reviewer is None:
        _reviewer = Reviewer(os.environ)
    return _reviewer.review(event)


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    # In Lambda only: what the first message needs is fetched while the function starts, when it has the most processor time.
    try:
        _reviewer = Reviewer(os.environ)
        _reviewer.rules()
    except Exception as error:
        print(f"the room's rules could not be read at the start: {type(error).__name__}")
