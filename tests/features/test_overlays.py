"""Overlays: who gets to see a source, what it is told, and what the studio does about it."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.core.entitlements import MEMBERSHIP
from lambdas.core.events import Change, Event
from lambdas.features.overlays import address as addresses
from lambdas.features.overlays import events
from lambdas.features.overlays.content import Goal, OverlaySettings, goal
from lambdas.features.overlays.models import ADDRESS, Overlay, row
from lambdas.platform import entitlements
from lambdas.platform.audit import AuditEntry
from lambdas.platform.ivschat import ChatToken
from lambdas.platform.keys import parameter
from lambdas.platform.people import Person
from tests.browsing import Browser, FormOf
from tests.people import a_person
from tests.platform_under_test import START, Answer, PlatformUnderTest

STUDIO = "/studio/overlays/"
KINDS = ("chat", "alerts", "goal")


@dataclass
class FakeRoom:
    """The room as the functions ask it; what it was asked."""

    endpoint: str = "wss://edge.ivschat.eu-central-1.amazonaws.com"
    tokens: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    disconnected: list[str] = field(default_factory=list)

    def token(self, user_id: str, **given: Any) -> ChatToken:
        self.tokens.append({"user": user_id, **given})
        now = datetime.now(UTC)
        return ChatToken("a-token", now + timedelta(minutes=1), now + timedelta(minutes=given["minutes"]))

    def send_event(self, name: str, attributes: dict[str, str]) -> None:
        assert all(isinstance(text, str) for pair in attributes.items() for text in pair), "a room event holds texts"
        assert len(json.dumps(attributes).encode()) <= 1024, "a room event holds 1 kB"
        self.events.append((name, dict(attributes)))

    def disconnect(self, user_id: str, *, reason: str) -> None:
        self.disconnected.append(user_id)


@pytest.fixture
def room(platform: PlatformUnderTest, monkeypatch: pytest.MonkeyPatch) -> FakeRoom:
    room = FakeRoom()
    monkeypatch.setitem(platform.services.__dict__, "room", room)
    return room


@pytest.fixture
def owner(platform: PlatformUnderTest) -> Browser:
    person = a_person(platform, role="owner", name="Olga Owner")
    return Browser(platform, cookies=platform.sign_in(person.id))


def press(browser: Browser, path: str, **fields: str) -> Answer:
    """A form of the studio, as without JavaScript."""
    return browser._sent(path, form=urlencode(fields))


def secret_now(platform: PlatformUnderTest) -> str:
    return addresses.address(platform.services.keys).secret


def made(owner: Browser) -> str:
    """The address, made in the studio; its secret."""
    assert press(owner, "/studio/overlays/address", version="0").status == 303
    return secret_now(owner.platform)


def on_stream(platform: PlatformUnderTest) -> Browser:
    return Browser(platform, address="198.51.100.9:5000", agent="OBS")


class Data(HTMLParser):
    """The `data-` attributes of a source."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self.tags: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if dict(attrs).get("data-overlay"):
            self.data = {name: value or "" for name, value in attrs}


def change(old: Overlay | None, new: Overlay | None, *, at: datetime = START) -> Change:
    return Change(table="overlays", old=old, new=new, at=at, sequence="1")


# -- the address ----------------------------------------------------------------------------------------------------------


def test_a_source_is_there_for_who_has_its_address_and_nobody_else(owner: Browser, room: FakeRoom) -> None:
    secret, obs = made(owner), on_stream(owner.platform)
    for kind in KINDS:
        answer = obs.get(f"/api/overlays/{secret}/{kind}")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert Data(answer.body).data["data-overlay"] == kind
        assert '<meta name="robots" content="noindex, nofollow">' in answer.body
        assert secret not in answer.body, "a page that is shown on stream does not say how it was come by"
    for wrong in (
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        secret[:-1],
        secret + "A",
        "x",
        "A" * 43,
        "A" * 150,
    ):
        for kind in KINDS:
            refused = obs.get(f"/api/overlays/{wrong}/{kind}")
            assert refused.status == 404
            assert Data(refused.body).data == {}
            assert "<header" not in refused.body, "nothing of a site's frame stands on a stream"
        assert obs.send(f"/api/overlays/{wrong}/token").status == 404
    assert room.tokens == []


def test_a_source_has_nothing_of_the_site_around_it(owner: Browser, room: FakeRoom) -> None:
    body = on_stream(owner.platform).get(f"/api/overlays/{made(owner)}/chat").body
    tags = Data(body).tags
    assert not {"header", "nav", "footer", "a"} & set(tags)
    assert "style=" not in body
    assert "manifest" not in body


def test_before_anybody_has_made_addresses_there_are_none(platform: PlatformUnderTest, room: FakeRoom) -> None:
    for secret in ("", "A" * 43, "address"):
        assert on_stream(platform).get(f"/api/overlays/{secret or '-'}/chat").status == 404


def test_new_addresses_end_the_old_ones_at_once(owner: Browser, room: FakeRoom) -> None:
    old, obs = made(owner), on_stream(owner.platform)
    before = row(ADDRESS)
    assert before is not None
    assert press(owner, "/studio/overlays/address", version="1").status == 303
    new = secret_now(owner.platform)
    assert new != old
    assert obs.get(f"/api/overlays/{old}/chat").status == 404
    assert obs.send(f"/api/overlays/{old}/token").status == 404
    assert obs.send(f"/api/overlays/{new}/token").status == 200
    # What is open is ended: its connections are those of the address.
    (told,) = events.what_happened(change(before, row(ADDRESS)))
    events.cut_off(told, owner.platform.services)
    assert room.disconnected == [addresses.reader_of(before.digest)]
    assert room.tokens[0]["user"] != room.disconnected[0]


def test_two_who_make_new_addresses_at_once_make_one(owner: Browser, room: FakeRoom) -> None:
    made(owner)
    with ThreadPoolExecutor(4) as several:
        statuses = [
            done.status for done in several.map(lambda _: owner.send("/studio/overlays/address", version=1), range(4))
        ]
    assert sorted(statuses) == [200, 412, 412, 412]
    assert addresses.address(owner.platform.services.keys).version == 2
    again = press(owner, "/studio/overlays/address", version="1")
    assert again.status == 412
    assert "just made new addresses" in again.body


def test_the_table_holds_nothing_that_opens_an_address(owner: Browser, room: FakeRoom) -> None:
    secret, obs = made(owner), on_stream(owner.platform)
    items = boto3.client("dynamodb").scan(TableName="prism-tester-overlays")["Items"]
    values = [value for item in items for attribute in item.values() for value in attribute.values()]
    assert secret not in json.dumps(items)
    for value in values:
        assert obs.get(f"/api/overlays/{value}/chat".replace(" ", "%20")).status == 404
    assert len(secret) == addresses.LENGTH


def test_an_address_outlives_the_keys_it_was_made_from_and_is_only_not_shown_any_more(
    owner: Browser, room: FakeRoom
) -> None:
    secret, ssm, keys = made(owner), boto3.client("ssm"), owner.platform.services.keys
    name = parameter(owner.platform.creator.id, "session")
    first = keys.current_and_previous("session")[0]

    def rotate(new: str, previous: str) -> None:
        ssm.put_parameter(Name=name, Value=new, Type="SecureString", Overwrite=True)
        ssm.put_parameter(Name=f"{name}-previous", Value=previous, Type="SecureString", Overwrite=True)
        keys._values.clear()

    rotate("second-key", first)
    assert addresses.address(keys).secret == secret
    rotate("third-key", "second-key")
    assert addresses.address(keys) == addresses.Address(version=1, secret="")
    assert addresses.known(secret).id == ADDRESS
    person = next(iter(Person.scan()))
    again = Browser(owner.platform, cookies=owner.platform.sign_in(person.id))
    assert "cannot be shown any more" in again.get(STUDIO).body


def test_no_log_has_a_secret_in_it(owner: Browser, room: FakeRoom) -> None:
    secret, obs = made(owner), on_stream(owner.platform)
    obs.get(f"/api/overlays/{secret}/chat")
    obs.send(f"/api/overlays/{secret}/token")
    assert secret not in owner.platform.log.getvalue()
    entries = [entry.before + entry.after + entry.subject for entry in AuditEntry.scan()]
    assert entries
    assert not any(secret in text for text in entries)


# -- what a source is given -----------------------------------------------------------------------------------------------


def test_a_source_hears_the_room_and_may_send_nothing(owner: Browser, room: FakeRoom) -> None:
    answer = on_stream(owner.platform).send(f"/api/overlays/{made(owner)}/token")
    assert answer.status == 200
    assert answer.json["settings"] == events.told(OverlaySettings(), 0)
    assert answer.json["goal"] == events.told(Goal(), 0)
    assert answer.json["endpoint"] == room.endpoint
    (token,) = room.tokens
    assert tuple(token["capabilities"]) == ()
    assert token["attributes"] == {"role": "overlay"}
    assert token["user"].startswith("overlay_")
    assert token["minutes"] <= 180


_TEXTS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=80).map(
    str.strip
)


@given(
    text=st.one_of(
        st.sampled_from(['"><script>alert(1)</script>', "</main><img src=x onerror=alert(1)>", "{{ 7*7 }}", "'\"&<>"]),
        _TEXTS,
    )
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_typed_is_text_wherever_it_is_shown(owner: Browser, room: FakeRoom, text: str) -> None:
    platform = owner.platform
    platform.clock.forward(minutes=2)
    secret = secret_now(platform) or made(owner)
    _, version = goal()
    saved = press(owner, "/studio/overlays/goal", text=text, current="1", target="2", version=str(version))
    if saved.status != 303:
        assert saved.status == 422  # what turns text around is refused
        return
    shown = Data(on_stream(platform).get(f"/api/overlays/{secret}/goal").body)
    assert json.loads(shown.data["data-goal"])["text"] == goal()[0].text == text
    assert shown.tags.count("script") == 1
    assert "img" not in shown.tags
    assert FormOf(owner.get(STUDIO), "/studio/overlays/goal").fields["text"] == text


# -- the studio -----------------------------------------------------------------------------------------------------------


SETTINGS = {
    "look": "plain",
    "side": "right",
    "scale": "150",
    "messages": "5",
    "fade_seconds": "20",
    "sound": "yes",
    "alert_seconds": "9",
}


def test_settings_are_saved_and_told_on_stream(owner: Browser, room: FakeRoom) -> None:
    made(owner)
    assert (
        press(owner, "/studio/overlays/settings", version="0", **SETTINGS)
        .headers["location"]
        .endswith("?done=settings")
    )
    stored = row("settings")
    assert stored is not None
    (event,) = events.what_happened(change(None, stored))
    events.tell(event, owner.platform.services)
    ((name, told),) = room.events
    assert name == "prism:overlays"
    assert told == {**SETTINGS, "badges": "no", "version": "1"}
    page = owner.get(f"{STUDIO}?done=settings")
    assert "data-done" in page.body
    fields = FormOf(page, "/studio/overlays/settings").fields
    assert {name: fields[name] for name in ("scale", "messages", "fade_seconds", "version")} == {
        "scale": "150",
        "messages": "5",
        "fade_seconds": "20",
        "version": "1",
    }
    assert '<option value="plain" selected>' in page.body


def test_what_is_told_is_how_it_is_by_then(owner: Browser, room: FakeRoom) -> None:
    """Events come late and twice: the first change tells of the second."""
    press(owner, "/studio/overlays/goal", text="A", current="1", target="9", version="0")
    first = row("goal")
    press(owner, "/studio/overlays/goal", text="B", current="2", target="9", version="1")
    (event,) = events.what_happened(change(None, first))
    events.tell(event, owner.platform.services)
    events.tell(event, owner.platform.services)
    assert room.events == [("prism:goal", {"text": "B", "current": "2", "target": "9", "version": "2"})] * 2


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("/studio/overlays/settings", SETTINGS, {**SETTINGS, "scale": "200"}),
        (
            "/studio/overlays/goal",
            {"text": "A", "current": "1", "target": "9"},
            {"text": "B", "current": "1", "target": "9"},
        ),
    ],
)
def test_nobody_saves_over_what_somebody_else_has_saved_meanwhile(
    owner: Browser, room: FakeRoom, path: str, first: dict[str, str], second: dict[str, str]
) -> None:
    assert press(owner, path, version="0", **first).status == 303
    late = press(owner, path, version="0", **second)
    assert late.status == 412
    assert "Olga Owner saved this while you were at it." in late.body
    kept = FormOf(late, path)
    assert kept.fields["version"] == "1", "saving again is a decision, and can be made"
    # Pressed twice, the same is saved once.
    assert press(owner, path, version="0", **first).status == 303
    assert row("goal" if "goal" in path else "settings").version == 1  # type: ignore[union-attr]


def test_of_many_who_save_at_once_one_does(owner: Browser, room: FakeRoom) -> None:
    def save(number: int) -> int:
        return owner.send("/studio/overlays/goal", text=f"Goal {number}", current=number, target=100, version=0).status

    with ThreadPoolExecutor(6) as several:
        statuses = list(several.map(save, range(6)))
    assert sorted(statuses) == [200, 412, 412, 412, 412, 412]
    assert [entry.action for entry in AuditEntry.scan()].count("overlays.goal.changed") == 1


def test_settings_that_cannot_be_shown_are_refused_beside_their_field(owner: Browser, room: FakeRoom) -> None:
    wrong = (
        ("look", "neon"),
        ("side", "top"),
        ("scale", "49"),
        ("scale", "301"),
        ("messages", "0"),
        ("messages", "51"),
    )
    for name, value in (*wrong, ("fade_seconds", "-1"), ("alert_seconds", "2"), ("scale", "big")):
        answer = press(owner, "/studio/overlays/settings", version="0", **{**SETTINGS, name: value})
        assert answer.status == 422
        assert f'href="#{name}"' in answer.body
    assert row("settings") is None


def test_a_test_alert_is_on_stream_and_each_is_another(owner: Browser, room: FakeRoom) -> None:
    for _ in range(2):
        assert press(owner, "/studio/overlays/test", kind="test").headers["location"].endswith("?done=test")
        owner.platform.clock.forward(seconds=1)
    assert [(name, told["kind"]) for name, told in room.events] == [("prism:alert", "test")] * 2
    assert len({told["id"] for _, told in room.events}) == 2


def test_where_the_room_cannot_be_reached_the_screen_says_so_kindly(
    owner: Browser, room: FakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreached(name: str, attributes: dict[str, str]) -> None:
        raise EndpointConnectionError(endpoint_url="https://ivschat.example")

    monkeypatch.setattr(room, "send_event", unreached)
    answer = press(owner, "/studio/overlays/test", kind="test")
    assert answer.status == 503
    assert "We cannot reach your overlays right now, so no alert was shown." in answer.body
    assert "Your text" not in answer.body
    assert "ivschat.example" not in answer.body


def test_who_may_not_set_up_overlays_sees_no_address(
    platform: PlatformUnderTest, owner: Browser, room: FakeRoom
) -> None:
    made(owner)
    for role, may in (("manager", True), ("editor", True), ("moderator", False), ("support", False)):
        secret, version = secret_now(platform), addresses.address(platform.services.keys).version
        person = Browser(platform, cookies=platform.sign_in(a_person(platform, role=role).id))
        answer = person.get(STUDIO)
        assert (answer.status == 200) == may
        assert (secret in answer.body) == may
        assert (press(person, "/studio/overlays/address", version=str(version)).status == 303) == may
        assert (secret_now(platform) != secret) == may


def test_the_screen_speaks_german_too(platform: PlatformUnderTest, room: FakeRoom) -> None:
    person = a_person(platform, role="owner", locale="de")
    page = Browser(platform, cookies=platform.sign_in(person.id)).get(STUDIO)
    assert "Adressen anlegen" in page.body


# -- alerts of members ----------------------------------------------------------------------------------------------------


def became_member(
    platform: PlatformUnderTest, *, source: str = "membership/mem_1", since: datetime | None = None
) -> Event:
    """Somebody holds a membership since a moment; the event that the platform is told of."""
    now = platform.clock()
    person = a_person(platform, name="Secret Name")
    entitlements.given(person.id, kind=MEMBERSHIP, of="gold", source=source, since=since or now, until=None).save()
    data = {"kind": MEMBERSHIP, "of": "gold", "source": source, "given": True}
    return Event(id="evt_1", name="entitlement.changed", at=now, subject=person.id, data=data)


def test_a_new_member_is_greeted_once_and_not_named(platform: PlatformUnderTest, room: FakeRoom) -> None:
    event = became_member(platform)
    events.greet(event, platform.services)
    events.greet(event, platform.services)
    (name, told), again = room.events
    assert (name, told["kind"], told["person"]) == ("prism:alert", "member", event.subject)
    assert again[1]["id"] == told["id"], "a source knows by its id that it has shown it"
    assert "Secret Name" not in json.dumps(room.events)


@pytest.mark.parametrize("why", ["by hand", "ended", "renewed", "told late", "something else"])
def test_what_is_no_news_is_no_alert(platform: PlatformUnderTest, room: FakeRoom, why: str) -> None:
    now = platform.clock()
    event = became_member(
        platform,
        source="hand" if why == "by hand" else "membership/mem_1",
        since=now - timedelta(days=30) if why == "renewed" else None,
    )
    changes: dict[str, dict[str, Any]] = {"ended": {"given": False}, "something else": {"kind": "purchase"}}
    changed = changes.get(why, {})
    if why == "told late":
        platform.clock.forward(hours=1)
    events.greet(
        Event(id=event.id, name=event.name, at=event.at, subject=event.subject, data={**event.data, **changed}),
        platform.services,
    )
    assert room.events == []


def test_a_row_that_is_gone_or_new_tells_what_it_must_and_nothing_else(platform: PlatformUnderTest) -> None:
    made_now = Overlay(ADDRESS, version=1, nonce="n", digest="d", changed_by="per_1", changed_at=START)
    assert list(events.what_happened(change(None, made_now))) == []
    assert list(events.what_happened(change(made_now, made_now))) == []
    (gone,) = events.what_happened(change(made_now, None))
    assert (gone.name, gone.subject) == ("overlays.address.gone", addresses.reader_of("d"))
