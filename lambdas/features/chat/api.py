"""/api/chat/…: into the room, what was said before, and what moderators do. Sending and hearing is between clients and IVS Chat."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.errors import FieldError, Invalid
from lambdas.core.fields import TextField
from lambdas.features.chat import history, moderation, room_settings
from lambdas.features.chat.emotes import ready
from lambdas.features.chat.hours import admitted
from lambdas.features.chat.models import ChatRoom
from lambdas.features.chat.room_settings import Links, SlowSeconds
from lambdas.features.chat.telling import tell_pin_at_once
from lambdas.features.chat.tokens import Role, WhyNot, shown, token_of, who
from lambdas.platform.limits import Limit
from lambdas.platform.routing import Router, limited, needs, signed_in
from lambdas.platform.visit import Here, Visit

router = Router()

TOKENS_OF_A_PERSON = Limit(name="chat-token", times=60, per=timedelta(minutes=10))
TOKENS_OF_AN_ADDRESS = Limit(name="chat-token", times=300, per=timedelta(minutes=10))
"""Many guests may share one: a household, a school, a mobile network."""

DELETIONS = Limit(name="chat-delete", times=120, per=timedelta(minutes=10))

MessageId = Annotated[str, Path(min_length=1, max_length=64, description="The message's id, as the room gave it.")]
PersonId = Annotated[
    str, Path(min_length=1, max_length=64, description="The person's id: the UserId of their messages.")
]
Reason = Annotated[str, TextField(low=0, high=200)]


class Me(BaseModel):
    id: str
    name: str
    role: Role
    may_send: bool
    why_not: WhyNot = Field(description="Why one may not write, empty where one may.")
    muted_until: datetime | None = Field(description="When a time-out ends.")
    moderator: bool


class Pinned(BaseModel):
    id: str
    content: str
    name: str


class EmoteShown(BaseModel):
    name: str
    url: str
    members_only: bool = Field(description="Drawn in messages of members and of the team only.")


class Badges(BaseModel):
    team: bool
    member: bool


class RoomShown(BaseModel):
    slow_seconds: int
    members_only: bool
    links: Links = Field(description="Who may send links.")
    badges: Badges = Field(description="Whose badges are shown.")
    pinned: Pinned | None
    emotes: list[EmoteShown]
    settable: bool = Field(description="Whether who asks may change these by POST /api/chat/room.")


class TokenGiven(BaseModel):
    token: str = Field(description="The sole subprotocol of one WebSocket connection, within a minute.")
    endpoint: str
    expires_at: datetime
    session_until: datetime = Field(description="When what the token opens ends; a new token goes on from there.")
    me: Me
    room: RoomShown


class Sender(BaseModel):
    id: str
    name: str
    role: str


class MessageShown(BaseModel):
    id: str
    content: str
    sent_at: datetime
    sender: Sender


class History(BaseModel):
    messages: list[MessageShown] = Field(description="At most a hundred, the oldest first.")


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Ban(_Sent):
    messages: bool = Field(default=False, description="Whether what they said goes too.")
    reason: Reason = Field(default="", description="For the team: nobody else is shown it.")


class TimeOut(Ban):
    seconds: Annotated[int, Field(ge=moderation.SHORTEST, le=moderation.LONGEST)]


class ToPin(_Sent):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]


class RoomChanges(_Sent):
    slow_seconds: SlowSeconds | None = None
    members_only: bool | None = None


class PersonState(BaseModel):
    id: str
    banned: bool
    muted_until: datetime | None


class Done(BaseModel):
    done: bool = True


@router.post("/api/chat/token", tags=["chat"], summary="A token for the chat room")
def token(visit: Here) -> TokenGiven:
    """For one connection. Guests read; 409 `chat_closed` where no show is on or near; 401 and 403 as the show itself."""
    guest = admitted(visit)
    limit = TOKENS_OF_A_PERSON if visit.session is not None else TOKENS_OF_AN_ADDRESS
    visit.services.limits.hit(limit, visit.subject)
    row = room_settings.read()
    me = who(visit, guest, row)
    made = token_of(visit, guest, me)
    return TokenGiven(
        token=made.token,
        endpoint=visit.services.room.endpoint,
        expires_at=made.expires_at,
        session_until=made.session_until,
        me=Me(**shown(me)),
        room=_room(visit, row, since=guest.opening.since),
    )


@router.get("/api/chat/history", tags=["chat"], summary="What was said last")
def read_history(visit: Here) -> History:
    """Of this show, and of the half hour before it. About ten seconds behind: what comes meanwhile, the room tells."""
    guest = admitted(visit)
    messages = history.last_messages(visit.services, since=guest.opening.since)
    return History(messages=[_message(said) for said in messages])


@router.get("/api/chat/room", tags=["chat"], summary="How the room is set")
def read_room(visit: Here) -> RoomShown:
    """As the answer to POST /api/chat/token has it; the room's event `prism:room` says that it is worth asking."""
    guest = admitted(visit)
    return _room(visit, room_settings.read(), since=guest.opening.since)


@router.post("/api/chat/room", tags=["chat"], summary="Change slow mode or members-only")
@needs("chat.settings")
def change_room(sent: Annotated[RoomChanges, Body()], visit: Here) -> RoomShown:
    """What is not sent stays as it is. Everyone in the room is told within seconds."""
    changes = sent.model_dump(exclude_none=True)
    if not changes:
        fault = FieldError(path="slow_seconds", code="missing", message="Say what to change.")
        raise Invalid(fields=(fault,))
    row = room_settings.change(visit, changes)
    return _room(visit, row, since=moderation.looked_back(visit.services))


@router.post("/api/chat/messages/<id>/delete", tags=["chat"], summary="Delete a message")
@signed_in
@limited(DELETIONS)
def delete_message(id: MessageId, visit: Here) -> Done:
    """One's own, or any as a moderator. 409 `not_logged_yet` where it is so new that its author is not known yet: try again."""
    moderation.delete_message(visit, id)
    return Done()


@router.post("/api/chat/people/<id>/timeout", tags=["chat"], summary="Have somebody pause")
@needs("chat.moderate")
def time_out(id: PersonId, sent: Annotated[TimeOut, Body()], visit: Here) -> PersonState:
    """They read on and write again by themselves afterwards. 409 `banned_already`; 403 for who may do more than you."""
    return _state(moderation.time_out(visit, id, seconds=sent.seconds, purge=sent.messages, reason=sent.reason))


@router.post("/api/chat/people/<id>/ban", tags=["chat"], summary="Ban somebody from the chat")
@needs("chat.moderate")
def ban(id: PersonId, sent: Annotated[Ban, Body()], visit: Here) -> PersonState:
    """Until it is lifted, by whatever token. 403 for who may do more than you."""
    return _state(moderation.ban(visit, id, purge=sent.messages, reason=sent.reason))


@router.post("/api/chat/people/<id>/unban", tags=["chat"], summary="Lift a ban or a time-out")
@needs("chat.moderate")
def unban(id: PersonId, visit: Here) -> PersonState:
    """They write again at once."""
    return _state(moderation.unban(visit, id))


@router.post("/api/chat/pin", tags=["chat"], summary="Pin a message")
@needs("chat.moderate")
def pin(sent: Annotated[ToPin, Body()], visit: Here) -> Pinned:
    """Its words and its author are the log's: nobody puts words into anybody's mouth. 409 `not_logged_yet` where
    it is so new that the log does not have it yet: try again."""
    said = moderation.find_said(visit.services, sent.id)
    message = {"id": said.id, "content": said.content, "name": said.name, "sender": said.sender_id}
    row = room_settings.pin(visit, message)
    tell_pin_at_once(visit.services, row.pinned)
    return Pinned(id=message["id"], content=message["content"], name=message["name"])


@router.post("/api/chat/unpin", tags=["chat"], summary="Take down what is pinned")
@needs("chat.moderate")
def unpin(visit: Here) -> Done:
    """Nothing happens where nothing is pinned."""
    room_settings.unpin(visit)
    tell_pin_at_once(visit.services, room_settings.read().pinned)
    return Done()


def _room(visit: Visit, row: ChatRoom, *, since: datetime) -> RoomShown:
    pinned: dict[str, Any] | None = row.pinned if room_settings.is_pinned(row, since) else None
    settings = room_settings.settings_of(row)
    return RoomShown(
        slow_seconds=settings.slow_seconds,
        members_only=settings.members_only,
        links=next((one for one in room_settings.LINKS if one == settings.links), "team"),
        badges=Badges(team=settings.team_badge, member=settings.member_badge),
        pinned=Pinned(id=pinned["id"], content=pinned["content"], name=pinned["name"]) if pinned else None,
        emotes=[
            EmoteShown(name=one.name, url=one.picture or "", members_only=bool(one.for_members))
            for one in ready(visit.services.clock())
        ],
        settable="chat.settings" in visit.standing.permissions,
    )


def _message(said: history.Said) -> MessageShown:
    sender = Sender(id=said.sender_id, name=said.name, role=said.role)
    return MessageShown(id=said.id, content=said.content, sent_at=said.sent_at, sender=sender)


def _state(restriction: moderation.Restriction) -> PersonState:
    return PersonState(id=restriction.person_id, banned=restriction.banned, muted_until=restriction.muted_until)
