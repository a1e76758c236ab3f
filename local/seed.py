"""Fictional data for the demo creator, put in through the real functions, once.

A feature that wants some has a line in `SEEDS`.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import boto3

from lambdas.core.creator import Creator
from lambdas.features.live.ledger import read_books
from lambdas.web import edge
from local import demo_recording, http_api
from local.demo_people import DEMO, PEOPLE, DemoPerson
from local.platform import Platform

TOKEN_SECONDS = 2.5
"""A contact form's token is taken from its second second on; nobody types faster."""

MAIL_SECONDS = 30.0
"""How long a mail is waited for."""

_LOOK_SECONDS = 0.2
_CODE = r"^\s*([0-9]{4} ?[0-9]{4})\s*$"
_TOKEN = r"[?&]token=([^\s&]+)"


class Interrupted(Exception):
    """The platform is being stopped."""


@dataclass(kw_only=True)
class Visitor:
    """Asks the functions as a browser would through CloudFront, from an address that is set aside for examples."""

    functions: Mapping[str, http_api.Function]
    routes: tuple[edge.Route, ...]
    host: str
    origin_secret: str = field(repr=False)
    address: str
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def ask(self, method: str, path: str, sent: Any = None, **headers: str) -> Any:
        """The JSON that is answered; Refused where it is no success. Cookies are kept and sent back."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if sent is not None:
            given["content-type"] = "application/json"
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = http_api.Request(
            method=method,
            path=path,
            query="",
            headers=(
                (edge.ORIGIN_SECRET_HEADER, self.origin_secret),
                (edge.VIEWER_ADDRESS_HEADER, f"{self.address}:40000"),
                (edge.VIEWER_HOST_HEADER, self.host),
                ("origin", f"https://{self.host}"),
                *given.items(),
            ),
            body=b"" if sent is None else json.dumps(sent).encode(),
        )
        found = http_api.match(self.routes, path)
        event = http_api.event_of(
            request,
            found,
            account="000000000000",
            domain="local.execute-api.localhost",
            source=self.address,
            at=datetime.now(UTC),
        )
        answer = http_api.answer_of(self.functions[found.route.function](event, None))
        if answer.status >= 300:
            raise Refused(method, path, answer)
        self._keep(answer)
        return json.loads(answer.body)

    def _keep(self, answer: http_api.Answer) -> None:
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, content = cookie.partition("=")
                if "max-age=0" in rest.lower():
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = content


class Refused(RuntimeError):
    """The platform did not do what was asked; `code` says why."""

    def __init__(self, method: str, path: str, answer: http_api.Answer) -> None:
        super().__init__(f"{method} {path} answered {answer.status}: {answer.body.decode()}")
        self.code = str(json.loads(answer.body).get("code", ""))


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What fills a feature: the creator, visitors who each come from elsewhere, and the mailboxes of all.

    `mails` gives the texts of all mails to an address, the newest first. `channel` is the ARN of the creator's channel (empty:
    live is off), `media` the name of the bucket that it records to.
    """

    creator: Creator
    channel: str = ""
    media: str = ""
    visitors: tuple[Visitor, ...]
    mails: Callable[[str], list[str]]
    stop: threading.Event

    def wait(self, seconds: float) -> None:
        """Interrupted where it was told to stop meanwhile."""
        if self.stop.wait(seconds):
            raise Interrupted

    def found(self, address: str, pattern: str) -> list[str]:
        """What the pattern's group finds in the mails to an address, the newest first."""
        matches = (re.search(pattern, mail, re.MULTILINE) for mail in self.mails(address))
        return [match[1] for match in matches if match]

    def found_after(self, address: str, pattern: str, act: Callable[[], object]) -> str:
        """What is found in the mail that `act` causes; TimeoutError where none comes."""
        before = len(self.found(address, pattern))
        act()
        for _ in range(int(MAIL_SECONDS / _LOOK_SECONDS)):
            there = self.found(address, pattern)
            if len(there) > before:
                return there[0]
            self.wait(_LOOK_SECONDS)
        raise TimeoutError(f"no mail has come to {address}")


def seed(
    creator: Creator,
    *,
    platform: Platform,
    active: frozenset[str],
    routes: tuple[edge.Route, ...],
    functions: Mapping[str, http_api.Function],
    mails: Callable[[str], list[str]],
    stop: threading.Event,
    channel: str = "",
) -> tuple[str, ...]:
    """Fill what is not filled yet of the demo creator's active features; the names of those filled now.

    Other creators begin empty. What is cut short is done at the next start.
    """
    filled = []
    for name, put_in in SEEDS.items() if creator.id == DEMO else ():
        mark = f"seed/{name}"
        if name not in active or (name in NEED_A_CHANNEL and not channel) or platform.checkpoints.read(mark):
            continue
        visitors = tuple(
            Visitor(
                functions=functions,
                routes=routes,
                host=creator.domain,
                origin_secret=platform.keys.origin_secret,
                address=f"203.0.113.{last}",
            )
            for last in range(1, 255)
        )
        try:
            put_in(
                Demo(
                    creator=creator,
                    channel=channel,
                    media=platform.media,
                    visitors=visitors,
                    mails=mails,
                    stop=stop,
                )
            )
        except Interrupted:
            break
        platform.checkpoints.write(mark, "done")
        filled.append(name)
    return tuple(filled)


def _messages(demo: Demo) -> None:
    """Messages through the contact form, each from a visitor of their own."""
    tokens = [
        visitor.ask("GET", "/api/contact/token")["token"] for visitor, _ in zip(demo.visitors, MESSAGES, strict=False)
    ]
    demo.wait(TOKEN_SECONDS)
    for number, (visitor, token, message) in enumerate(zip(demo.visitors, tokens, MESSAGES, strict=False)):
        # The key makes one message of two where the last start was cut short.
        visitor.ask("POST", "/api/contact", {**message, "token": token}, idempotency_key=f"demo-{number:08d}")


def _people(demo: Demo) -> None:
    """Everyone of `PEOPLE`, as people come: they sign up, read their mail, are invited and join."""
    browsers = {person.role: demo.visitors[-1 - number] for number, person in enumerate(PEOPLE)}
    for person in PEOPLE:
        _enter(demo, person, browsers[person.role])
    for person in PEOPLE:
        if person.role not in {"owner", "fan"}:
            _join(demo, person, owner=browsers["owner"], browser=browsers[person.role])


def _enter(demo: Demo, person: DemoPerson, browser: Visitor) -> None:
    """Signed in, with a new account where there is none yet."""
    address = person.address(str(demo.creator.email))
    try:
        browser.ask("POST", "/api/auth/sign-in", {"email": address, "password": person.password})
    except Refused as refused:
        if refused.code != "wrong_credentials":
            raise
        wish = {"email": address, "name": person.name, "language": person.language}
        code = demo.found_after(address, _CODE, lambda: browser.ask("POST", "/api/auth/sign-up", wish))
        browser.ask("POST", "/api/auth/confirm", {"code": code, "password": person.password})


def _join(demo: Demo, person: DemoPerson, *, owner: Visitor, browser: Visitor) -> None:
    """On the team, in their role."""
    if browser.ask("GET", "/api/me")["person"]["role"] == person.role:
        return
    wish = {"email": person.email, "role": person.role, "locale": person.language}
    # Where the last start was cut short the invitation is there already.
    tokens = demo.found(person.email, _TOKEN)
    token = (
        tokens[0]
        if tokens
        else demo.found_after(person.email, _TOKEN, lambda: owner.ask("POST", "/studio/team/invite/", wish))
    )
    browser.ask("POST", "/api/auth/invitation", {"token": unquote(token)})


def _recording(demo: Demo) -> None:
    """A recording of the channel, made a video, named and published by the owner."""
    owner = demo.visitors[-10]
    _enter(demo, PEOPLE[0], owner)
    worker = owner.functions["worker"]
    id = demo_recording.record(demo.channel, bucket=demo.media, s3=boto3.client("s3"), worker=worker)
    # What is said of it first, then that it is published: each once, also where the last start was cut short.
    for path, wish in (("details", demo_recording.WORDS), ("state", {"state": "published"})):
        _as_version(demo, owner, f"/studio/videos/{id}/{path}", wish, version=1 if path == "details" else 2)


def _as_version(demo: Demo, browser: Visitor, path: str, wish: Mapping[str, Any], *, version: int) -> None:
    """Do something with what is at a version, as soon as it is there; nothing where it is past that."""
    for _ in range(int(MAIL_SECONDS / _LOOK_SECONDS)):
        try:
            browser.ask("POST", path, {**wish, "version": version})
        except Refused as refused:
            if refused.code == "changed_meanwhile":
                return
            # Not there yet, or still being prepared.
            if refused.code not in {"not_found", "video_not_now"}:
                raise
            demo.wait(_LOOK_SECONDS)
        else:
            return
    raise TimeoutError("the recording has not become a video")


def _show(demo: Demo) -> None:
    """A show on the next Thursday evening, where the creator lives."""
    zone = ZoneInfo(demo.creator.timezone)
    today = datetime.now(zone).date()
    # Thursday is 3; on a Thursday it is the one after, for this evening may be over.
    thursday = today + timedelta(days=(3 - today.weekday() - 1) % 7 + 1)
    evening = datetime.combine(thursday, time(20))
    # Where the last start was cut short it is planned already.
    if any(one.starts_at == evening.replace(tzinfo=zone) for one in read_books()[1].planned):
        return
    owner = demo.visitors[-20]
    _enter(demo, PEOPLE[0], owner)
    owner.ask("POST", "/studio/live/shows/new/", {**SHOW, "starts_at": f"{evening:%Y-%m-%dT%H:%M}"})


SHOW: Mapping[str, Any] = {
    "title": "Lighthouse songs, from the small hall that does not exist",
    "description": "Eleven songs, one story about a ferry, and whatever you wish for in the chat. Everything here is made up.",
    "category": "Music",
    "minutes": 90,
}

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

SEEDS: Mapping[str, Callable[[Demo], None]] = {
    "contact": _messages,
    "accounts": _people,
    "live": _show,
    "videos": _recording,
}
"""What fills a feature, by its name."""

NEED_A_CHANNEL = frozenset({"videos"})
