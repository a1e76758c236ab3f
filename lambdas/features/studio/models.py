"""When who looked at the overview."""

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute

from lambdas.platform.tables import Table


class StudioVisit(Table):
    """One person's last visit: they were last seen at `seen_at`, and what came after `since` is new to them (all, at their first)."""

    class Meta:
        short_name = "studio-visits"

    person_id = UnicodeAttribute(hash_key=True)
    seen_at = UTCDateTimeAttribute()
    since = UTCDateTimeAttribute(null=True)
