"""What the media process needs of the creator's local AWS, made before the platform's server is: the first to run is the ingest.

Run by `local.kept_media`, with the environment that the server has. It says {"wanted": false} where nothing of the creator's
streams, else {"wanted": true, "playback_key": PEM, "queue": URL, "bucket": name, "when_review_fails": "DENY" or "ALLOW"}; or
{"error": …}. A process of its own, so that it reads the manifests as they are now, and `prism dev` none of them.
"""

import os
from pathlib import Path

from lambdas.core.creator import Creator
from lambdas.core.errors import PrismError
from local.process import Parent


def main() -> None:
    parent = Parent()
    try:
        parent.say(**needs(Path(os.environ["PRISM_DEV_CREATOR"])))
    except PrismError as error:
        parent.say(error=error.message)


def needs(creator_file: Path) -> dict[str, object]:
    from lambdas.features.creator_files import read_creator
    from local.kept_media import streams

    creator = read_creator(creator_file)
    if not streams(creator):
        return {"wanted": False}

    from lambdas.platform.keys import ensure_keys
    from local.platform import ensure_ivs_events, media_bucket_name
    from local.server import client

    return {
        "wanted": True,
        "playback_key": ensure_keys(client("ssm"), creator.id).playback_public,
        "queue": ensure_ivs_events(client("sqs"), creator.id),
        "bucket": media_bucket_name(creator.id),
        "when_review_fails": _when_review_fails(creator),
    }


def _when_review_fails(creator: Creator) -> str:
    """The fallback of the chat's room, of which there is none where the chat is off."""
    from lambdas.features.registry import active_features

    blocks = [feature.config_in(creator.features) for feature in active_features(creator) if feature.name == "chat"]
    return str(blocks[0].when_review_fails).upper() if blocks else "DENY"


if __name__ == "__main__":
    main()
