"""The chat in the studio, as a browser without JavaScript sees and sends it."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from lambdas.core.events import Change, Event
from lambdas.features.chat import emotes, events, news
from lambdas.features.chat.inputs import words_of
from lambdas.features.chat.models import ROOM, Act, ChatPerson, ChatRoom, Emote
from lambdas.features.registry import FEATURES
from lambdas.platform.people import Person
from tests.features.chat.conftest import ask, entries, logged
from tests.people import a_person
from tests.platform_under_test import Answer, PlatformUnderTest

BOUNDARY = "----a-boundary"


@pytest.fixture
def moderator(platform: PlatformUnderTest) -> Person:
    return a_person(platform, name="Mo Derator", role="moderator")


def look(platform: PlatformUnderTest, who: Person, path: str, query: str = "") -> str:
    answer = platform.call("GET", path, cookies=platform.sign_in(who.id), query=query)
    assert answer.status == 200, answer.body
    return answer.body


def send(platform: PlatformUnderTest, who: Person, path: str, **fields: str) -> Answer:
    return platform.call("POST", f"/studio/chat/{path}", form=urlencode(fields), cookies=platform.sign_in(who.id))


def upload(platform: PlatformUnderTest, who: Person, content: bytes, **fields: str) -> Answer:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'.encode()
    body = b"".join([*parts, head, content, f"\r\n--{BOUNDARY}--\r\n".encode()])
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    cookies = platform.sign_in(who.id)
    return platform.call("POST", "/studio/chat/emotes/add", body=body, headers=headers, cookies=cookies)


def picture(size: tuple[int, int] = (300, 200)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", size, (255, 0, 0, 128)).save(buffer, "PNG")
    return buffer.getvalue()


def test_messages_are_listed_with_what_can_be_done_about_each(
    platform: PlatformUnderTest, told: list[Any], moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fan = a_person(platform)
    logged(platform, monkeypatch, ("one", fan.id, "<b>first</b>"), ("two", moderator.id, "second"))
    html = look(platform, moderator, "/studio/chat/")
    assert "&lt;b&gt;first&lt;/b&gt;" in html
    assert html.index("second") < html.index("&lt;b&gt;first")
    assert re.findall(r"/studio/chat/messages/(\w+)/delete", html) == ["two", "one"]
    assert set(re.findall(r"/studio/chat/people/(\w+)/ban", html)) == {fan.id}, "one's own has no such button"

    answer = send(platform, moderator, "messages/one/delete")
    assert (answer.status, answer.headers["location"]) == (
        303,
        "/studio/chat/?done=deleted",
    )
    html = look(platform, moderator, "/studio/chat/", "done=deleted")
    assert "Nobody sees it any more" in html
    assert "&lt;b&gt;first" not in html
    assert send(platform, moderator, "messages/three/delete").status == 404
    assert told == [("delete", "one")]


def test_a_pin_and_a_pause_from_the_list(
    platform: PlatformUnderTest, told: list[Any], moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fan = a_person(platform, name="Fia Fan")
    logged(platform, monkeypatch, ("one", fan.id, "a question"))
    assert send(platform, moderator, "messages/one/pin").status == 303
    assert "a question" in look(platform, moderator, "/studio/chat/").partition("<ol")[0]
    assert send(platform, moderator, "unpin").status == 303
    sent = {"seconds": "600", "reason": "Too loud", "messages": "yes"}
    assert send(platform, moderator, f"people/{fan.id}/timeout", **sent).status == 303
    assert told == [
        ("prism:pin", {"id": "one", "content": "a question", "name": "Somebody"}),
        ("prism:unpin", {"pinned": "0"}),
        ("disconnect", fan.id, "timeout"),
        ("delete", "one"),
    ]
    html = look(platform, moderator, "/studio/chat/people/")
    assert "Fia Fan" in html
    assert "Too loud" in html
    assert "Mo Derator" in html
    assert send(platform, moderator, f"people/{fan.id}/ban", seconds="60", reason="").status == 303
    assert "For good" in look(platform, moderator, "/studio/chat/people/")
    assert send(platform, moderator, f"people/{fan.id}/unban").headers["location"].endswith("people/?done=unbanned")
    assert "Everybody may write" in look(platform, moderator, "/studio/chat/people/")


@pytest.mark.parametrize(("locale", "said"), [("en", "may do more than you"), ("de", "dürfen mehr als du")])
def test_what_is_refused_is_said_on_the_screen(
    platform: PlatformUnderTest, told: list[Any], locale: str, said: str
) -> None:
    who, owner = a_person(platform, role="moderator", locale=locale), a_person(platform, role="owner")
    answer = send(platform, who, f"people/{owner.id}/ban", seconds="60", reason="")
    assert answer.status == 403
    assert said in answer.body
    assert told == entries() == []


def test_the_log_that_does_not_answer_is_said_and_everything_else_is_there(
    platform: PlatformUnderTest, told: list[Any], moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import EndpointConnectionError

    def away(since: object, page: int = 1000) -> Any:
        raise EndpointConnectionError(endpoint_url="https://logs")

    monkeypatch.setattr(platform.services.room, "logged", away)
    assert "cannot be read right now" in look(platform, moderator, "/studio/chat/")


SETTINGS = {"version": "0", "slow_seconds": "10", "links": "members", "words": "spam*\r\n Bad  Word \r\n\r\nSPAM*"}


def test_settings_are_saved_told_and_shown_again(
    platform: PlatformUnderTest, told: list[Any], moderator: Person
) -> None:
    answer = send(platform, moderator, "settings", **SETTINGS, members_only="yes", team_badge="yes")
    assert answer.status == 303, answer.body
    row = ChatRoom.get(ROOM)
    assert (row.slow_seconds, row.links, list(row.words), row.version) == (10, "members", ["spam*", "Bad Word"], 1)
    assert (row.members_only, row.team_badge, row.member_badge) == (True, True, False)
    html = look(platform, moderator, "/studio/chat/settings/", "done=saved")
    assert "spam*\nBad Word</textarea>" in html
    assert re.search(r'value="10" selected', html)
    ((action, subject, after),) = entries()
    assert (action, subject) == ("chat.settings.changed", ROOM)
    assert after == {
        "slow_seconds": 10,
        "members_only": True,
        "links": "members",
        "words": ["Bad Word", "spam*"],
        "member_badge": False,
    }
    # Pressed twice it is saved once.
    assert send(platform, moderator, "settings", **SETTINGS, members_only="yes", team_badge="yes").status == 303
    assert ChatRoom.get(ROOM).version == 1
    events.tell_settings(Event(id="evt_1", name="any", at=platform.clock(), subject=ROOM), platform.services)
    assert told == [("prism:room", {"version": "1", "slow_seconds": "10", "members_only": "1", "links": "members"})]


def test_settings_that_somebody_else_saved_meanwhile_are_shown_beside_ones_own(
    platform: PlatformUnderTest, told: list[Any], moderator: Person
) -> None:
    other = a_person(platform, name="Otto Other", role="manager")
    assert ask(platform, other, "room", {"slow_seconds": 120}).status == 200
    answer = send(platform, moderator, "settings", **SETTINGS)
    assert answer.status == 412
    assert "Otto Other" in answer.body
    assert "a message every 2 minutes" in answer.body
    assert 'name="version" value="1"' in answer.body
    assert "Bad  Word" in answer.body, "what was typed is there"
    assert send(platform, moderator, "settings", **{**SETTINGS, "version": "1"}).status == 303


@pytest.mark.parametrize(
    ("words", "said"),
    [("x" * 41, "at most 40 characters"), ("...", "needs a letter"), ("\n".join(map(str, range(301))), "at most 300")],
)
def test_words_that_could_not_be_found_are_refused(
    platform: PlatformUnderTest, told: list[Any], moderator: Person, words: str, said: str
) -> None:
    answer = send(platform, moderator, "settings", **{**SETTINGS, "words": words})
    assert answer.status == 422
    assert said in answer.body
    assert list(ChatRoom.scan()) == []


def test_words_are_listed_once_in_their_order() -> None:
    assert words_of("b\n A \r\na\n\nB\nc  d") == ("b", "A", "c d")
    assert words_of("") == ()


# Emotes


def prepared(platform: PlatformUnderTest, name: str) -> Emote:
    """The emote after the worker has seen its row."""
    row = Emote.get(ROOM, name)
    change = Change(table="chat-emotes", old=None, new=row, at=platform.clock(), sequence="1")
    for event in events.of_emotes(change):
        assert event.name == "chat.emote.uploaded"
        for _ in range(2):
            with platform.in_the_role_of("worker"):
                events.prepare_emote(event, platform.services)
    return Emote.get(ROOM, name)


@pytest.fixture
def media(platform: PlatformUnderTest) -> PlatformUnderTest:
    import boto3

    boto3.client("s3").create_bucket(
        Bucket=platform.services.media.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return platform


def test_an_emote_is_made_small_shown_and_deleted_with_its_picture(
    media: PlatformUnderTest, told: list[Any], moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = media
    answer = upload(platform, moderator, picture(), name=":Wave:", for_members="yes")
    assert answer.status == 303, answer.body
    assert "Being prepared" in look(platform, moderator, "/studio/chat/emotes/")
    row = prepared(platform, "wave")
    assert row.picture.startswith("/media/public/emotes/")
    stored = platform.services.media.read(row.picture[1:])
    assert stored is not None
    made = Image.open(io.BytesIO(stored))
    assert (made.format, made.size) == ("WEBP", (112, 112))
    assert row.for_members
    assert not row.upload
    assert row.picture in look(platform, moderator, "/studio/chat/emotes/")
    emotes.forget_kept()
    (shown,) = ask(platform, None, "room", method="GET").json["emotes"]
    assert shown == {"name": "wave", "url": row.picture, "members_only": True}

    assert upload(platform, moderator, picture(), name="wave").status == 409
    forgotten: list[Any] = []
    monkeypatch.setattr(platform.services.publisher.edge, "forget", forgotten.append)
    assert send(platform, moderator, "emotes/wave/delete").status == 303
    assert send(platform, moderator, "emotes/wave/delete").status == 404
    change = Change(table="chat-emotes", old=row, new=None, at=platform.clock(), sequence="2")
    happened = {event.name: event for event in events.of_emotes(change)}
    assert set(happened) == {"chat.emote.changed", "chat.emote.gone"}
    with platform.in_the_role_of("worker"):
        events.drop_emote(happened["chat.emote.gone"], platform.services)
        events.tell_emotes(happened["chat.emote.changed"], platform.services)
    assert forgotten == [(row.picture,)]
    assert platform.services.media.read(row.picture[1:]) is None
    assert told == [("prism:room", {"emotes": "1"})]
    assert [action for action, _, _ in entries()] == ["chat.emote.added", "chat.emote.deleted"]
    assert upload(platform, moderator, picture(), name="wave").status == 303


def test_a_picture_that_is_none_says_so_and_can_be_deleted(
    media: PlatformUnderTest, told: list[Any], moderator: Person
) -> None:
    assert "no picture that can be used" in upload(media, moderator, b"no picture", name="wave").body
    assert upload(media, moderator, b"", name="wave").status == 422
    assert list(Emote.scan()) == []
    assert upload(media, moderator, picture()[:60], name="broken").status == 303
    row = prepared(media, "broken")
    assert not row.picture
    assert row.fault == "no_picture"
    assert "No usable picture" in look(media, moderator, "/studio/chat/emotes/")
    assert send(media, moderator, "emotes/broken/delete").status == 303


def test_an_emote_deleted_while_it_was_being_made_is_not_left_behind(
    media: PlatformUnderTest, told: list[Any], moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert upload(media, moderator, picture(), name="wave").status == 303
    key = Emote.get(ROOM, "wave").upload
    assert send(media, moderator, "emotes/wave/delete").status == 303
    monkeypatch.setattr(media.services.publisher.edge, "forget", lambda paths: None)
    with media.in_the_role_of("worker"):
        emotes.prepare("wave", key, media.services)
    assert media.services.media.keys_below("media/public/emotes/") == []
    assert list(Emote.scan()) == []


@pytest.mark.parametrize("name", ["a", "x" * 21, "has space", "ümlaut", "a:b", ""])
def test_names_are_short_and_plain(media: PlatformUnderTest, told: list[Any], moderator: Person, name: str) -> None:
    assert upload(media, moderator, picture(), name=name).status == 422
    assert list(Emote.scan()) == []


def test_two_who_add_at_once_make_neither_two_of_a_name_nor_one_too_many(
    media: PlatformUnderTest, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emotes, "MOST", 2)
    team = [a_person(media, role="moderator") for _ in range(4)]
    names = ["same", "same", "other", "third"]
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(upload, media, who, picture(), name=name) for who, name in zip(team, names, strict=True)]
        statuses = sorted(answer.result().status for answer in answers)
    assert statuses == [303, 303, 409, 409]
    assert ChatRoom.get(ROOM).emote_names == {emote.name for emote in Emote.scan()}
    assert len(list(Emote.scan())) == 2


# Overview and search


def test_the_overview_and_the_search_know_who_may_not_write(
    platform: PlatformUnderTest, told: list[Any], moderator: Person
) -> None:
    fan = a_person(platform, name="Nora Noise")
    ask(platform, moderator, f"people/{fan.id}/ban")
    assert "Nora Noise" in look(platform, moderator, "/studio/")
    assert "Nora Noise" in look(platform, moderator, "/studio/search/", "q=noise")
    support = a_person(platform, role="support")
    assert "Nora Noise" not in look(platform, support, "/studio/")
    assert news.PEOPLE in {screen.path for feature in FEATURES for screen in feature.screens}
    assert [one.name for one in ChatPerson.scan()] == ["Nora Noise"]
    assert len(list(Act.scan())) == 1
