"""Changing a person's row: no change is lost, whoever else changes it at the same time."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from lambdas.core.errors import Conflict, NotSignedIn, PreconditionFailed
from lambdas.platform.people import Person

ASKED, GOING = "asked", "going"
"""`Person.leaving`: the deletion can be taken back; the worker has begun it, and it cannot."""

_TRIES = 8
_CHANGED = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})

Decision = Callable[[Person], Sequence[Action] | None]
"""What to write to the row as it stands; None for nothing. It may raise: then nothing is written."""


def change(person: Person, decide: Decision, *, correlation_id: str) -> None:
    """Write what `decide` makes of the row, and `version` with it; decided anew where another change came between.

    `person` is then the row as it stands. NotSignedIn where the account is gone.
    """
    for _ in range(_TRIES):
        if person.leaving == GOING:
            raise NotSignedIn("This account is being deleted.", fix="Sign up again whenever you like.")
        actions = decide(person)
        if not actions:
            return
        noted = [Person.version.set(Person.version + 1), Person.correlation_id.set(correlation_id)]
        try:
            person.update(actions=[*actions, *noted], condition=Person.version == person.version)
        except UpdateError as error:
            if error.cause_response_code not in _CHANGED:
                raise
            read_again(person)
        else:
            return
    raise Conflict("Your account is being changed from several places.", fix="Try again in a moment.")


def read_again(person: Person) -> None:
    """The row as it stands now; NotSignedIn where the account is gone."""
    try:
        person.refresh(consistent_read=True)
    except Person.DoesNotExist:
        raise NotSignedIn("This account is gone.", fix="Sign in with another one.") from None


def seen(*values: Any) -> str:
    """What a form shows of a row, in short: the form sends it back, and `still` tells whether that still stands.

    It is about these values only: a picture that is ready while a name is being typed stands in nobody's way.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def still(shown: str, *values: Any) -> None:
    """PreconditionFailed where these are not what the form had shown."""
    if shown != seen(*values):
        raise PreconditionFailed(fix="Look at what stands now, then save again.")
