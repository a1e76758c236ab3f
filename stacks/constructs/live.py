"""The creator's channel: always private, recorded, and without a stream key in any template."""

import hashlib
import json
from typing import Any, ClassVar

import aws_cdk as cdk
from aws_cdk import aws_ivs as ivs
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import FeatureConfig
from stacks.constructs.resources import Resources

PLAYBACK_KEY = "PlaybackPublicKey"
PEM_PATTERN = r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*"

RECONNECT_SECONDS = 60
"""A stream that is back within this continues its recording: one video of an evening, not three."""

THUMBNAIL_SECONDS = 60


class LiveResources(Resources):
    """AWS::IVS::Channel with its recording and the public half of the key that signs playback tokens.

    The stream key is made by the studio (`Channel.stream_key`): who rotates it does not redeploy, and no template knows it.
    """

    parameters: ClassVar = {PLAYBACK_KEY: lambda keys: keys.playback_public}

    def __init__(
        self, scope: Construct, name: str, *, creator: Creator, config: FeatureConfig, media_bucket: str
    ) -> None:
        super().__init__(scope, name, creator=creator, config=config, media_bucket=media_bucket)
        self._playback_key()
        channel = ivs.CfnChannel(
            self,
            "channel",
            name=f"prism-{creator.id}",
            # Up to 1080p and a ladder of renditions below it.
            type="STANDARD",
            latency_mode="LOW",
            # It cannot be changed while a stream is on, so every viewer gets a token, of public shows too.
            authorized=True,
            insecure_ingest=False,
            recording_configuration_arn=self._recording().attr_arn,
        )
        self.variables = {
            "PRISM_IVS_CHANNEL": channel.attr_arn,
            "PRISM_IVS_PLAYBACK": channel.attr_playback_url,
            "PRISM_IVS_INGEST": f"rtmps://{channel.attr_ingest_endpoint}:443/app/",
        }

    def _playback_key(self) -> None:
        public = cdk.CfnParameter(
            self,
            PLAYBACK_KEY,
            type="String",
            allowed_pattern=PEM_PATTERN,
            description="The public half of the key that signs playback tokens, PEM (lambdas/platform/keys.py)",
        )
        public.override_logical_id(PLAYBACK_KEY)
        ivs.CfnPlaybackKeyPair(
            self, "playback-key", name=f"prism-{self.creator.id}", public_key_material=public.value_as_string
        )

    def _recording(self) -> ivs.CfnRecordingConfiguration:
        """Into the media bucket, below `ivs/`: IVS writes there by its own role in this account.

        Nothing of a recording configuration can be changed. A change of these settings makes another one, under another name,
        which the channel then has; CloudFormation removes the one before afterwards.
        """
        settings: dict[str, Any] = {
            "bucket": f"prism-{self.creator.id}-media",
            "reconnect": RECONNECT_SECONDS,
            "thumbnails": THUMBNAIL_SECONDS,
        }
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
        configuration = ivs.CfnRecordingConfiguration
        return configuration(
            self,
            f"recording-{digest}",
            name=f"prism-{self.creator.id}-{digest}",
            recording_reconnect_window_seconds=RECONNECT_SECONDS,
            destination_configuration=configuration.DestinationConfigurationProperty(
                s3=configuration.S3DestinationConfigurationProperty(bucket_name=self.media_bucket)
            ),
            thumbnail_configuration=configuration.ThumbnailConfigurationProperty(
                recording_mode="INTERVAL",
                target_interval_seconds=THUMBNAIL_SECONDS,
                # In a row for chapters and previews, and the last one for the studio.
                storage=["SEQUENTIAL", "LATEST"],
                resolution="HD",
            ),
        )
