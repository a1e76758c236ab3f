"""Videos: recordings of shows, to watch again."""

from datetime import timedelta

from lambdas.core.feature import Block, Feature, FeatureConfig, Page, Schedule, Screen
from lambdas.core.permissions import Permission


class VideosConfig(FeatureConfig):
    """Recordings of shows, to watch again: for everyone, for those who are signed in, or for members."""


_HERE = "lambdas.features.videos"

FEATURE = Feature(
    name="videos",
    config=VideosConfig,
    tables=(f"{_HERE}.models:Video", f"{_HERE}.models:Choices", f"{_HERE}.models:Progress"),
    api=f"{_HERE}.api:router",
    studio=f"{_HERE}.studio:router",
    changes={"videos": f"{_HERE}.events:what_happened"},
    events={
        "live.recording.started": f"{_HERE}.intake:started",
        "live.recording.ended": f"{_HERE}.intake:ended",
        "live.recording.failed": f"{_HERE}.intake:failed",
        "videos.video.moving": f"{_HERE}.events:move",
    },
    publishes={"videos.video.changed": f"{_HERE}.events:pages"},
    schedules={"videos.look-after": Schedule(every=timedelta(hours=1), run=f"{_HERE}.events:look_after")},
    permissions=(
        Permission("videos.read", "manager", "editor", "moderator"),
        Permission("videos.write", "manager", "editor"),
    ),
    screens=(
        Screen(
            path="/studio/videos/",
            template="videos/index.html.j2",
            needs="videos.read",
            nav="videos",
            icon="film",
            order=15,
        ),
        Screen(path="/studio/videos/{id}/", template="videos/video.html.j2", needs="videos.read"),
    ),
    pages=(
        Page(path="/videos/", template="videos/index.html.j2", nav="videos", order=30, context=f"{_HERE}.pages:every"),
        Page(
            path="/videos/{id}/",
            template="videos/video.html.j2",
            context=f"{_HERE}.pages:one",
            instances=f"{_HERE}.pages:all_of_them",
        ),
    ),
    blocks=(Block(template="videos/block.html.j2", order=30, context=f"{_HERE}.pages:newest"),),
    exports=f"{_HERE}.progress:exports",
    forgets=f"{_HERE}.progress:forget",
    news=f"{_HERE}.news:news",
    steps=f"{_HERE}.news:steps",
    searches=f"{_HERE}.news:searches",
)
