"""What is on air: one row, written by the feature `live` and read by whoever needs to know.

The row says which show is on (or was, until its grace is over), whom it is for, and by which stream. So chat, overlays
and whatever else belongs to a show ask here, and never the feature.
"""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.core.entitlements import AUDIENCES, Rule
from lambdas.platform.tables import Table

CHANNEL = "channel"
"""The row of a creator's one channel."""


class Broadcast(Table):
    """`stream_id` is the stream that comes in now, absent where none does. `show_id` is there from a show's first stream until
    it has ended; `lost_at` while its stream is gone and may come back. `audience` and `tiers` are the show's, or, while none is
    on, those of the next one. `next_at` is when the next show is planned to begin, absent where none is. `before_until` is when the
    show before was over, its grace included: what was said until then was said to others. `version` grows with every change.
    """

    class Meta:
        short_name = "broadcast"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    stream_id = UnicodeAttribute(null=True)
    show_id = UnicodeAttribute(null=True)
    title = UnicodeAttribute(default="")
    live_since = UTCDateTimeAttribute(null=True)
    lost_at = UTCDateTimeAttribute(null=True)
    audience = UnicodeAttribute(default="everyone")
    tiers: "ListAttribute[str]" = ListAttribute(null=True)
    next_at = UTCDateTimeAttribute(null=True)
    before_until = UTCDateTimeAttribute(null=True)
    version = NumberAttribute(default=0)

    @property
    def rule(self) -> Rule:
        """Whom it is for. A word that this release does not know is for members only: rather too few than too many."""
        audience = next((one for one in AUDIENCES if one == self.audience), AUDIENCES[-1])
        return Rule(audience=audience, tiers=tuple(self.tiers or ()))

    @property
    def on_air(self) -> bool:
        """Whether a stream comes in now."""
        return self.stream_id is not None


def broadcast(*, consistent: bool = True) -> Broadcast:
    """The row as it is, or as it is before anything was ever on."""
    try:
        return Broadcast.get(CHANNEL, consistent_read=consistent)
    except Broadcast.DoesNotExist:
        return Broadcast(CHANNEL)
