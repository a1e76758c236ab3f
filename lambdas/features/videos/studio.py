"""Videos in the studio: /studio/videos/ and what is done there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel

from lambdas.core.errors import FieldError, Invalid
from lambdas.core.forms import Form, blank
from lambdas.features.videos.inputs import (
    DESCRIPTION,
    MARKS,
    TITLE,
    Destination,
    Details,
    Frame,
    Uploaded,
    Wish,
    chapters,
    written,
)
from lambdas.features.videos.library import choices, everything, find, has_words
from lambdas.features.videos.models import DELETED, DRAFT, FAILED, PREPARING, PUBLISHED, RECORDING, Video
from lambdas.features.videos.pages import card, clock
from lambdas.features.videos.pictures import frame_key
from lambdas.features.videos.places import kind_of
from lambdas.features.videos.playback import lend
from lambdas.features.videos.shelf import choose, choose_frame, choose_upload, describe, put
from lambdas.platform.limits import Limit
from lambdas.platform.people import names_of
from lambdas.platform.pictures import MAX_BYTES, NotAPicture, keep_upload
from lambdas.platform.routing import Router, form, html, limited, needs, takes_file
from lambdas.platform.visit import Here, Html, Visit

router = Router()

LIST = "/studio/videos/"
VIDEO = "/studio/videos/{id}/"
FILTERS: Mapping[str, tuple[str, ...]] = {
    "all": (RECORDING, PREPARING, DRAFT, PUBLISHED, FAILED),
    "draft": (DRAFT,),
    "published": (PUBLISHED,),
    "working": (RECORDING, PREPARING, FAILED),
    "deleted": (DELETED,),
}
A_PAGE = 30
FIELDS = ("title", "description", "audience", "chapters")
_DONE = ("saved", "published", "draft", "restored", "finished", "picture", "frame")

VideoId = Annotated[str, Path(pattern=r"^vid_[0-9A-Z]{26}$")]

PICTURES = Limit(name="video-pictures", times=60, per=timedelta(hours=1))


class VideoState(BaseModel):
    id: str
    state: str
    version: int


class Chosen(BaseModel):
    recordings: str
    version: int


def _list(visit: Visit) -> dict[str, Any]:
    asked, words = visit.query.get("state", "all"), " ".join(visit.query.get("q", "")[:80].split())
    shown = asked if asked in FILTERS else "all"
    there = everything()
    found = [video for video in there if video.state in FILTERS[shown] and (not words or has_words(video, words))]
    number = int(text) if (text := visit.query.get("page", "")).isdecimal() and len(text) < 5 else 0
    start = number * A_PAGE
    kept = {"state": shown} | ({"q": words} if words else {})
    now, chosen = visit.services.clock(), choices()
    return {
        "videos": [_listed(video, visit) for video in found[start : start + A_PAGE]],
        "shown": shown,
        "words": words,
        "filters": {name: sum(video.state in states for video in there) for name, states in FILTERS.items()},
        "newer": _address(kept | {"page": str(number - 1)}) if number else "",
        "older": _address(kept | {"page": str(number + 1)}) if len(found) > start + A_PAGE else "",
        "choices": {"recordings": chosen.recordings, "version": int(chosen.version)},
        "deleted": _deleted(visit.query, there, now),
        "done": visit.query.get("done", ""),
        "form": blank("recordings"),
    }


def _listed(video: Video, visit: Visit) -> dict[str, Any]:
    return card(video) | {"state": video.state, "late": video.is_late(visit.services.clock())}


def _deleted(query: Mapping[str, str], there: list[Video], now: Any) -> dict[str, Any]:
    """What was just deleted, for the way back."""
    of = query.get("of", "") if query.get("done") == "deleted" else ""
    video = next((one for one in there if one.id == of and one.state == DELETED and one.delete_after > now), None)
    return {"id": video.id, "version": int(video.version)} if video else {}


@router.get(LIST, include_in_schema=False)
@html
@needs("videos.read")
def index(visit: Here) -> Html:
    """All videos, the newest first."""
    return visit.screen(LIST, _list(visit))


@router.post("/studio/videos/choices", summary="Say whether recordings appear as drafts or published")
@form(page=LIST, sent=f"{LIST}?done=chosen", fields=("recordings",), context=_list)
@needs("videos.write")
def choose_recordings(wish: Annotated[Wish, Body()], visit: Here) -> Chosen:
    """For those from now on. 412 where somebody else has just said something else."""
    made = choose(wish.recordings, version=wish.version, visit=visit)
    return Chosen(recordings=made.recordings, version=int(made.version))


def _about(visit: Visit) -> Mapping[str, Any]:
    """What the screen of a video shows beside its form."""
    video = find(visit.parameters["id"])
    done = visit.query.get("done", "")
    frames = range(int(video.frames)) if video.place else ()
    return {
        "video": _listed(video, visit),
        "goal": video.goal,
        "why_failed": video.why_failed,
        "version": int(video.version),
        "moving": bool(video.to),
        "playable": bool(video.place),
        "guarded": kind_of(video.place) == "guarded",
        "frames": [{"number": number, "url": f"/{frame_key(video.place, number)}"} for number in frames],
        "wanted_frame": video.wanted_picture or "",
        "picture_waits": bool(video.wanted_picture),
        "picture_fault": bool(video.picture_fault),
        "restorable": video.state == DELETED and video.delete_after > visit.services.clock(),
        "delete_after": video.delete_after,
        "changed_at": video.changed_at,
        "changed_name": names_of({video.changed_by}).get(video.changed_by, "") if video.changed_by else "",
        "marks": [{"ms": int(one.ms), "at": clock(int(one.ms)), "label": one.label} for one in video.marks],
        "highs": {"title": TITLE.high, "description": DESCRIPTION.high, "chapters": MARKS.high},
        "most_bytes": MAX_BYTES,
        "done": done if done in _DONE else "",
        "form": _filled(video),
        "picture_form": blank("picture"),
    }


def _filled(video: Video) -> Form:
    values = {
        "title": video.title,
        "description": video.description,
        "audience": video.rule.audience,
        "chapters": written(video.marks),
    }
    return Form(values=values)


@router.get("/studio/videos/<id>/", include_in_schema=False)
@html
@needs("videos.read")
def video(id: VideoId, visit: Here) -> Html:
    """One video. Its frames may lie in a guarded place: the cookies for that are lent with the page."""
    found = find(id)
    if kind_of(found.place) == "guarded":
        lend(found, visit)
    return visit.screen(VIDEO, _about(visit))


@router.post("/studio/videos/<id>/details", summary="Say what a video is, and whom it is for")
@form(page=VIDEO, sent=VIDEO, fields=FIELDS, context=_about)
@needs("videos.write")
def save(id: VideoId, details: Annotated[Details, Body()], visit: Here) -> VideoState:
    """Where it is published its page follows within seconds. 412 where somebody else has saved since."""
    saved = describe(
        id,
        title=details.title,
        description=details.description,
        audience=details.audience,
        chapters=chapters(details.chapters),
        version=details.version,
        visit=visit,
    )
    visit.go(f"{LIST}{id}/?done=saved")
    return _state(saved)


@router.post("/studio/videos/<id>/state", summary="Publish a video, take it back, delete it, or bring it back")
@form(page=VIDEO, sent=VIDEO, fields=FIELDS, context=_about)
@needs("videos.write")
def put_somewhere(id: VideoId, wanted: Annotated[Destination, Body()], visit: Here) -> VideoState:
    """A deleted one can be brought back for a day; then all that there is of it goes. 412 where somebody else was quicker."""
    now = put(id, wanted.state, version=wanted.version, visit=visit)
    if wanted.state == "deleted":
        visit.go(_address({"done": "deleted", "of": id}))
    else:
        visit.go(f"{LIST}{id}/?done={wanted.state}")
    return _state(now)


@router.post("/studio/videos/<id>/frame", summary="Choose a picture of the recording as thumbnail")
@form(page=VIDEO, sent=VIDEO, fields=FIELDS, context=_about)
@needs("videos.write")
@limited(PICTURES)
def use_frame(id: VideoId, chosen: Annotated[Frame, Body()], visit: Here) -> VideoState:
    """It is made within seconds; until then the one before stays."""
    now = choose_frame(id, chosen.frame, version=chosen.version, visit=visit)
    visit.go(f"{LIST}{id}/?done=frame")
    return _state(now)


@router.post("/studio/videos/<id>/picture", summary="Upload a thumbnail")
@form(page=VIDEO, sent=VIDEO, fields=("picture",), name="picture_form", context=_about)
@takes_file(at_most=MAX_BYTES + 10_000)
@needs("videos.write")
@limited(PICTURES)
def use_picture(id: VideoId, sent: Annotated[Uploaded, Body()], visit: Here) -> VideoState:
    """It is prepared within seconds: until then, and where it turns out to be none, the one before stays."""
    find(id)
    file = visit.files.get("picture")
    if file is None or not file.content:
        raise _refused("missing", "Choose a picture.")
    if len(file.content) > MAX_BYTES:
        raise _refused("too_heavy", "The picture is too large.")
    try:
        key = keep_upload(file.content, visit.services)
    except NotAPicture:
        raise _refused("no_picture", "This file is no picture.") from None
    now = choose_upload(id, key, version=sent.version, visit=visit)
    visit.go(f"{LIST}{id}/?done=picture")
    return _state(now)


def _refused(code: str, message: str) -> Invalid:
    return Invalid(fields=(FieldError(path="picture", code=code, message=message),))


def _state(video: Video) -> VideoState:
    return VideoState(id=video.id, state=video.state, version=int(video.version))


def _address(query: Mapping[str, str]) -> str:
    return f"{LIST}?{urlencode(query)}"
