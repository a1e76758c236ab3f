"""Rate limits that hold across every instance of a function.

A sliding window, exact: one item a subject holds the moments of its hits within the window. A hit
is one conditional write that adds its moment while fewer than the limit are there, so two instances
can never both take the last place. Only when the set is full is it read, and moments that have
left the window are removed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pynamodb.attributes import NumberSetAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import size

from lambdas.core.clock import Clock
from lambdas.core.errors import TooManyRequests
from lambdas.core.ids import pseudonym
from lambdas.platform.tables import Table

# A hit is stored as its millisecond and six random digits: two in one millisecond must stay two.
_PER_MILLISECOND = 1_000_000
_PER_SECOND = 1000 * _PER_MILLISECOND
_TRIES = 5


class Hits(Table):
    """The moments of one subject's hits against one limit: nanoseconds since 1970, the last six digits random."""

    class Meta:
        short_name = "rate-limits"

    subject = UnicodeAttribute(hash_key=True)
    moments = NumberSetAttribute()
    expires_at = TTLAttribute()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `times` in any window `per`. `name` tells limits apart: each counts alone."""

    name: str
    times: int
    per: timedelta


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One hit that was counted; `RateLimiter.give_back` takes it."""

    subject: str
    moment: int


@dataclass(frozen=True, kw_only=True)
class RateLimiter:
    """Counts hits; `key` gives the secret that keeps addresses out of the table (only their HMAC is stored)."""

    clock: Clock
    key: Callable[[], str]

    def hit(self, limit: Limit, who: str) -> Hit:
        """Count one hit of `who` (a person's id or an address); TooManyRequests when the window is full.

        One write (two when the window was full), and nothing is counted for a refused hit.
        """
        now = int(self.clock().timestamp() * 1000) * _PER_MILLISECOND
        moment = now + secrets.randbelow(_PER_MILLISECOND)
        item = Hits(self._subject(limit, who))
        window_start = now - int(limit.per.total_seconds() * _PER_SECOND)
        moments: set[float] = set()
        for _ in range(_TRIES):
            if self._add(item, limit, moment):
                return Hit(subject=item.subject, moment=moment)
            try:
                item.refresh(consistent_read=True)
            except Hits.DoesNotExist:
                continue  # it has just expired
            moments = item.moments or set()
            gone = {m for m in moments if _whole(m) <= window_start}
            if gone:
                item.update(actions=[Hits.moments.delete(gone)])
            elif len(moments) >= limit.times:
                break
            # Here, or in another instance meanwhile, what was old has been removed: there may be a place again.
        oldest = min((_whole(m) for m in moments if _whole(m) > window_start), default=now)
        wait = -((window_start - oldest) // _PER_SECOND)
        raise TooManyRequests(retry_after=max(1, wait))

    def give_back(self, hit: Hit) -> None:
        """Forget one hit, as if it had never been; a second time changes nothing, and other hits stay. One write."""
        try:
            Hits(hit.subject).update(actions=[Hits.moments.delete({hit.moment})], condition=Hits.subject.exists())
        except UpdateError as error:
            # It has left its window, and the row was deleted with it.
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def _add(self, item: Hits, limit: Limit, moment: int) -> bool:
        free = Hits.moments.does_not_exist() | (size("moments") < limit.times)  # type: ignore[no-untyped-call]
        try:
            item.update(
                actions=[
                    Hits.moments.add({moment}),
                    Hits.expires_at.set(self.clock() + limit.per + timedelta(minutes=5)),
                ],
                condition=free,
            )
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _subject(self, limit: Limit, who: str) -> str:
        return f"{limit.name}#{pseudonym(who, key=self.key())}"


def _whole(moment: float) -> int:
    """The moment without its random digits: a hit leaves the window by its millisecond."""
    return int(moment) - int(moment) % _PER_MILLISECOND


def address_subject(address: str) -> str:
    """What counts as one viewer: an IPv4 address, or the /64 that one household has of IPv6."""
    import ipaddress

    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
