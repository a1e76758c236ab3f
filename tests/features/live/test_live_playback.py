"""Who is let in to watch, by what token, and how whoever may not any more is cut off."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from lambdas.core.entitlements import MEMBERSHIP
from lambdas.core.errors import Unavailable
from lambdas.core.events import Event
from lambdas.features.live import revoking
from lambdas.features.live.ledger import settle
from lambdas.features.live.models import LiveViewer, Show
from lambdas.features.live.personal_data import exports, forget
from lambdas.platform import entitlements
from lambdas.platform.broadcast import broadcast
from lambdas.platform.people import Person
from lambdas.platform.playback_tokens import version_of
from lambdas.platform.team import Member
from tests.features.live.live_platform import Live
from tests.people import a_person
from tests.platform_under_test import CHANNEL_ARN, PLAYBACK, Answer

PATH = "/api/live/playback"


def ask(live: Live, who: Person | None = None) -> Answer:
    cookies = live.platform.sign_in(who.id) if who else None
    return live.platform.call("POST", PATH, json_body={}, cookies=cookies)


def claims_of(answer: Answer, live: Live) -> dict[str, Any]:
    """What the token says, once its signature has been found good."""
    address = urlsplit(answer.json["url"])
    assert answer.json["url"].startswith(f"{PLAYBACK}?token=")
    token = parse_qs(address.query)["token"][0]
    head, body, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    assert json.loads(head) == {"alg": "ES384", "typ": "JWT"}
    pem = live.platform.services.keys.current_and_previous("playback")[0]
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = int.from_bytes(signature[:48]), int.from_bytes(signature[48:])
    told = token.rpartition(".")[0].encode()
    key.public_key().verify(utils.encode_dss_signature(r, s), told, ec.ECDSA(hashes.SHA384()))
    said: dict[str, Any] = json.loads(body)
    return said


def change_show(live: Live, **fields: Any) -> None:
    """As the studio does; and the worker hears of it."""
    before = broadcast()

    def work(desk: Any) -> None:
        show = desk.show(before.show_id)
        for name, value in fields.items():
            setattr(show, name, value)

    settle(live.platform.services, work)
    live.follow_the_air(before)


def member(live: Live, *, of: str = "gold", until: timedelta | None = None) -> Person:
    person, now = a_person(live.platform), live.platform.clock()
    ends = now + until if until else None
    entitlements.given(person.id, kind=MEMBERSHIP, of=of, source="test", since=now, until=ends).save()
    return person


def test_nothing_is_played_while_nothing_is_on(live: Live) -> None:
    answer = ask(live)
    assert (answer.status, answer.json["code"]) == (409, "off_air")
    live.start()
    live.stop()
    assert ask(live).json["code"] == "off_air"
    assert not list(LiveViewer.scan())


def test_anybody_gets_a_token_of_their_own_for_a_show_that_is_for_everyone(live: Live) -> None:
    live.start()
    first, second = ask(live), ask(live)
    assert first.status == 200
    assert first.json | {"url": ""} == {"url": "", "player": "hls", "show": broadcast().show_id, "until": None}
    said = claims_of(first, live)
    assert said["aws:channel-arn"] == CHANNEL_ARN
    assert said["aws:access-control-allow-origin"] == live.platform.creator.origin
    assert said["exp"] == int(live.platform.clock().timestamp()) + 60
    other = claims_of(second, live)
    assert said["aws:viewer-id"] != other["aws:viewer-id"]
    assert said["aws:single-use-uuid"] != other["aws:single-use-uuid"]
    assert len(said["aws:viewer-id"]) <= 40
    assert {row.viewer_id for row in LiveViewer.scan()} == {said["aws:viewer-id"], other["aws:viewer-id"]}


def test_who_is_signed_in_gets_one_that_is_bound_to_them(live: Live) -> None:
    live.start()
    fan = a_person(live.platform)
    assert claims_of(ask(live, fan), live)["aws:viewer-id"] == fan.id
    (row,) = LiveViewer.scan()
    assert (row.person_id, row.expires_at) == (fan.id, live.platform.clock() + timedelta(days=2))


def test_a_refusal_says_why(live: Live) -> None:
    live.start()
    change_show(live, audience="signed-in")
    assert (ask(live).status, ask(live).json["code"]) == (401, "not_signed_in")
    fan, past, silver = a_person(live.platform), member(live, until=timedelta(minutes=1)), member(live, of="silver")
    assert ask(live, fan).status == 200
    change_show(live, audience="members", tiers=["gold"])
    live.platform.clock.forward(minutes=2)
    assert [ask(live, who).json["code"] for who in (fan, past, silver)] == ["members_only", "ended", "other_tier"]
    assert [ask(live, who).status for who in (fan, past, silver)] == [403] * 3
    assert ask(live).status == 401
    gold = ask(live, member(live, until=timedelta(hours=1)))
    assert (gold.status, gold.json["until"] is not None) == (200, True)


def test_the_team_sees_everything(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    assert ask(live, a_person(live.platform, role="moderator")).status == 200


def test_one_visitor_cannot_ask_without_end(live: Live) -> None:
    live.start()
    statuses = [ask(live).status for _ in range(41)]
    assert statuses == [200] * 40 + [429]


def test_no_token_and_no_key_is_in_the_log(live: Live) -> None:
    live.start()
    url = ask(live).json["url"]
    assert url.partition("token=")[2] not in live.platform.log.getvalue()


def test_a_narrower_audience_cuts_off_those_it_is_not_for_and_nobody_else(live: Live) -> None:
    live.start()
    fan, gold, helper = a_person(live.platform), member(live), a_person(live.platform, role="editor")
    guest = claims_of(ask(live), live)["aws:viewer-id"]
    for person in (fan, gold, helper):
        ask(live, person)
    live.platform.clock.forward(seconds=30)
    change_show(live, audience="signed-in")
    assert [viewer for viewer, _ in live.channel.revoked] == [guest]
    change_show(live, audience="members")
    assert [viewer for viewer, _ in live.channel.revoked] == [guest, fan.id]
    assert {version for _, version in live.channel.revoked} == {version_of(live.platform.clock())}
    assert live.room.disconnected == [fan.id]
    live.follow_the_air()
    assert len(live.channel.revoked) == 2, "told twice, cut off once"


def test_whoever_is_in_the_chat_asks_again_when_the_show_is_for_others_and_only_then(live: Live) -> None:
    live.start()
    live.follow_the_air()
    assert live.room.told == []
    change_show(live, audience="members")
    assert live.room.told == [("prism:room", {"audience": "1"})]
    before = broadcast()
    live.stop()
    live.follow_the_air(before)
    assert len(live.room.told) == 1, "for whom it is has not changed"


def test_wider_cuts_off_nobody(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    gold = member(live)
    ask(live, gold)
    change_show(live, audience="everyone")
    assert live.channel.revoked == []


def test_who_loses_a_membership_in_the_middle_is_cut_off_and_let_in_again_with_a_new_one(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    gold, other = member(live), member(live)
    assert ask(live, gold).status == ask(live, other).status == 200
    live.platform.clock.forward(minutes=1)
    record = entitlements.records_of(gold.id)[0]
    old = entitlements.records_of(gold.id)[0]
    record.until = live.platform.clock()
    record.save()
    live.follow("entitlements", old, record)
    assert live.channel.revoked == [(gold.id, version_of(live.platform.clock()))]
    assert ask(live, gold).json["code"] == "ended"
    record.until = None
    record.save()
    live.platform.clock.forward(seconds=2)
    said = claims_of(ask(live, gold), live)
    assert said["aws:viewer-session-version"] > live.channel.revoked[0][1]
    live.follow("entitlements", old, record)
    assert len(live.channel.revoked) == 1


def test_who_never_watched_is_not_asked_about(live: Live) -> None:
    event = Event(id="e", name="entitlement.changed", at=live.platform.clock(), subject="per_nobody")
    revoking.of_a_person(event, live.platform.services)
    live.start()
    change_show(live, audience="members")
    revoking.of_a_person(event, live.platform.services)
    assert live.channel.revoked == []


def test_access_that_ends_by_itself_ends_within_the_minute(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    short, long = member(live, until=timedelta(minutes=2)), member(live, until=timedelta(minutes=30))
    ask(live, short)
    ask(live, long)
    live.watch(minutes=1)
    assert live.channel.revoked == []
    live.watch(minutes=1)
    assert [viewer for viewer, _ in live.channel.revoked] == [short.id]
    live.watch(minutes=1)
    assert len(live.channel.revoked) == 1


def test_what_was_renewed_in_time_goes_on(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    person = member(live, until=timedelta(minutes=1))
    ask(live, person)
    now = live.platform.clock()
    entitlements.given(person.id, kind=MEMBERSHIP, of="gold", source="renewed", since=now, until=None).save()
    live.watch(minutes=2)
    assert live.channel.revoked == []


def test_whom_ivs_would_not_cut_off_is_tried_again(live: Live) -> None:
    live.start()
    first, second = a_person(live.platform), a_person(live.platform)
    ask(live, first)
    ask(live, second)
    live.channel.refuses = {first.id}
    with pytest.raises(Unavailable):
        change_show(live, audience="members")
    assert [viewer for viewer, _ in live.channel.revoked] == [second.id]
    live.channel.refuses = set()
    live.follow_the_air()
    assert sorted(viewer for viewer, _ in live.channel.revoked) == sorted([first.id, second.id])


def test_whoever_comes_in_while_others_are_cut_off_is_cut_off_too(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.start()
    early, late = a_person(live.platform), a_person(live.platform)
    ask(live, early)
    show_id = broadcast().show_id
    assert show_id

    def a_token_given_before_the_change_was_seen() -> None:
        live.channel.meanwhile = None
        now = live.platform.clock()
        LiveViewer(show_id, late.id, person_id=late.id, issued_at=now, expires_at=now).save()

    live.channel.meanwhile = a_token_given_before_the_change_was_seen
    change_show(live, audience="members")
    assert sorted(viewer for viewer, _ in live.channel.revoked) == sorted([early.id, late.id])


def test_who_asks_while_the_audience_changes_is_decided_about_again(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.start()
    fan, really = a_person(live.platform), LiveViewer.save

    def save(row: LiveViewer, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(LiveViewer, "save", really)
        written = really(row, *args, **options)
        # Somebody else's doing, and so in another thread: what a request may do is its own role's.
        with ThreadPoolExecutor() as elsewhere:
            elsewhere.submit(settle, live.platform.services, for_members).result()
        return written

    def for_members(desk: Any) -> None:
        desk.show(desk.air.run.show_id).audience = "members"

    monkeypatch.setattr(LiveViewer, "save", save)
    assert ask(live, fan).json["code"] == "members_only"


def test_many_who_come_at_once_are_all_known(live: Live) -> None:
    live.start()
    people = [a_person(live.platform) for _ in range(8)]
    with ThreadPoolExecutor(max_workers=4) as several:
        assert {answer.status for answer in several.map(lambda who: ask(live, who), people)} == {200}
    live.platform.clock.forward(seconds=10)
    change_show(live, audience="members")
    assert {viewer for viewer, _ in live.channel.revoked} == {person.id for person in people}


def test_what_is_known_of_a_viewer_can_be_had_and_is_forgotten(live: Live) -> None:
    live.start()
    fan, other = a_person(live.platform), a_person(live.platform)
    ask(live, fan)
    ask(live, other)
    services = live.platform.services
    (watched,) = exports(fan.id, services)["watched"]
    assert watched["began"] == live.platform.clock().isoformat()
    assert exports(a_person(live.platform).id, services) == {}
    forget(fan.id, services)
    forget(fan.id, services)
    assert exports(fan.id, services) == {}
    assert [row.viewer_id for row in LiveViewer.scan()] == [other.id]


def test_a_member_of_the_team_who_leaves_is_asked_about_like_anybody(live: Live) -> None:
    live.start()
    change_show(live, audience="members")
    helper = a_person(live.platform, role="editor")
    ask(live, helper)
    Member(helper.id).delete()
    (show,) = Show.scan()
    live.platform.clock.forward(seconds=5)
    change_show(live, title="Another title")
    assert show.audience == "members"
    assert [viewer for viewer, _ in live.channel.revoked] == [helper.id]
