"""The people who have an account: who they are here. What proves them (password, passkeys) is Cognito's.

A person is known to Cognito by their id and nothing else, so an address changes in one place.
"""

from collections.abc import Iterable, Mapping

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from lambdas.platform.tables import Table


class Leaving(GlobalSecondaryIndex["Person"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Those who asked to be deleted: `leaving` stands on those only."""

    class Meta:
        index_name = "leaving"
        projection = KeysOnlyProjection()

    leaving = UnicodeAttribute(hash_key=True)
    deletion_due = UTCDateTimeAttribute(range_key=True)


PERSON = "person"
"""What every person says of themselves, so that the newest are found without a scan."""


class Newcomers(GlobalSecondaryIndex["Person"]):  # type: ignore[no-untyped-call]  # pynamodb's hook has no type
    """Everyone, in the order in which they came."""

    class Meta:
        index_name = "newcomers"
        projection = KeysOnlyProjection()

    kind = UnicodeAttribute(hash_key=True)
    created_at = UTCDateTimeAttribute(range_key=True)


class Person(Table):
    """One account.

    `email` as its owner wrote it. `version` grows with every change and is the condition of the next.
    `preferences`: {"mail": {kind: bool}}. `second_factor`: what `lambdas.features.accounts` keeps of
    TOTP and recovery codes, never a secret. `passkeys`: [{"id", "name", "added_at"}].

    `upload` is a picture being prepared (what `pictures.keep_upload` gave), and `upload_fault` the code
    of why the last one could not be. `new_device`: {"session", "agent", "at"} of the last sign-in from a
    browser that was unknown. `email_changes`: when the address was changed, of those changes that its owner before may
    still undo. `leaving`: see `Leaving`.
    """

    class Meta:
        short_name = "people"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(default=PERSON)
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    locale = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    version = NumberAttribute(default=1)
    picture = UnicodeAttribute(null=True)
    preferences = JSONAttribute(null=True)
    second_factor = JSONAttribute(null=True)
    passkeys = JSONAttribute(null=True)
    upload = UnicodeAttribute(null=True)
    upload_fault = UnicodeAttribute(null=True)
    password_changed_at = UTCDateTimeAttribute(null=True)
    email_changed_at = UTCDateTimeAttribute(null=True)
    email_changes = JSONAttribute(null=True)
    new_device = JSONAttribute(null=True)
    leaving = UnicodeAttribute(null=True)
    deletion_due = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(default="")

    leavers = Leaving()
    newcomers = Newcomers()


class Address(Table):
    """Whose e-mail address it is: at most one person's, by this table's key."""

    class Meta:
        short_name = "people-addresses"

    email = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute()


def canonical(email: str) -> str:
    """The address as a key: two spellings that reach the same mailbox by RFC 1035 (case of the domain) and by custom (case of the rest) are one."""
    return email.strip().lower()


def find(email: str) -> str | None:
    """The id of the person with this address, by a consistent read; None where nobody has it."""
    try:
        return Address.get(canonical(email), consistent_read=True).person_id
    except Address.DoesNotExist:
        return None


def people_of(ids: Iterable[str]) -> Mapping[str, Person]:
    """The people of these ids who still have an account, by id; a moment behind the table."""
    wanted = list(dict.fromkeys(ids))
    return {person.id: person for person in Person.batch_get(wanted)} if wanted else {}


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """What they are called now, where they still have an account."""
    return {id: person.name for id, person in people_of(ids).items()}


def wants(person: Person, kind: str) -> bool:
    """Whether a person asked for this kind of mail ("live.started": the feature's name and the notice's)."""
    return bool(((person.preferences or {}).get("mail") or {}).get(kind))
