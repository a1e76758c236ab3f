"""Bringing a video's objects to where they should be, a few hundred at a time.

Each step is one write of the row, on the condition that nobody has written it since it was read; the write's stream record
begins the next step. So a worker that is killed loses one step and no more, and of two that work on one video at once only
one goes on: the other has copied the same bytes to the same names, or takes back what it copied to a place that was given up.

    begin      a place is made up, what is to be copied is known
    closing    out of a public place: the playlists are taken along and removed first, and the edge is told to forget
    frames     the pictures to choose a thumbnail from (recordings only)
    segments   everything but playlists
    playlists  those of the renditions, then the one that names them; then the row says where it can be played

and then what lies in the place before, or in the recording, is removed.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from pynamodb.exceptions import UpdateError

from lambdas.features.videos import pictures
from lambdas.features.videos.models import (
    DELETED,
    FAILED,
    GONE,
    PREPARING,
    PUBLISHED,
    SHELF,
    Video,
)
from lambdas.features.videos.places import (
    guarded_folder,
    kind_of,
    new_place,
    posters_folder,
    public_folder,
    stored,
    wanted_kind,
)
from lambdas.features.videos.recording import MASTER, PLAYLIST, ended, keys, look
from lambdas.platform.services import Services

MOST = 400
"""So many objects a step: a few seconds' work, and less than a tenth of what the worker may take."""

_AT_ONCE = 10  # as many connections as a client of S3 keeps
LATE = timedelta(minutes=10)

CLOSING, FRAMES, SEGMENTS, PLAYLISTS, WIPED = "closing", "frames", "segments", "playlists", "wiped"
NOTHING_THERE = "nothing_there"

Actions = list[Any]


def is_settled(video: Video) -> bool:
    """Whether nothing is left to be done with a video's objects."""
    if video.state == GONE:
        return bool(video.phase == WIPED)
    wanted = wanted_kind(video)
    moved = not video.to and (not wanted or kind_of(video.place) == wanted)
    return moved and not video.leftovers and not (video.wanted_picture and _can_picture(video))


def advance(id: str, step: int, services: Services) -> None:
    """Do the step after `step`; nothing where it has been done, or the video is gone."""
    video = read(id)
    if video is None or video.step != step or is_settled(video):
        return
    act = _next(video)
    act(video, services)


def nudge(video: Video, services: Services) -> None:
    """Begin the next step of a video whose last one was never followed."""
    _write(video, [], services)


def read(id: str) -> Video | None:
    try:
        return Video.get(SHELF, id, consistent_read=True)
    except Video.DoesNotExist:
        return None


def _next(video: Video) -> Callable[[Video, Services], None]:
    if video.state == GONE:
        return _wipe
    wanted = wanted_kind(video)
    if video.to and kind_of(video.to) != wanted and _may_give_up(video):
        return _give_up
    if video.wanted_picture and _can_picture(video):
        return _picture
    if video.to:
        return {CLOSING: _close, FRAMES: _copy_frames, SEGMENTS: _copy_segments, PLAYLISTS: _copy_playlists}[
            video.phase
        ]
    if wanted and kind_of(video.place) != wanted:
        return _begin if video.place else _begin_with_recording
    return _remove_leftovers


def _may_give_up(video: Video) -> bool:
    """Out of a place that has been closed there is no way back: its playlists are in the new one only. That one is guarded."""
    return bool(video.place) or video.origin.startswith(video.source)


def _give_up(video: Video, services: Services) -> None:
    """Whom it is for has changed on the way: begin anew from where it was, to somewhere else."""
    _write(
        video,
        [
            Video.leftovers.set([*(video.leftovers or ()), video.to]),
            Video.to.set(""),
            Video.origin.set(""),
            Video.phase.set(""),
            Video.cursor.set(""),
        ],
        services,
    )


def _begin(video: Video, services: Services) -> None:
    phase = CLOSING if kind_of(video.place) == "public" else SEGMENTS
    if _start(video, origin=video.place, phase=phase, more=[], services=services) and phase == CLOSING:
        # At once: whoever takes a video back does not wait for pages to be published first.
        advance(video.id, int(video.step), services)


def _begin_with_recording(video: Video, services: Services) -> None:
    found = look(video.source, services.media)
    if found is None:
        _write(video, [Video.state.set(FAILED), Video.why_failed.set(NOTHING_THERE)], services)
        return
    more: Actions = [Video.frames.set(len(found.frames))]
    if not video.duration_ms:
        more.append(Video.duration_ms.set(found.duration_ms))
    if found.frames and not video.picture and not video.wanted_picture:
        more.append(Video.wanted_picture.set(pictures.frame(len(found.frames) // 2)))
    phase = FRAMES if found.frames else SEGMENTS
    _start(video, origin=found.hls, phase=phase, more=more, services=services)


def _start(video: Video, *, origin: str, phase: str, more: Actions, services: Services) -> bool:
    to = new_place(video.id, wanted_kind(video))
    begun = [Video.to.set(to), Video.origin.set(origin), Video.phase.set(phase), Video.cursor.set("")]
    return _write(video, [*more, *begun], services)


def _close(video: Video, services: Services) -> None:
    """Nobody is to watch it here any more: without its playlists a place cannot be played, whatever else still lies there.

    All of them are copied before the first is removed, so that a second try finds what is missing in the new place.
    """
    playlists = [key for key in keys(video.origin, services.media) if key.endswith(PLAYLIST)]
    copied = _take_along(playlists, video, services)
    _each(services.media.delete, playlists)
    services.publisher.edge.forget((f"/{public_folder(video.id)}*",))
    _write(video, [Video.place.set(""), Video.phase.set(SEGMENTS)], services, copied=copied)


def _copy_frames(video: Video, services: Services) -> None:
    found = look(video.source, services.media)
    frames = found.frames if found else ()
    copied = [pictures.frame_key(video.to, number) for number in range(len(frames))]
    pairs = list(zip(frames, copied, strict=True))
    _each(lambda pair: _copy(pair[0], pair[1], services), pairs)
    _write(video, [Video.phase.set(SEGMENTS)], services, copied=copied)


def _copy_segments(video: Video, services: Services) -> None:
    some = services.media.keys_below(video.origin, after=video.cursor, at_most=MOST)
    copied = _take_along((key for key in some if not key.endswith(PLAYLIST)), video, services)
    last = len(some) < MOST
    further = [Video.phase.set(PLAYLISTS), Video.cursor.set("")] if last else [Video.cursor.set(some[-1])]
    _write(video, further, services, copied=copied)


def _copy_playlists(video: Video, services: Services) -> None:
    """The last of it, and then the row says so."""
    playlists = [key for key in keys(video.origin, services.media) if key.endswith(PLAYLIST)]
    first = [key for key in playlists if key != f"{video.origin}{MASTER}"]
    copied = _take_along(first, video, services)
    copied += _take_along((key for key in playlists if key not in first), video, services)
    from_recording = video.origin.startswith(video.source)
    gone = video.source if from_recording else video.origin
    done: Actions = [
        Video.place.set(video.to),
        Video.leftovers.set([*(video.leftovers or ()), gone]),
        Video.to.set(""),
        Video.origin.set(""),
        Video.phase.set(""),
        Video.cursor.set(""),
    ]
    if video.state == PREPARING:
        done.append(Video.state.set(video.goal))
        if video.goal == PUBLISHED:
            done.append(Video.published_at.set(services.clock()))
    elif video.state == DELETED and video.was == PREPARING:
        done.append(Video.was.set(video.goal))
    _write(video, done, services, copied=copied)


def _picture(video: Video, services: Services) -> None:
    """Make its thumbnail of what was chosen; what is no picture leaves the one before, and says so."""
    before = video.picture
    made = pictures.make(video, services)
    if made is None:
        _write(video, [Video.picture_fault.set(True), Video.wanted_picture.remove()], services)
        return
    noted: Actions = [Video.picture.set(made), Video.picture_fault.set(False), Video.wanted_picture.remove()]
    if _write(video, noted, services) and before and before != made:
        pictures.drop(before, services)


def _remove_leftovers(video: Video, services: Services) -> None:
    """Remove a few hundred objects of a place that nothing is read from any more."""
    prefix, *others = list(video.leftovers or [])
    if prefix in {video.place, video.to, video.origin}:
        raise AssertionError("what is in use is no leftover")
    if _remove_some(prefix, services):
        _write(video, [], services)
        return
    if kind_of(prefix) == "public":
        services.publisher.edge.forget((f"/{prefix}*",))
    _write(video, [Video.leftovers.set(others) if others else Video.leftovers.remove()], services)


def _wipe(video: Video, services: Services) -> None:
    """Remove a few hundred objects of a video that is gone, wherever they are; then its row says that there are none."""
    folders = (public_folder(video.id), guarded_folder(video.id), posters_folder(video.id), video.source)
    for folder in folders:
        if folder and _remove_some(folder, services):
            _write(video, [], services)
            return
    services.publisher.edge.forget((f"/{public_folder(video.id)}*", f"/{posters_folder(video.id)}*"))
    _write(video, [Video.phase.set(WIPED)], services)


def _remove_some(prefix: str, services: Services) -> bool:
    """Remove the first objects below a prefix; whether there may be more."""
    some = services.media.keys_below(prefix, at_most=MOST)
    _each(services.media.delete, some)
    return len(some) == MOST


def _can_picture(video: Video) -> bool:
    """Whether what its thumbnail is to be made of is there by now."""
    return pictures.is_upload(video.wanted_picture) or bool(video.place) or video.phase in (SEGMENTS, PLAYLISTS)


def _take_along(some: Iterable[str], video: Video, services: Services) -> list[str]:
    """Copy objects from `origin` to the same names in `to`; the keys there."""
    pairs = [(key, video.to + key.removeprefix(video.origin)) for key in some]
    _each(lambda pair: _copy(pair[0], pair[1], services), pairs)
    return [key for _, key in pairs]


def _copy(source: str, key: str, services: Services) -> None:
    told = stored(key)
    if key.endswith(PLAYLIST):
        playlist = services.media.read(source)
        if playlist is not None:
            services.media.put(key, ended(playlist), content_type=told.content_type, cache_control=told.cache_control)
        return
    # Where there is nothing (any more) another worker has done this step before: the row will say so.
    services.media.copy(source, key, content_type=told.content_type, cache_control=told.cache_control)


def _each(act: Callable[[Any], object], some: Iterable[Any]) -> None:
    """Do it for all, some at a time; the first error when all have been tried."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as several:
        list(several.map(act, some))


def _write(video: Video, actions: Actions, services: Services, *, copied: Iterable[str] = ()) -> bool:
    """Note a step; False where somebody else has written the row since. Then what was copied to a place given up is removed."""
    noted = [Video.step.set(video.step + 1), Video.stepped_at.set(services.clock())]
    try:
        video.update(actions=[*actions, *noted], condition=Video.step == video.step)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
    else:
        return True
    now = read(video.id)
    in_use = {now.place, now.to} if now is not None and now.state != GONE else set()
    if video.to not in in_use:
        _each(services.media.delete, copied)
    return False
