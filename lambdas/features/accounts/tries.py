"""How often somebody may try: 5 times in 15 minutes for one account, and from one address."""

from datetime import datetime, timedelta
from typing import Literal

from lambdas.platform.limits import Hit, Limit
from lambdas.platform.people import Person, canonical
from lambdas.platform.services import Services

NETWORK_TIMES = 50
"""From a whole /48 of IPv6, which anybody is given for nothing: its 65,536 parts are each an address to us."""

MAILS_A_DAY = 20
"""So many codes at most are mailed to one address in a day, whoever asks for them and from wherever."""

GUESSES_A_DAY = 20
"""So many wrong codes of a second factor at most, wherever they come from: what is right is given back."""

Kind = Literal["sign-in", "passkey", "mailed-code", "second-factor"]
TIMES = 5
PER = timedelta(minutes=15)


_A_DAY = Limit(name="mailed-code-a-day", times=MAILS_A_DAY, per=timedelta(days=1))


def count(kind: Kind, *, email: str, address: str, services: Services) -> tuple[Hit, ...]:
    """Count one more try, before anything is proved; TooManyRequests where it is one too many.

    The address comes first: one that may not try any more costs the account's owner nothing.
    """
    hits = count_address(kind, address=address, services=services)
    hits += (services.limits.hit(Limit(name=f"{kind}-of-account", times=TIMES, per=PER), canonical(email)),)
    if kind == "mailed-code":
        hits += (services.limits.hit(_A_DAY, canonical(email)),)
    return hits


def count_address(kind: Kind, *, address: str, services: Services) -> tuple[Hit, ...]:
    """The same where nothing can be guessed: only the address counts."""
    network = _network_of(address)
    wide = Limit(name=f"{kind}-of-network", times=NETWORK_TIMES, per=PER)
    hits = (services.limits.hit(wide, network),) if network else ()
    return (*hits, services.limits.hit(Limit(name=f"{kind}-of-address", times=TIMES, per=PER), address))


def count_person(kind: Kind, person: Person, *, services: Services) -> tuple[Hit, ...]:
    """The same for somebody whose password has been proved already: only their own tries count, by the day too.

    Six digits are few: whoever knows the password could try for years. With a new password counting begins
    anew, so that a thief who used up the tries has not shut out the one who owns the mailbox.
    """
    changed_at: datetime | None = person.password_changed_at
    whose = f"{person.id}/{changed_at.isoformat() if changed_at is not None else ''}"
    hits = (services.limits.hit(Limit(name=f"{kind}-of-account", times=TIMES, per=PER), whose),)
    a_day = Limit(name=f"{kind}-of-account-a-day", times=GUESSES_A_DAY, per=timedelta(days=1))
    return (*hits, services.limits.hit(a_day, whose))


def give_back(hits: tuple[Hit, ...], *, services: Services) -> None:
    """Forget these tries, and only these: they succeeded, or were never answered."""
    for hit in hits:
        services.limits.give_back(hit)


def _network_of(address: str) -> str:
    """The /48 around a viewer's /64 of IPv6; empty for an IPv4 address, of which there are few enough."""
    if ":" not in address:
        return ""
    import ipaddress  # here: a cold start needs it for nobody else

    return str(ipaddress.ip_network(address).supernet(new_prefix=48))
