"""What the functions may do to a creator's channel, chat room and recordings: only where there are such."""

from collections.abc import Iterator
from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.platform.sleeping import rule_name
from lambdas.platform.storage import GUARDED, PUBLISHED, RECORDINGS
from lambdas.web.edge import FunctionName
from stacks.right import Place, Right

_THEIR_OWN_NAMES = (
    "AWS names them when it makes them, after this template. An account has the one channel and room of its creator."
)


def has(features: tuple[Feature[Any], ...], *names: str) -> bool:
    """Whether any of these features is active."""
    return any(feature.name in names for feature in features)


def channel_rights(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """The studio has the stream key, and cuts off who streams with an old one; the worker counts and revokes viewers.

    `api` signs playback tokens with a key of ours and asks IVS nothing.
    """
    if not place.channel:
        return
    if function == "studio":
        yield Right(
            actions=("ivs:CreateStreamKey", "ivs:GetStream", "ivs:ListStreamKeys", "ivs:StopStream"),
            resources=(place.channel,),
        )
        yield Right(
            actions=("ivs:CreateStreamKey", "ivs:DeleteStreamKey", "ivs:GetStreamKey"),
            resources=(place.arn("ivs", "stream-key/*"),),
            wide=f"Stream keys come and go. {_THEIR_OWN_NAMES}",
        )
    if function == "worker":
        yield Right(
            actions=("ivs:BatchStartViewerSessionRevocation", "ivs:GetStream"),
            resources=(place.channel,),
        )


def room_rights(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """`api` lets people in. What moderators do, in the show or in the studio, the room is told by the request, and else by the worker."""
    if not place.room:
        return
    if function == "api":
        yield Right(actions=("ivschat:CreateChatToken",), resources=(place.room,))
    if function in {"api", "studio", "worker"}:
        yield Right(
            actions=("ivschat:DeleteMessage", "ivschat:DisconnectUser", "ivschat:SendEvent"), resources=(place.room,)
        )
        log = place.arn("logs", f"log-group:{place.chat_log}")
        yield Right(
            actions=("logs:DescribeLogStreams", "logs:GetLogEvents"),
            resources=(log, f"{log}:*"),
            wide="These are the streams of one log group, the room's. IVS Chat makes and names them.",
        )


def recording_rights(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """The worker looks at what it has published of live, and brings recordings to where they are played from."""
    if function != "worker" or not has(features, "live", "videos"):
        return
    arn = place.bucket(place.media_bucket)
    yield Right(
        actions=("s3:GetObject",),
        resources=(f"{arn}/{PUBLISHED}*",),
        wide="Pictures and recordings have names of their own, made up when they are made, and everything at these names is public.",
    )
    if not has(features, "videos"):
        return
    yield Right(
        actions=("s3:DeleteObject", "s3:GetObject"),
        resources=(f"{arn}/{RECORDINGS}*",),
        wide="IVS names a recording's folder by the channel and the moment; each is read to be copied, and then removed.",
    )
    yield Right(
        actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        resources=(f"{arn}/{GUARDED}*",),
        wide="A video has a folder of its own, made up when it is made. Only CloudFront reads there, with signed cookies.",
    )


def sleeper_rights(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """The worker wakes what sleeps, and puts it to sleep again."""
    names = [name for feature in features for name, schedule in feature.schedules.items() if schedule.asleep]
    if function == "worker" and names:
        yield Right(
            actions=("events:DisableRule", "events:EnableRule"),
            resources=tuple(place.arn("events", f"rule/{rule_name(creator.id, name)}") for name in names),
        )
