"""The messages that came through the contact form, and what was answered."""

from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from lambdas.platform.tables import Table

OPEN, ANSWERED, ARCHIVED, SPAM, DELETED = STATES = ("open", "answered", "archived", "spam", "deleted")
"""Where a message is. A deleted one can be brought back until the table forgets it, a day later."""

WAITING, SENT, UNDELIVERABLE = "waiting", "sent", "undeliverable"


class Undelivered(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Messages whose mails have not all gone out: `undelivered` stands on those only, so the index is nearly always empty."""

    class Meta:
        index_name = "undelivered"
        projection = KeysOnlyProjection()

    undelivered = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute(range_key=True)


class Inbox(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Messages by where they are, in the order they came; the address is there to find all of one sender's.

    It holds nothing that changes but its key: what is noted on a message costs the index nothing.
    """

    class Meta:
        index_name = "inbox"
        projection = IncludeProjection(["email"])

    state = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute(range_key=True)
    email = UnicodeAttribute()


class Answer(MapAttribute[str, object]):
    """What somebody of the team wrote back. `by` is a person's id, `outcome` what became of the mail."""

    id = UnicodeAttribute()
    by = UnicodeAttribute()
    body = UnicodeAttribute()
    written_at = UTCDateTimeAttribute()
    outcome = UnicodeAttribute(default=WAITING)
    mailed_at = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")


class Message(Table):
    """One message and its answers: one item, so that what is deleted is deleted with all of it.

    `version` grows with whatever a person does and is the condition of the next; what the worker notes
    (`mailed_at`, `confirmation`, an answer's outcome) leaves it alone. `changed_by` and `changed_at` say
    who did the last of it. `kept_until` is there while it is deleted: when it would have expired.
    A message from before there was an inbox has no `state`: it counts as open, and is listed from the
    first time somebody does something with it.
    """

    class Meta:
        short_name = "contact-messages"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    received_at = UTCDateTimeAttribute()
    name = UnicodeAttribute()
    email = UnicodeAttribute()
    subject = UnicodeAttribute(default="")
    body = UnicodeAttribute()
    locale = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    correlation_id = UnicodeAttribute(default="")
    state = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    answers: "ListAttribute[Answer]" = ListAttribute(of=Answer, null=True)
    changed_by = UnicodeAttribute(null=True)
    changed_at = UTCDateTimeAttribute(null=True)
    kept_until = UTCDateTimeAttribute(null=True)
    undelivered = UnicodeAttribute(null=True)
    mailed_at = UTCDateTimeAttribute(null=True)
    confirmation = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()

    index = Undelivered()
    inbox = Inbox()

    @property
    def place(self) -> str:
        """Where it is, also where nothing says so yet."""
        return self.state or OPEN

    @property
    def conversation(self) -> tuple[Answer, ...]:
        """The answers, in the order they were written."""
        return tuple(self.answers or ())
