"""What is kept of overlays: one row each for the secret address, the settings and the goal."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.platform.tables import Table

ADDRESS, SETTINGS, GOAL = "address", "settings", "goal"


class Overlay(Table):
    """One of the three. `version` grows with every change and is the condition of the next.

    Of the address: `nonce`, from which its secret is derived, and `digest`, by which the secret is known again. Neither
    opens anything by itself. Of the others: `content`.
    """

    class Meta:
        short_name = "overlays"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(default=1)
    nonce = UnicodeAttribute(null=True)
    digest = UnicodeAttribute(null=True)
    content = JSONAttribute(null=True)
    changed_by = UnicodeAttribute()
    changed_at = UTCDateTimeAttribute()
    correlation_id = UnicodeAttribute(default="")


def row(id: str) -> Overlay | None:
    """The row as it is, by a consistent read; None where nobody has made it yet."""
    try:
        return Overlay.get(id, consistent_read=True)
    except Overlay.DoesNotExist:
        return None
