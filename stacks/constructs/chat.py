"""The creator's chat room, who reviews its messages, and where what was said is kept for a while."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ivschat as ivschat
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import FeatureConfig
from lambdas.features.chat.feature import ChatConfig
from lambdas.platform.tables import table_name
from stacks.constructs.resources import Resources
from stacks.findings import accept
from stacks.small_bundle import small_bundle

REVIEW = "lambdas.handlers.chat_review"
ROOM_TABLE, PEOPLE_TABLE = "chat-room", "chat-people"
"""What the review reads, and the one it writes: see `lambdas/handlers/chat_review.py`."""

MESSAGES_A_SECOND = 10
"""Of the whole room. IVS Chat's API takes up to 100; the resource type in CloudFormation takes no more than this (its schema)."""

MESSAGE_CODE_POINTS = 500

# A whole processor. IVS Chat waits 200 ms, and a first message meets imports (30 ms of a processor), the handshake with
# DynamoDB (15 ms) and two requests: with the twelfth of a processor that 128 MB have, that is over a second. One message then
# costs about 10 ms, so a million of them is $0.24 where it would be $0.02.
_MEMORY_MB = 1769
# IVS Chat has long gone on by then; it bounds what a call that hangs can cost.
_SECONDS = 2


def review_name(creator_id: str) -> str:
    return f"prism-{creator_id}-chat-review"


def chat_log_name(creator_id: str) -> str:
    """Under this prefix CloudWatch does not need a growing policy a log group, and IVS Chat asks for it."""
    return f"/aws/vendedlogs/prism-{creator_id}-chat"


class ChatResources(Resources):
    """AWS::IVSChat::Room with its logging, and the function that it asks before it shows a message.

    IVS Chat keeps no history: the log is where the last messages come from when somebody joins, and nothing else stores them. It
    holds people's words, so it is deleted day by day, as the creator chose (`features.chat.keep_days`).
    """

    def __init__(
        self, scope: Construct, name: str, *, creator: Creator, config: FeatureConfig, media_bucket: str
    ) -> None:
        super().__init__(scope, name, creator=creator, config=config, media_bucket=media_bucket)
        assert isinstance(config, ChatConfig)
        log = logs.LogGroup(
            self,
            "log",
            log_group_name=chat_log_name(creator.id),
            retention=_RETENTIONS[config.keep_days],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        logging = ivschat.CfnLoggingConfiguration(
            self,
            "logging",
            name=f"prism-{creator.id}",
            destination_configuration=ivschat.CfnLoggingConfiguration.DestinationConfigurationProperty(
                cloud_watch_logs=ivschat.CfnLoggingConfiguration.CloudWatchLogsDestinationConfigurationProperty(
                    log_group_name=log.log_group_name
                )
            ),
        )
        review = self._review()
        room = ivschat.CfnRoom(
            self,
            "room",
            name=f"prism-{creator.id}",
            maximum_message_length=MESSAGE_CODE_POINTS,
            maximum_message_rate_per_second=MESSAGES_A_SECOND,
            logging_configuration_identifiers=[logging.attr_arn],
            message_review_handler=ivschat.CfnRoom.MessageReviewHandlerProperty(
                uri=review.function_arn, fallback_result=config.when_review_fails.upper()
            ),
        )
        room.node.add_dependency(review)
        self.functions = (review_name(creator.id),)
        self.variables = {
            "PRISM_CHAT_ROOM": room.attr_arn,
            "PRISM_CHAT_ENDPOINT": f"wss://edge.ivschat.{creator.region}.amazonaws.com",
            "PRISM_CHAT_LOG": chat_log_name(creator.id),
        }

    def _review(self) -> lambda_.Function:
        stack = cdk.Stack.of(self)
        name = review_name(self.creator.id)
        log = logs.LogGroup(
            self,
            "review-log",
            log_group_name=f"/aws/lambda/{name}",
            retention=_RETENTIONS[7],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "review-role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the review of chat messages of {self.creator.id} may touch",
        )
        log.grant_write(role)

        def table(short_name: str) -> str:
            return stack.format_arn(
                service="dynamodb", resource="table", resource_name=table_name(self.creator.id, short_name)
            )

        role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[table(ROOM_TABLE)]))
        role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:UpdateItem"], resources=[table(PEOPLE_TABLE)]))
        review = lambda_.Function(
            self,
            "review",
            function_name=name,
            code=lambda_.Code.from_asset(str(small_bundle(REVIEW))),
            handler=f"{REVIEW}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=_MEMORY_MB,
            timeout=cdk.Duration.seconds(_SECONDS),
            role=role,
            log_group=log,
            environment={"PRISM_CREATOR": self.creator.id},
            tracing=lambda_.Tracing.DISABLED,
        )
        accept(
            review,
            L1="Python 3.13 has security support until 2029. It is changed in one deliberate step for all functions.",
        )
        # Any room of this account: it has the one of its creator. That one's own ARN would be known only after the room,
        # which would then be made before it may call the function.
        review.add_permission(
            "by-the-room",
            principal=iam.ServicePrincipal("ivschat.amazonaws.com"),
            source_arn=stack.format_arn(service="ivschat", resource="room", resource_name="*"),
            source_account=stack.account,
        )
        return review


_RETENTIONS: Mapping[int, logs.RetentionDays] = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
}
