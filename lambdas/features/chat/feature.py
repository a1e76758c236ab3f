"""Chat beside the show: tokens for the room, history, moderation, settings, emotes."""

from typing import Literal

from pydantic import Field

from lambdas.core.feature import Feature, FeatureConfig, Screen
from lambdas.core.permissions import Permission


class ChatConfig(FeatureConfig):
    """Chat beside the show."""

    when_review_fails: Literal["deny", "allow"] = Field(
        default="deny",
        description="What becomes of a message that could not be checked in time: deny asks its sender to try again.",
    )
    keep_days: Literal[1, 3, 7, 14, 30, 90] = Field(
        default=30, description="What was said is deleted after so many days."
    )


FEATURE = Feature(
    name="chat",
    config=ChatConfig,
    requires=("live",),
    infrastructure="stacks.constructs.chat:ChatResources",
    tables=(
        "lambdas.features.chat.models:ChatRoom",
        "lambdas.features.chat.models:ChatPerson",
        "lambdas.features.chat.models:Act",
        "lambdas.features.chat.models:Emote",
    ),
    api="lambdas.features.chat.api:router",
    studio="lambdas.features.chat.studio:router",
    changes={
        "chat-room": "lambdas.features.chat.events:of_the_room",
        "chat-acts": "lambdas.features.chat.events:of_acts",
        "chat-emotes": "lambdas.features.chat.events:of_emotes",
    },
    events={
        "chat.settings.changed": "lambdas.features.chat.events:tell_settings",
        "chat.pin.changed": "lambdas.features.chat.events:tell_pin",
        "chat.moderated": "lambdas.features.chat.events:tell_act",
        "chat.emote.uploaded": "lambdas.features.chat.events:prepare_emote",
        "chat.emote.changed": "lambdas.features.chat.events:tell_emotes",
        "chat.emote.gone": "lambdas.features.chat.events:drop_emote",
        "live.state.changed": "lambdas.features.chat.events:tell_whom_it_is_for",
        "entitlement.changed": "lambdas.features.chat.events:renew_token",
        "team.member.gone": "lambdas.features.chat.events:renew_token",
    },
    permissions=(
        Permission("chat.moderate", "manager", "moderator"),
        Permission("chat.settings", "manager", "moderator"),
    ),
    screens=(
        Screen(
            path="/studio/chat/",
            template="chat/index.html.j2",
            needs="chat.moderate",
            nav="chat",
            icon="chat",
            order=15,
        ),
        Screen(path="/studio/chat/people/", template="chat/people.html.j2", needs="chat.moderate"),
        Screen(path="/studio/chat/settings/", template="chat/settings.html.j2", needs="chat.settings"),
        Screen(path="/studio/chat/emotes/", template="chat/emotes.html.j2", needs="chat.settings"),
    ),
    exports="lambdas.features.chat.personal_data:exports",
    forgets="lambdas.features.chat.personal_data:forget",
    news="lambdas.features.chat.news:news",
    searches="lambdas.features.chat.news:searches",
)
