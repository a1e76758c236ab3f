"""Fictional data for the demo creator, put in through the real API, once.

A feature that wants some has a line in `SEEDS`.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lambdas.core.creator import Creator
from lambdas.web import edge
from local import http_api
from local.platform import Platform

DEMO = "demo"
TOKEN_SECONDS = 2.5
"""A contact form's token is taken from its second second on; nobody types faster."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Asks the API as a visitor would through CloudFront, from an address that is set aside for examples."""

    function: http_api.Function
    routes: tuple[edge.Route, ...]
    origin_secret: str = field(repr=False)
    address: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """The JSON that the API answers; RuntimeError where it refuses."""
        request = http_api.Request(
            method=method,
            path=path,
            query="",
            headers=(
                (edge.ORIGIN_SECRET_HEADER, self.origin_secret),
                (edge.VIEWER_ADDRESS_HEADER, f"{self.address}:40000"),
                *((name.replace("_", "-"), value) for name, value in headers.items()),
            ),
            body=body,
        )
        event = http_api.event_of(
            request,
            http_api.match(self.routes, path),
            account="000000000000",
            domain="local.execute-api.localhost",
            source=self.address,
            at=datetime.now(UTC),
        )
        answer = http_api.answer_of(self.function(event, None))
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {answer.body.decode()}")
        return json.loads(answer.body)


def seed(
    creator: Creator,
    *,
    platform: Platform,
    active: frozenset[str],
    routes: tuple[edge.Route, ...],
    function: http_api.Function,
    stop: threading.Event,
) -> tuple[str, ...]:
    """Fill what is not filled yet of the demo creator's active features; the names of those filled now.

    Other creators begin empty. What is cut short is done at the next start.
    """
    filled = []
    for name, put_in in SEEDS.items() if creator.id == DEMO else ():
        mark = f"seed/{name}"
        if name not in active or platform.checkpoints.read(mark):
            continue
        visitors = [
            Visitor(
                function=function, routes=routes, origin_secret=platform.keys.origin_secret, address=f"203.0.113.{last}"
            )
            for last in range(1, 255)
        ]
        if put_in(visitors, stop):
            platform.checkpoints.write(mark, "done")
            filled.append(name)
    return tuple(filled)


def _messages(visitors: list[Visitor], stop: threading.Event) -> bool:
    """Messages through the contact form, each from a visitor of their own; False where told to stop before the end."""
    tokens = [visitor.ask("GET", "/api/contact/token")["token"] for visitor, _ in zip(visitors, MESSAGES, strict=False)]
    if stop.wait(TOKEN_SECONDS):
        return False
    for number, (visitor, token, message) in enumerate(zip(visitors, tokens, MESSAGES, strict=False)):
        body = json.dumps({**message, "token": token}).encode()
        # The key makes one message of two where the last start was cut short.
        visitor.ask("POST", "/api/contact", body, content_type="application/json", idempotency_key=f"demo-{number:08d}")
    return True


MESSAGES: tuple[Mapping[str, str], ...] = (
    {
        "name": "Ada Example",
        "email": "ada@example.com",
        "subject": "The song about the lighthouse",
        "message": "It was the first thing I heard this morning and it is still there. Will it be on a record one day?\n\nAda",
        "language": "en",
    },
    {
        "name": "Jonas Beispiel",
        "email": "jonas@example.org",
        "subject": "Donnerstag in der kleinen Halle",
        "message": "Gibt es für Donnerstag noch Karten an der Tür? Wir kämen zu dritt, einer davon ist sieben und kennt alle Texte.",
        "language": "de",
    },
    {
        "name": "Radio Nowhere",
        "email": "desk@example.net",
        "subject": "Ten minutes on the air",
        "message": "We run the late show for people who cannot sleep, and would love to have you on for ten minutes and one song. "
        "Any night but Thursday, we have understood that much.",
        "language": "en",
    },
    {
        "name": "Mo",
        "email": "mo@example.com",
        "subject": "",
        "message": "No question. Just: thank you.",
        "language": "en",
    },
)

SEEDS: Mapping[str, Callable[[list[Visitor], threading.Event], bool]] = {"contact": _messages}
"""What fills a feature, by its name."""
