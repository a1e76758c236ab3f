"""Letters about one's own account: what was done, when, and what to do if it was somebody else."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from lambdas.features.accounts.told import is_told, note_told
from lambdas.platform.mail import Undeliverable
from lambdas.platform.people import Person
from lambdas.platform.services import Services

SUSPICIOUS = frozenset(
    {
        *("password_changed", "second_factor_on", "second_factor_off", "recovery_renewed", "recovery_used"),
        *("passkey_added", "passkey_removed", "new_device", "deletion_asked"),
    }
)
"""Letters that say what to do if it was somebody else; after a change of address that is another way back."""


def tell(
    person: Person, kind: str, services: Services, *, reference: str, at: datetime, to: str, **details: Any
) -> None:
    """Mail `to` what happened to the person's account at `at` (`accounts.letters.<kind>`), once for each reference.

    A crash between SES's answer and our note sends one letter again, into the same thread.
    """
    if is_told(reference):
        return
    creator = services.creator
    letter = services.renderer().letter(
        "accounts/notice",
        creator.language_or_own(person.locale),
        {"kind": kind, "person": person, "at": at, "details": details, "SUSPICIOUS": SUSPICIOUS},
    )
    # Undeliverable: the mailbox is gone, or this AWS account may not mail strangers yet; no later try would change that.
    with suppress(Undeliverable):
        services.mail.send(letter, to=to, reply_to=creator.email, reference=reference)
    note_told(reference, services)
