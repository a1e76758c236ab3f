"""What the team writes about a video, and how chapters are written: a line each, "1:02:03 What happens there"."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.errors import FieldError, Invalid
from lambdas.core.fields import TextField
from lambdas.features.videos.intake import CHAPTERS, LABEL
from lambdas.features.videos.models import Chapter
from lambdas.features.videos.pages import clock

TITLE = TextField(low=0, high=120)
DESCRIPTION = TextField(low=0, high=5000, lines=True)
MARKS = TextField(low=0, high=CHAPTERS * (LABEL + 10), lines=True)

_LINE = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})\s+(?:[-–—]\s+)?(\S.*)")  # dashes that people type


def chapters(text: str) -> list[tuple[int, str]]:
    """The moments (in milliseconds) and labels of what was written, in their order; Invalid says which line is none."""
    found: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or int(match[3]) > 59 or (match[1] and int(match[2]) > 59) or len(match[4]) > LABEL:
            raise _unreadable("chapter_line", f"Line {number} is no chapter.", line=number)
        ms = 1000 * ((int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3]))
        found[ms] = match[4]
    if len(found) > CHAPTERS:
        raise _unreadable("too_many_chapters", f"Write at most {CHAPTERS} chapters.", max=CHAPTERS)
    return sorted(found.items())


def written(marks: tuple[Chapter, ...]) -> str:
    """Chapters as they are written."""
    return "\n".join(f"{clock(int(mark.ms))} {mark.label}" for mark in marks)


def _unreadable(code: str, message: str, **params: int) -> Invalid:
    return Invalid(fields=(FieldError(path="chapters", code=code, message=message, params=params),))


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    # Forms send numbers as text.
    version: Annotated[int, Field(ge=0, le=1_000_000, description="The version of what was looked at.")]


class Details(_Sent):
    title: Annotated[str, TITLE]
    description: Annotated[str, DESCRIPTION]
    audience: Literal["everyone", "signed-in", "members"] = Field(description="Whom it is for.")
    chapters: Annotated[str, MARKS] = Field(default="", description='A line each: "1:02:03 What happens there".')


class Destination(_Sent):
    state: Literal["published", "draft", "deleted", "restored", "finished"] = Field(description="What to do with it.")


class Frame(_Sent):
    frame: Annotated[int, Field(ge=0, le=99, description="Which of the recording's pictures.")]


class Uploaded(_Sent):
    pass


class Wish(_Sent):
    recordings: Literal["draft", "published"] = Field(description="The state in which recordings appear.")
