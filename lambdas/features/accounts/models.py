"""What someone is in the middle of: proving an address, or the second half of signing in."""

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from lambdas.platform.tables import Table


class Step(Table):
    """One thing begun that a second request ends. Written for every request alike, whoever it names.

    `purpose` says what it is for. `email` as it was typed; `person_id` whose step it is, or who a new
    person will be. `attempts` counts wrong answers. `proven` stands once the right code has been given,
    `used` once its effect stands: no step has two. `data` is what else the second request needs.
    """

    class Meta:
        short_name = "account-steps"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    purpose = UnicodeAttribute()
    email = UnicodeAttribute(default="")
    name = UnicodeAttribute(default="")
    locale = UnicodeAttribute()
    person_id = UnicodeAttribute(default="")
    data = JSONAttribute(null=True)
    attempts = NumberAttribute(default=0)
    proven = BooleanAttribute(default=False)
    used = BooleanAttribute(default=False)
    created_at = UTCDateTimeAttribute()
    mailed_at = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")
    expires_at = TTLAttribute()
