"""What follows a step: a mail."""

from collections.abc import Iterator

from lambdas.core.events import Change, Event
from lambdas.platform.services import Services


def what_happened(change: Change) -> Iterator[Event]:
    yield from ()


def deliver(event: Event, services: Services) -> None: ...
