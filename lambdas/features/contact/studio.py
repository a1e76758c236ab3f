"""The inbox in the studio: /studio/contact/ and what is done there."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.fields import TextField
from lambdas.core.forms import blank
from lambdas.features.contact.inbox import ANSWERS, Listed, Wanted, answer, count_open, find, page, put
from lambdas.features.contact.models import Message
from lambdas.platform.people import names_of
from lambdas.platform.routing import Router, form, html, needs
from lambdas.platform.visit import Here, Html, Visit

router = Router()

INBOX = "/studio/contact/"
MESSAGE = "/studio/contact/{id}/"
ANSWER = TextField(low=1, high=4000, lines=True)
FILTERS: tuple[Listed, ...] = ("open", "answered", "archived", "spam")
_DONE = ("answered", "inbox", "archived", "spam", "deleted")
_ID = r"^msg_[0-9A-Z]{26}$"

MessageId = Annotated[str, Path(pattern=_ID)]
# Forms send numbers as text.
Version = Annotated[int, Field(ge=1, le=1_000_000, description="The version of the message that was looked at.")]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: Version


class AnswerText(_Sent):
    answer: Annotated[str, ANSWER]


class Destination(_Sent):
    state: Wanted = Field(description="Where to put the message.")


class MessageState(BaseModel):
    id: str
    state: str
    version: int


@router.get("/studio/contact/", include_in_schema=False)
@html
@needs("contact.messages.read")
def inbox(visit: Here) -> Html:
    """Messages in one state, newest first."""
    asked, words = visit.query.get("state"), " ".join(visit.query.get("q", "")[:80].split())
    state: Listed = next((one for one in FILTERS if one == asked), "open")
    found = page(
        state,
        older=visit.query.get("older", ""),
        newer=visit.query.get("newer", ""),
        words=words,
        services=visit.services,
    )
    kept = {"state": state} | ({"q": words} if words else {})
    counted, more = count_open()
    return visit.screen(
        INBOX,
        {
            "messages": found.messages,
            "state": state,
            "words": words,
            "filters": FILTERS,
            "open_count": f"{counted}+" if more else str(counted),
            "newer": _address(kept | {"newer": found.newer}) if found.newer else "",
            "older": _address(kept | {"older": found.older}) if found.older else "",
            "done": _done(visit.query),
        },
    )


def _conversation(visit: Visit) -> Mapping[str, Any]:
    """What the screen of a message shows beside its form."""
    message = find(visit.parameters["id"], services=visit.services)
    people = {one.by for one in message.conversation} | ({message.changed_by} if message.changed_by else set())
    return {
        "message": message,
        "names": names_of(people),
        "high": ANSWER.high,
        "full": len(message.conversation) >= ANSWERS,
        "done": visit.query.get("done", ""),
    }


@router.get("/studio/contact/<id>/", include_in_schema=False)
@html
@needs("contact.messages.read")
def message(id: MessageId, visit: Here) -> Html:
    """One message with all that was answered."""
    return visit.screen(MESSAGE, {**_conversation(visit), "form": blank("answer")})


@router.post("/studio/contact/<id>/answer", summary="Answer a message by mail")
@form(page=MESSAGE, sent=MESSAGE, fields=("answer",), context=_conversation)
@needs("contact.messages.answer")
def send_answer(id: MessageId, sent: Annotated[AnswerText, Body()], visit: Here) -> MessageState:
    """The answer is stored, and mailed within seconds; 412 where somebody else has done something with the message."""
    answered = answer(id, body=sent.answer, version=sent.version, visit=visit)
    visit.go(f"{INBOX}{id}/?done=answered")
    return _state(answered)


@router.post("/studio/contact/<id>/state", summary="Archive a message, call it spam, delete it, or put it back")
@form(page=MESSAGE, sent=INBOX, fields=("answer",), context=_conversation)
@needs("contact.messages.manage")
def put_somewhere(id: MessageId, sent: Annotated[Destination, Body()], visit: Here) -> MessageState:
    """Nothing is lost at once: a deleted message can be put back for a day. 412 where somebody else was quicker."""
    was, now = put(id, sent.state, version=sent.version, visit=visit)
    back: dict[str, str] = {} if was == sent.state else {"was": was, "version": str(int(now.version))}
    visit.go(_address({"done": sent.state, "of": id} | back))
    return _state(now)


def _state(message: Message) -> MessageState:
    return MessageState(id=message.id, state=message.place, version=int(message.version))


def _address(query: Mapping[str, str]) -> str:
    return f"{INBOX}?{urlencode(query)}"


def _done(query: Mapping[str, str]) -> dict[str, str]:
    """What was just done and how to take it back, from an address that anybody may have written."""
    done = query.get("done", "")
    if done not in _DONE:
        return {}
    of, was, version = (query.get(name, "") for name in ("of", "was", "version"))
    if re.fullmatch(_ID, of) and was in _DONE and re.fullmatch(r"[0-9]{1,6}", version):
        return {"what": done, "of": of, "was": was, "version": version}
    return {"what": done}
