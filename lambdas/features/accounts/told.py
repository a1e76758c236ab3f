"""Which letters have gone out, so that a change told twice mails once."""

from datetime import timedelta

from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from lambdas.platform.services import Services
from lambdas.platform.tables import Table

REMEMBERED = timedelta(days=30)
"""Longer than any change is told again: a stream forgets after a day, and its dead letters are looked at within two weeks."""


class Told(Table):
    """One letter that SES has taken, under its reference. It says neither to whom nor what."""

    class Meta:
        short_name = "account-letters"

    reference = UnicodeAttribute(hash_key=True)
    expires_at = TTLAttribute()


def is_told(reference: str) -> bool:
    try:
        Told.get(reference, consistent_read=True)
    except Told.DoesNotExist:
        return False
    return True


def note_told(reference: str, services: Services) -> None:
    Told(reference, expires_at=services.clock() + REMEMBERED).save()
