"""The chat in the studio: what was said and what to do about it, who may not write, how the room is set, emotes."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel

from lambdas.core.errors import FieldError, Invalid, NotFound, TooLarge, Unavailable
from lambdas.core.forms import Form, blank
from lambdas.features.chat import emotes, history, moderation, room_settings
from lambdas.features.chat.hours import opening
from lambdas.features.chat.inputs import (
    MOST_WORDS,
    SETTINGS_FIELDS,
    WORDS_LENGTH,
    SentBan,
    SentEmote,
    SentSettings,
    SentTimeOut,
)
from lambdas.features.chat.models import ChatRoom
from lambdas.features.chat.room_settings import LINKS, SLOW_SECONDS
from lambdas.features.chat.telling import tell_pin_at_once
from lambdas.platform.people import names_of
from lambdas.platform.pictures import MAX_BYTES, NotAPicture
from lambdas.platform.routing import Router, form, html, needs, takes_file
from lambdas.platform.visit import Here, Html, Visit

router = Router()

CHAT = "/studio/chat/"
PEOPLE = "/studio/chat/people/"
SETTINGS = "/studio/chat/settings/"
EMOTES = "/studio/chat/emotes/"

BREAKS = (60, 600, 3600, 86_400)
"""Seconds of the time-outs that are offered beside a message."""

_NEW = blank("name", "for_members", "picture")
_DONE = ("deleted", "timed_out", "banned", "unbanned", "pinned", "unpinned", "saved", "added", "removed")

# Whatever is none is not found: nobody has to know what an id looks like.
MessageId = Annotated[str, Path(max_length=200)]
PersonId = Annotated[str, Path(max_length=200)]
EmoteName = Annotated[str, Path(max_length=200)]


class Done(BaseModel):
    done: bool = True


class SettingsState(BaseModel):
    version: int
    slow_seconds: int
    members_only: bool
    links: str
    words: list[str]
    team_badge: bool
    member_badge: bool


def _done(visit: Visit) -> str:
    done = visit.query.get("done", "")
    return done if done in _DONE else ""


def _log(visit: Visit) -> dict[str, Any]:
    """What the screen of messages shows: the newest first. `messages` is None where the log does not answer."""
    services = visit.services
    since = moderation.looked_back(services)
    try:
        messages = history.last_messages(services, since=since)[::-1]
    except Unavailable:
        messages = None
    row = room_settings.read()
    return {
        "messages": messages,
        "open": opening(services.clock()) is not None,
        "room": room_settings.settings_of(row),
        "pinned": row.pinned if room_settings.is_pinned(row, since) else None,
        "breaks": BREAKS,
        "done": _done(visit),
    }


def _people(visit: Visit) -> dict[str, Any]:
    people = moderation.restricted_now(visit.services.clock())
    return {"people": people, "names": names_of({one.by for one in people if one.by}), "done": _done(visit)}


def _settings(visit: Visit) -> dict[str, Any]:
    row = room_settings.read()
    by = row.changed_by or ""
    return {
        "row": row,
        "now": room_settings.settings_of(row),
        "by": names_of({by}).get(by, "") if by else "",
        "slow_seconds": SLOW_SECONDS,
        "links": LINKS,
        "most_words": MOST_WORDS,
        "words_length": WORDS_LENGTH,
        "done": _done(visit),
    }


def _settings_form(row: ChatRoom) -> Form:
    now = room_settings.settings_of(row)
    ticks = {name: "yes" if getattr(now, name) else "" for name in ("members_only", "team_badge", "member_badge")}
    return Form(
        values={
            "version": str(int(row.version)),
            "slow_seconds": str(now.slow_seconds),
            "links": now.links,
            "words": "\n".join(now.words),
            **ticks,
        }
    )


def _emotes(visit: Visit) -> dict[str, Any]:
    return {"emotes": emotes.all_emotes(), "most": emotes.MOST, "most_bytes": MAX_BYTES, "done": _done(visit)}


def _shows(path: str, context: Callable[[Visit], Mapping[str, Any]]) -> Callable[..., Any]:
    """A form whose faults are shown on this screen, and whose success leads back to it."""
    return form(page=path, sent=path, fields=(), context=context)


@router.get(CHAT, include_in_schema=False)
@html
@needs("chat.moderate")
def index(visit: Here) -> Html:
    """The last messages, and what can be done about each."""
    return visit.screen(CHAT, {**_log(visit), "form": blank()})


@router.get(PEOPLE, include_in_schema=False)
@html
@needs("chat.moderate")
def people(visit: Here) -> Html:
    """Who is banned or pauses."""
    return visit.screen(PEOPLE, {**_people(visit), "form": blank()})


@router.get(SETTINGS, include_in_schema=False)
@html
@needs("chat.settings")
def settings(visit: Here) -> Html:
    """How the room is set."""
    shown = _settings(visit)
    return visit.screen(SETTINGS, {**shown, "form": _settings_form(shown["row"])})


@router.get(EMOTES, include_in_schema=False)
@html
@needs("chat.settings")
def emote_list(visit: Here) -> Html:
    """The emotes there are, and a form for another."""
    return visit.screen(EMOTES, {**_emotes(visit), "form": blank("name", "for_members", "picture")})


@router.post("/studio/chat/messages/<id>/delete", summary="Delete a message of the chat")
@_shows(CHAT, _log)
@needs("chat.moderate")
def delete_message(id: MessageId, visit: Here) -> Done:
    """Everyone in the room loses sight of it."""
    said = _said(visit, id)
    moderation.delete_message(visit, said.id)
    return _go(visit, CHAT, "deleted")


@router.post("/studio/chat/messages/<id>/pin", summary="Pin a message of the chat")
@_shows(CHAT, _log)
@needs("chat.moderate")
def pin(id: MessageId, visit: Here) -> Done:
    """It stands above all others until the show's end, or until another is pinned."""
    said = _said(visit, id)
    message = {"id": said.id, "content": said.content, "name": said.name, "sender": said.sender_id}
    row = room_settings.pin(visit, message)
    tell_pin_at_once(visit.services, row.pinned)
    return _go(visit, CHAT, "pinned")


@router.post("/studio/chat/unpin", summary="Take down what is pinned in the chat")
@_shows(CHAT, _log)
@needs("chat.moderate")
def unpin(visit: Here) -> Done:
    """Nothing happens where nothing is pinned."""
    room_settings.unpin(visit)
    tell_pin_at_once(visit.services, room_settings.read().pinned)
    return _go(visit, CHAT, "unpinned")


@router.post("/studio/chat/people/<id>/timeout", summary="Have somebody pause in the chat")
@_shows(CHAT, _log)
@needs("chat.moderate")
def time_out(id: PersonId, sent: Annotated[SentTimeOut, Body()], visit: Here) -> Done:
    """They read on, and write again by themselves afterwards."""
    moderation.time_out(visit, id, seconds=sent.seconds, purge=sent.messages, reason=sent.reason)
    return _go(visit, CHAT, "timed_out")


@router.post("/studio/chat/people/<id>/ban", summary="Ban somebody from the chat")
@_shows(CHAT, _log)
@needs("chat.moderate")
def ban(id: PersonId, sent: Annotated[SentBan, Body()], visit: Here) -> Done:
    """Until it is lifted."""
    moderation.ban(visit, id, purge=sent.messages, reason=sent.reason)
    return _go(visit, CHAT, "banned")


@router.post("/studio/chat/people/<id>/unban", summary="Lift a ban or a time-out")
@_shows(PEOPLE, _people)
@needs("chat.moderate")
def unban(id: PersonId, visit: Here) -> Done:
    """They write again at once."""
    moderation.unban(visit, id)
    return _go(visit, PEOPLE, "unbanned")


@router.post("/studio/chat/settings", summary="Save the chat's settings")
@form(page=SETTINGS, sent=SETTINGS, fields=SETTINGS_FIELDS, context=_settings)
@needs("chat.settings")
def save_settings(sent: Annotated[SentSettings, Body()], visit: Here) -> SettingsState:
    """Everyone in the room is told within seconds; 412 where somebody has saved since the version that was seen."""
    row = room_settings.save(sent.value(), visit, seen=sent.version)
    visit.go(f"{SETTINGS}?done=saved")
    return SettingsState(version=int(row.version), **room_settings.settings_of(row)._asdict())


@router.post("/studio/chat/emotes/add", summary="Add an emote")
@form(page=EMOTES, sent=EMOTES, fields=("name", "for_members", "picture"), context=_emotes)
@takes_file(at_most=MAX_BYTES + 10_000)
@needs("chat.settings")
def add_emote(sent: Annotated[SentEmote, Body()], visit: Here) -> Done:
    """It can be written within seconds; 409 where there is one of this name, or as many as there may be."""
    file = visit.files.get("picture")
    if file is None or not file.content:
        raise _refused("missing", "Choose a picture.")
    try:
        emotes.add(visit, name=sent.name, content=file.content, for_members=sent.for_members)
    except NotAPicture:
        raise _refused("no_picture", "This file is no picture.") from None
    except TooLarge:
        raise _refused("too_heavy", "The picture is too large.") from None
    return _go(visit, EMOTES, "added")


@router.post("/studio/chat/emotes/<name>/delete", summary="Delete an emote")
@form(page=EMOTES, sent=EMOTES, fields=(), name="delete_form", context=lambda visit: {**_emotes(visit), "form": _NEW})
@needs("chat.settings")
def delete_emote(name: EmoteName, visit: Here) -> Done:
    """Its picture goes too: where it was written, its name stands from then on."""
    emotes.delete(visit, name)
    return _go(visit, EMOTES, "removed")


def _said(visit: Visit, id: str) -> history.Said:
    """A message that the log has; NotFound."""
    said = history.find(visit.services, id, since=moderation.looked_back(visit.services))
    if said is None:
        raise NotFound("There is no such message.")
    return said


def _refused(code: str, message: str) -> Invalid:
    return Invalid(fields=(FieldError(path="picture", code=code, message=message),))


def _go(visit: Visit, path: str, done: str) -> Done:
    visit.go(f"{path}?done={done}")
    return Done()
