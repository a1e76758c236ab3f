"""Invitations to the team that nobody has answered yet."""

from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute

from lambdas.platform.tables import Table
from lambdas.platform.team import TEAM


class Invitation(Table):
    """One address that is asked to join, under an id made of that address: nobody is invited twice at once.

    `nonce` tells this invitation from an earlier one to the same address. `wanted` counts the mails that were
    asked for, `mailed` those that have gone out. `role_name` is a custom role's name when the invitation was
    written: for the mail, no right follows from it.
    """

    class Meta:
        short_name = "team-invitations"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    team = UnicodeAttribute(hash_key=True, default=TEAM)
    id = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    role_name = UnicodeAttribute(default="")
    locale = UnicodeAttribute()
    nonce = UnicodeAttribute()
    invited_by = UnicodeAttribute()
    inviter_name = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    wanted = NumberAttribute(default=1)
    mailed = NumberAttribute(default=0)
    undeliverable = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute()
