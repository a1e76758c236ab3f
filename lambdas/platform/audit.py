"""What was done: who did what to what, from where, before and after. Written with the change, never changed.

The functions may add to this table and read it, and nothing else (`append_only`: their rights say so).
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.core.ids import new_id
from lambdas.platform.tables import Table

if TYPE_CHECKING:
    from lambdas.platform.visit import Visit

KEPT = timedelta(days=730)


class AuditEntry(Table):
    """One thing that someone did, in the month it was done ("2026-03"), in the order of time.

    `before` and `after` are JSON objects; `agent` and `address` where from.
    """

    class Meta:
        short_name = "audit-log"
        append_only = True

    month = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    at = UTCDateTimeAttribute()
    actor = UnicodeAttribute()
    actor_name = UnicodeAttribute()
    role = UnicodeAttribute()
    action = UnicodeAttribute()
    subject = UnicodeAttribute()
    before = UnicodeAttribute(default="{}")
    after = UnicodeAttribute(default="{}")
    address = UnicodeAttribute(default="")
    agent = UnicodeAttribute(default="")
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute()


def entry(
    visit: "Visit",
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """What the signed-in person does ("team.role.changed" to "per_…"), to be saved in one transaction with it.

    `before` and `after` hold what changed, JSON-ready, without secrets.
    """
    assert visit.session is not None, "only who is signed in does anything that is audited"
    now = visit.services.clock()
    return AuditEntry(
        f"{now:%Y-%m}",
        new_id("aud", at=now),
        at=now,
        actor=visit.session.person_id,
        actor_name=visit.person.name,
        role=visit.standing.role,
        action=action,
        subject=subject,
        before=_json(before),
        after=_json(after),
        address=visit.address,
        agent=visit.agent,
        correlation_id=visit.correlation_id,
        expires_at=now + KEPT,
    )


def _json(value: Mapping[str, Any] | None) -> str:
    return json.dumps(dict(value or {}), ensure_ascii=False, sort_keys=True)
