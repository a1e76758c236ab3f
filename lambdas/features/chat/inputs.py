"""What the studio's forms send of the chat, as a browser does: words as text, ticks as "yes" or not at all."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lambdas.core.chat_review.words import LONGEST_WORD
from lambdas.core.errors import FieldError, Invalid
from lambdas.core.fields import TextField
from lambdas.features.chat.emotes import NAME
from lambdas.features.chat.moderation import LONGEST, SHORTEST
from lambdas.features.chat.room_settings import Links, RoomSettings, SlowSeconds

MOST_WORDS = 300
WORDS_LENGTH = MOST_WORDS * (LONGEST_WORD + 4)
REASON = TextField(low=0, high=200)
SETTINGS_FIELDS = ("version", "slow_seconds", "members_only", "links", "words", "team_badge", "member_badge")

# Forms send numbers as text.
Seconds = Annotated[SlowSeconds, BeforeValidator(lambda sent: int(sent) if str(sent).isdecimal() else sent)]
Name = Annotated[
    str,
    BeforeValidator(lambda sent: sent.strip().strip(":").lower() if isinstance(sent, str) else sent),
    Field(pattern=NAME, description="What people write between colons."),
]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class SentSettings(Sent):
    """`words` has one a line. `version` is the one that was looked at; 0 before anybody has saved."""

    version: Annotated[int, Field(ge=0, le=1_000_000_000)]
    slow_seconds: Seconds
    members_only: bool = False
    links: Links
    words: Annotated[str, Field(max_length=WORDS_LENGTH)] = ""
    team_badge: bool = False
    member_badge: bool = False

    def value(self) -> RoomSettings:
        """The settings; Invalid where a line of the words is none that could be found."""
        return RoomSettings(
            slow_seconds=self.slow_seconds,
            members_only=self.members_only,
            links=self.links,
            words=words_of(self.words),
            team_badge=self.team_badge,
            member_badge=self.member_badge,
        )


class SentTimeOut(Sent):
    seconds: Annotated[int, Field(ge=SHORTEST, le=LONGEST)]
    messages: bool = False
    reason: Annotated[str, REASON] = ""


class SentBan(Sent):
    """`seconds` comes along where both stand in one form, and says nothing of a ban."""

    seconds: str = ""
    messages: bool = False
    reason: Annotated[str, REASON] = ""


class SentEmote(Sent):
    name: Name
    for_members: bool = False
    picture: str = ""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a list with one a line, each once, in their order. Invalid."""
    words: dict[str, str] = {}
    for line in (" ".join(line.split()) for line in text.splitlines()):
        if line:
            words.setdefault(line.casefold(), line)
    listed = tuple(words.values())
    if len(listed) > MOST_WORDS:
        raise _refused("too_many_words", f"List at most {MOST_WORDS}.", max=MOST_WORDS)
    if any(len(word.strip("*")) > LONGEST_WORD for word in listed):
        raise _refused("word_too_long", f"A word has at most {LONGEST_WORD} characters.", max=LONGEST_WORD)
    if any(not any(map(str.isalnum, word)) for word in listed):
        raise _refused("not_a_word", "Each line needs a letter or a digit.")
    return listed


def _refused(code: str, message: str, **params: int) -> Invalid:
    return Invalid(fields=(FieldError(path="words", code=code, message=message, params=params),))
