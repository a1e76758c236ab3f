"""The minute's work is awake while a show is on, and asleep else."""

from lambdas.features.live.ledger import Settled, standing
from lambdas.platform.services import Services

WATCH = "live.watch"


def is_on(how: Settled) -> bool:
    """Whether somebody must look each minute: a stream comes in, or may still come back."""
    return how.air.run is not None


def stay_awake_while_on(how: Settled, services: Services) -> None:
    """Wake the minute's work where there is some."""
    if is_on(how):
        services.sleepers.wake(WATCH)


def sleep_unless_on(services: Services) -> None:
    """Put it to sleep, and wake it again where something began at that very moment."""
    services.sleepers.sleep(WATCH)
    # Whoever notes a start wakes it afterwards. Seen here or not: one of the two wakes it last.
    stay_awake_while_on(standing(services), services)
