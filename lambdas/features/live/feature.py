"""Live: one channel, the shows that are on it, and who may watch them."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from lambdas.core.feature import Block, Feature, FeatureConfig, Page, Schedule, Screen
from lambdas.core.permissions import Permission


class LiveConfig(FeatureConfig):
    """Live streaming: from OBS to the site, with shows that can be planned."""

    player: Literal["hls", "ivs"] = Field(
        default="hls",
        description="hls is free software; ivs is Amazon's own player, a second or two closer to live in the cloud.",
    )
    grace_minutes: Annotated[int, Field(ge=1, le=30)] = Field(
        default=2, description="A stream that is back within so many minutes continues its show."
    )

    @property
    def grace(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)


_READ, _KEY, _WRITE = "live.stream.read", "live.stream.key", "live.shows.write"

FEATURE = Feature(
    name="live",
    config=LiveConfig,
    tables=(
        "lambdas.features.live.models:Ledger",
        "lambdas.features.live.models:Show",
        "lambdas.features.live.models:Stream",
        "lambdas.features.live.models:Sample",
        "lambdas.features.live.models:LiveViewer",
        "lambdas.features.live.models:Recording",
    ),
    api="lambdas.features.live.api:router",
    studio="lambdas.features.live.studio:router",
    changes={
        "broadcast": "lambdas.features.live.events:of_the_air",
        "live-ledger": "lambdas.features.live.events:of_the_ledger",
        "live-shows": "lambdas.features.live.events:of_a_show",
        "live-recordings": "lambdas.features.live.recordings:what_happened",
    },
    events={
        "live.state.changed": "lambdas.features.live.events:follow_the_air",
        "live.show.changed": "lambdas.features.live.events:follow_a_show",
        "live.cover.uploaded": "lambdas.features.live.covers:prepare",
        "live.cover.gone": "lambdas.features.live.covers:forget",
        "entitlement.changed": "lambdas.features.live.revoking:of_a_person",
        "videos.video.changed": "lambdas.features.live.events:note_video",
    },
    publishes={
        "live.state.changed": "lambdas.features.live.events:touched",
        "live.show.changed": "lambdas.features.live.events:touched",
        "live.links.changed": "lambdas.features.live.events:touched",
    },
    published="lambdas.features.live.state:publish_state",
    aws_events={
        "IVS Stream State Change": "lambdas.features.live.told:of_a_stream",
        "IVS Stream Health Change": "lambdas.features.live.told:of_health",
        "IVS Recording State Change": "lambdas.features.live.recordings:told",
        "IVS Limit Breach": "lambdas.features.live.told:of_a_limit",
    },
    schedules={
        "live.watch": Schedule(every=timedelta(minutes=1), run="lambdas.features.live.watch:watch", asleep=True),
        "live.sweep": Schedule(every=timedelta(hours=1), run="lambdas.features.live.watch:sweep"),
    },
    permissions=(
        Permission(_READ, "manager", "editor", "moderator"),
        Permission(_KEY, "manager"),
        Permission(_WRITE, "manager", "editor"),
    ),
    screens=(
        Screen(path="/studio/live/", template="live/desk.html.j2", needs=_READ, nav="live", icon="live", order=5),
        Screen(path="/studio/live/shows/", template="live/shows.html.j2", needs=_READ),
        Screen(path="/studio/live/shows/new/", template="live/new_show.html.j2", needs=_WRITE),
        Screen(path="/studio/live/shows/{id}/", template="live/show.html.j2", needs=_READ),
        Screen(path="/studio/live/sessions/", template="live/sessions.html.j2", needs=_READ),
        Screen(path="/studio/live/sessions/{id}/", template="live/session.html.j2", needs=_READ),
    ),
    pages=(
        Page(
            path="/live/",
            template="live/index.html.j2",
            nav="live",
            order=10,
            context="lambdas.features.live.pages:live",
        ),
        Page(
            path="/live/shows.ics",
            template="live/calendar.txt.j2",
            listed=False,
            context="lambdas.features.live.pages:calendar",
        ),
        Page(
            path="/live/{show}.ics",
            template="live/calendar.txt.j2",
            listed=False,
            context="lambdas.features.live.pages:calendar_of_one",
            instances="lambdas.features.live.pages:planned",
        ),
    ),
    blocks=(Block(template="live/stage.html.j2", stage=True, order=10, context="lambdas.features.live.pages:live"),),
    exports="lambdas.features.live.personal_data:exports",
    forgets="lambdas.features.live.personal_data:forget",
    news="lambdas.features.live.news:news",
    steps="lambdas.features.live.news:steps",
    searches="lambdas.features.live.news:searches",
    infrastructure="stacks.constructs.live:LiveResources",
)
