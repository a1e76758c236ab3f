"""The messages that came through the contact form."""

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.platform.tables import Table


class Undelivered(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Messages whose mails have not all gone out: `undelivered` stands on those only, so the index is nearly always empty."""

    class Meta:
        index_name = "undelivered"
        projection = KeysOnlyProjection()

    undelivered = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute(range_key=True)


class FromSender(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Messages by who sent them: what someone who asks for all that is known of them, or leaves, has written."""

    class Meta:
        index_name = "from-sender"
        projection = KeysOnlyProjection()

    sender = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute(range_key=True)


class Message(Table):
    """`sender` is the address as a key (`people.canonical`), `email` as it was typed."""

    class Meta:
        short_name = "contact-messages"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute()
    name = UnicodeAttribute()
    email = UnicodeAttribute()
    sender = UnicodeAttribute(null=True)
    subject = UnicodeAttribute(default="")
    body = UnicodeAttribute()
    locale = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    correlation_id = UnicodeAttribute(default="")
    undelivered = UnicodeAttribute(null=True)
    mailed_at = UTCDateTimeAttribute(null=True)
    confirmation = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()

    index = Undelivered()
    from_sender = FromSender()
