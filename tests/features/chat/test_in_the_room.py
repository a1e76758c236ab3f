"""The whole way, over the local room: a token, a socket, messages, moderation, what newcomers are shown."""

from datetime import timedelta

from lambdas.core.events import Change, Event
from lambdas.features.chat import events
from lambdas.features.chat.models import Act, ChatPerson
from lambdas.platform.audit import AuditEntry
from tests.features.chat.conftest import Scene, ask, make_member, on_air
from tests.local.ivschat.chatting import Person as Connected
from tests.people import a_person


def acts() -> list[Act]:
    return sorted(Act.scan(), key=lambda act: act.id)


def heard_event(who: Connected, name: str) -> dict[str, str]:
    """The attributes of the next event of this name, whatever comes before it."""
    while True:
        heard = who.hear()
        if heard["Type"] == "EVENT" and heard["EventName"] == name:
            return dict(heard["Attributes"])


def test_who_is_banned_is_sent_out_and_writes_no_more_by_whatever_token(scene: Scene) -> None:
    platform = scene.platform
    fan, moderator = a_person(platform, name="Fia Fan"), a_person(platform, role="moderator")
    guest = scene.enter()
    inside = scene.enter(fan)
    scene.says(inside, "hello")
    kept = scene.token(fan).json["token"]  # made before, and not used yet

    answer = ask(platform, moderator, f"people/{fan.id}/ban")
    assert (answer.status, answer.json) == (200, {"id": fan.id, "banned": True, "muted_until": None})
    assert inside.farewell() == (1000, "Disconnected")
    assert heard_event(guest, "aws:DISCONNECT_USER") == {"UserId": fan.id, "Reason": "ban"}

    again = scene.connect(kept)
    assert again.error("I am back") == 406
    assert "muted" in again.answer("really")["ErrorMessage"]

    me = scene.token(fan).json["me"]
    assert (me["may_send"], me["why_not"], me["muted_until"]) == (False, "banned", None)
    assert scene.enter(fan).error("and now?") == 403
    assert scene.history(fan) == []

    assert ask(platform, moderator, f"people/{fan.id}/unban").status == 200
    assert again.farewell() == (1000, "Disconnected")  # to take a token with which they may write
    scene.says(scene.enter(fan), "thank you")
    assert scene.history() == ["thank you"]
    assert [entry.action for entry in AuditEntry.scan() if entry.action.startswith("chat.")] == [
        "chat.person.banned",
        "chat.person.unbanned",
    ]


def test_what_is_deleted_is_gone_for_everyone_at_once_and_for_newcomers(scene: Scene) -> None:
    platform = scene.platform
    fan, other, moderator = a_person(platform), a_person(platform), a_person(platform, role="moderator")
    sender, reader = scene.enter(fan), scene.enter()
    ids = [scene.says(sender, text) for text in ("one", "two", "three")]
    assert scene.history() == ["one", "two", "three"]

    assert ask(platform, other, f"messages/{ids[0]}/delete").json["code"] == "not_yours"
    assert ask(platform, fan, f"messages/{ids[0]}/delete").status == 200
    assert heard_event(reader, "aws:DELETE_MESSAGE")["MessageID"] == ids[0]
    assert ask(platform, moderator, f"messages/{ids[1]}/delete").status == 200
    # What is kept for three seconds is not shown for three seconds more.
    answer = ask(platform, None, "history", method="GET")
    assert [message["content"] for message in answer.json["messages"]] == ["three"]
    assert scene.history() == ["three"]
    for act in acts():
        act.delete()
    assert scene.history() == ["three"], "the log itself says what was deleted"


def test_a_pause_ends_by_itself_and_takes_words_away_only_where_asked(scene: Scene) -> None:
    platform = scene.platform
    fan, moderator = a_person(platform), a_person(platform, role="moderator")
    first = scene.says(scene.enter(fan), "first")
    reader = scene.enter()

    assert ask(platform, moderator, f"people/{fan.id}/timeout", {"seconds": 600}).status == 200
    assert heard_event(reader, "aws:DISCONNECT_USER")["Reason"] == "pause"
    assert scene.history() == ["first"]
    me = scene.token(fan).json["me"]
    assert me["why_not"] == "muted"
    assert me["muted_until"]

    assert ask(platform, moderator, f"people/{fan.id}/timeout", {"seconds": 10, "messages": True}).status == 200
    assert heard_event(reader, "aws:DISCONNECT_USER")["Reason"] == "timeout"
    assert heard_event(reader, "aws:DELETE_MESSAGE")["MessageID"] == first
    assert scene.history() == []

    platform.clock.forward(seconds=11)
    assert scene.token(fan).json["me"]["may_send"] is True
    # The review goes by the real clock, by which no ten seconds have passed.
    a_while = timedelta(minutes=1)
    row = ChatPerson.get(fan.id)
    row.update(actions=[ChatPerson.muted_until.set(row.muted_until - a_while / timedelta(milliseconds=1))])
    for act in acts():
        act.update(actions=[Act.at.set(act.at - a_while)])
    scene.says(scene.enter(fan), "back again")
    assert scene.history() == ["back again"]


def test_what_the_request_could_not_tell_the_room_the_worker_does_and_only_once(scene: Scene) -> None:
    platform = scene.platform
    fan, moderator = a_person(platform), a_person(platform, role="moderator")
    inside = scene.enter(fan)
    room, client = platform.services.room, platform.services.room._client
    room._client = scene.chat.client(secret="another one")
    assert ask(platform, moderator, f"people/{fan.id}/ban").status == 200
    room._client = client
    (act,) = acts()
    assert not act.told
    change = Change(table="chat-acts", old=None, new=act, at=platform.clock(), sequence="1")
    (event,) = events.of_acts(change)
    with platform.in_the_role_of("worker"):
        events.tell_act(event, platform.services)
    assert inside.farewell() == (1000, "Disconnected")
    assert acts()[0].told

    reader = scene.enter(fan)  # who reads on is not sent out a second time
    with platform.in_the_role_of("worker"):
        events.tell_act(event, platform.services)
    scene.chat.publish("end")
    assert reader.hear()["EventName"] == "end"


def test_settings_and_pins_reach_everyone_in_the_room(scene: Scene) -> None:
    platform = scene.platform
    moderator, fan = a_person(platform, role="moderator"), a_person(platform, name="Fia Fan")
    inside = scene.enter(fan)
    id = scene.says(inside, "a question")
    answer = ask(platform, moderator, "room", {"slow_seconds": 30})
    assert (answer.status, answer.json["slow_seconds"], answer.json["settable"]) == (200, 30, True)
    events.tell_settings(_event(platform.clock()), platform.services)
    assert heard_event(inside, "prism:room")["slow_seconds"] == "30"
    assert scene.token(fan).json["room"]["slow_seconds"] == 30

    # Its words are the log's, and nobody sends others.
    sent = {"id": id, "content": "something else", "name": "Somebody else"}
    assert ask(platform, moderator, "pin", sent).status == 422
    assert ask(platform, moderator, "pin", {"id": id}).json == {"id": id, "content": "a question", "name": "Fia Fan"}
    assert heard_event(inside, "prism:pin") == {"id": id, "content": "a question", "name": "Fia Fan"}
    assert scene.token().json["room"]["pinned"] == {"id": id, "content": "a question", "name": "Fia Fan"}
    # What is deleted is not pinned any more.
    assert ask(platform, moderator, f"messages/{id}/delete").status == 200
    heard_event(inside, "prism:unpin")
    assert scene.token().json["room"]["pinned"] is None


def test_a_long_pin_is_cut_in_the_event_and_whole_in_the_room(scene: Scene) -> None:
    platform = scene.platform
    moderator = a_person(platform, role="moderator")
    reader, text = scene.enter(), "ä😀" * 250
    id = scene.says(scene.enter(a_person(platform)), text)
    assert ask(platform, moderator, "pin", {"id": id}).status == 200
    told = heard_event(reader, "prism:pin")
    assert told["content"].endswith("…")
    assert text.startswith(told["content"].removesuffix("…"))
    assert scene.token().json["room"]["pinned"]["content"] == text


def test_who_becomes_a_member_in_mid_show_takes_a_new_token(scene: Scene) -> None:
    platform = scene.platform
    fan = a_person(platform)
    inside = scene.enter(fan)
    make_member(platform, fan)
    events.renew_token(_event(platform.clock(), subject=fan.id), platform.services)
    assert inside.farewell() == (1000, "Disconnected")
    assert scene.token(fan).json["me"]["role"] == "member"


def test_members_write_where_only_they_may_also_against_an_old_token(scene: Scene) -> None:
    platform = scene.platform
    fan, member, moderator = a_person(platform), a_person(platform), a_person(platform, role="moderator")
    make_member(platform, member)
    before = scene.enter(fan)
    assert ask(platform, moderator, "room", {"members_only": True}).status == 200
    assert scene.token(fan).json["me"]["why_not"] == "members_only"
    assert "members" in before.answer("let me")["ErrorMessage"]
    scene.says(scene.enter(member), "here we are")


def _event(at: object, subject: str = "room") -> Event:
    return Event(id="evt_1", name="any", at=at, subject=subject)  # type: ignore[arg-type]


def test_history_has_the_half_hour_before_the_show_and_nothing_older(scene: Scene) -> None:
    scene.says(scene.enter(a_person(scene.platform)), "before")
    assert scene.history() == ["before"]
    now = scene.platform.clock()
    on_air(scene.platform, live_since=now + timedelta(minutes=29), version=2)
    assert scene.history() == ["before"]
    on_air(scene.platform, live_since=now + timedelta(minutes=31), version=3)
    assert scene.history() == []
