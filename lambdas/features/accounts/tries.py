"""How often somebody may try: 5 times in 15 minutes for one account, and from one address."""

from datetime import timedelta
from typing import Literal

from lambdas.platform.limits import Hit, Limit
from lambdas.platform.people import canonical
from lambdas.platform.services import Services

Kind = Literal["sign-in", "passkey", "mailed-code", "second-factor"]
TIMES = 5
PER = timedelta(minutes=15)


def count(kind: Kind, *, email: str, address: str, services: Services) -> tuple[Hit, ...]:
    """Count one more try, before anything is proved; TooManyRequests where it is one too many.

    The address comes first: one that may not try any more costs the account's owner nothing.
    """
    of_address = services.limits.hit(Limit(name=f"{kind}-of-address", times=TIMES, per=PER), address)
    of_account = services.limits.hit(Limit(name=f"{kind}-of-account", times=TIMES, per=PER), canonical(email))
    return of_address, of_account


def count_address(kind: Kind, *, address: str, services: Services) -> tuple[Hit, ...]:
    """The same where nothing can be guessed: only the address counts."""
    return (services.limits.hit(Limit(name=f"{kind}-of-address", times=TIMES, per=PER), address),)


def count_person(kind: Kind, *, person_id: str, services: Services) -> tuple[Hit, ...]:
    """The same for somebody whose password has been proved already: only their own tries count."""
    return (services.limits.hit(Limit(name=f"{kind}-of-account", times=TIMES, per=PER), person_id),)


def give_back(hits: tuple[Hit, ...], *, services: Services) -> None:
    """Forget these tries, and only these: they succeeded, or were never answered."""
    for hit in hits:
        services.limits.give_back(hit)
