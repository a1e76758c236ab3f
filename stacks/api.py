"""The HTTP API and the functions behind it, with what feeds the worker."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.platform.environment import FOR_PACKAGES
from lambdas.platform.sleeping import rule_name
from lambdas.platform.streams import ATTEMPTS, BATCH_SIZE
from lambdas.web import edge
from stacks.findings import accept, accept_detail
from stacks.grants import grant, place_of
from stacks.rights import rights

# A function's share of a processor grows with its memory: a cold start at 256 MB takes twice as long.
_MEMORY_MB = 512
# A picture of 25 million pixels is unpacked in it, and an icon of the brand drawn.
_WORKER_MEMORY_MB = 1024
# For changes that cannot be handed over at all (no concurrency left, a right missing): six hours to mend it before they
# become dead letters. One that the worker itself fails on is one after `ATTEMPTS`, within minutes.
_MAX_CHANGE_AGE = cdk.Duration.hours(6)


# A recording that has ended is worth hearing of hours later, too.
_MAX_EVENT_AGE = cdk.Duration.hours(6)


def function_name(creator_id: str, function: edge.FunctionName) -> str:
    """The name in AWS: prism-kasper-api."""
    return f"prism-{creator_id}-{function}"


def dead_letters_name(creator_id: str) -> str:
    return f"prism-{creator_id}-dead-letters"


ASKS_COGNITO: frozenset[edge.FunctionName] = frozenset({"account", "worker"})


@dataclass(frozen=True, kw_only=True)
class Identities:
    """The user pool, as the functions know it that may ask it."""

    user_pool_arn: str
    user_pool: str
    app_client: str

    @property
    def environment(self) -> dict[str, str]:
        return {"PRISM_USER_POOL": self.user_pool, "PRISM_USER_POOL_CLIENT": self.app_client}


class ApiStack(cdk.Stack):
    """Everything that runs. Holds no state: it can be deleted and made again.

    `bundles` are the functions' zips, `streams` the ARNs of the tables' streams by short name,
    `site_bucket` and `media_bucket` the buckets' names, `identities` who knows the people's passwords and
    passkeys, `live` the variables of what the stack of that name has, `version` the release.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        creator: Creator,
        features: tuple[Feature[Any], ...],
        bundles: Mapping[edge.FunctionName, Path],
        streams: Mapping[str, str],
        site_bucket: str,
        media_bucket: str,
        identities: Identities,
        live: Mapping[str, str],
        version: str,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, name, env=env, description=f"PRISM {creator.id}: HTTP API and functions")
        self._creator = creator
        self._features = features
        self._bundles = bundles
        self._environment = {
            "PRISM_SITE_BUCKET": site_bucket,
            "PRISM_MEDIA_BUCKET": media_bucket,
            "PRISM_ORIGIN_DIGESTS": _origin_digests(self),
            "PRISM_VERSION": version,
            **live,
            **FOR_PACKAGES,
        }
        self._identities = identities
        self._place = place_of(
            self,
            site_bucket=site_bucket,
            media_bucket=media_bucket,
            user_pool=identities.user_pool_arn,
            channel=live.get("PRISM_IVS_CHANNEL", ""),
            room=live.get("PRISM_CHAT_ROOM", ""),
            chat_log=live.get("PRISM_CHAT_LOG", ""),
        )
        self._dead_letters = self._dead_letter_queue()
        self.functions = {function: self._function(function) for function in edge.functions(features)}
        self.domain = self._http_api()
        if "worker" in self.functions:
            self._feed_worker(self.functions["worker"], streams)

    def _function(self, function: edge.FunctionName) -> lambda_.Function:
        name = function_name(self._creator.id, function)
        log_group = logs.LogGroup(
            self,
            f"{function}-log",
            log_group_name=f"/aws/lambda/{name}",
            retention=_retention(self._creator),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            f"{function}-role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the {function} function of {self._creator.id} may touch",
        )
        log_group.grant_write(role)
        for right in rights(function, creator=self._creator, features=self._features, place=self._place):
            grant(role, right)
        made = lambda_.Function(
            self,
            function,
            function_name=name,
            code=lambda_.Code.from_asset(str(self._bundles[function])),
            handler=f"lambdas.handlers.{function}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=_WORKER_MEMORY_MB if function == "worker" else _MEMORY_MB,
            timeout=cdk.Duration.seconds(edge.FUNCTION_SECONDS[function]),
            role=role,
            log_group=log_group,
            environment=self._environment | (self._identities.environment if function in ASKS_COGNITO else {}),
            tracing=lambda_.Tracing.DISABLED,
        )
        accept(
            made,
            L1="Python 3.13 has security support until 2029. The wheels are locked and the bytecode is compiled for it, "
            "so it is changed in one deliberate step for all of them.",
        )
        return made

    def _http_api(self) -> str:
        """The API with the one route table; its domain, where CloudFront reaches it."""
        api = apigateway.HttpApi(self, "http", api_name=f"prism-{self._creator.id}", create_default_stage=False)
        integrations: dict[edge.FunctionName, HttpLambdaIntegration] = {
            name: HttpLambdaIntegration(f"{name}-integration", function)
            for name, function in self.functions.items()
            if name != "worker"
        }
        for route in edge.routes(self._features):
            made = apigateway.HttpRoute(
                self,
                f"route {route.path.strip('$/').replace('/', ' ')}",
                http_api=api,
                route_key=_route_key(route),
                integration=integrations[route.function],
            )
            accept(
                made,
                APIG4="Who may do what is decided in the function, by session and permission, because most of it is "
                "public and forms work without JavaScript. The API refuses whatever does not show CloudFront's secret.",
            )
        stage = apigateway.HttpStage(
            self,
            "stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            # A ceiling for the account's sake; people are limited one by one by the functions.
            throttle=apigateway.ThrottleSettings(rate_limit=100, burst_limit=200),
        )
        access_log = logs.LogGroup(
            self,
            "access-log",
            # Under this prefix CloudWatch does not need a growing policy a log group.
            log_group_name=f"/aws/vendedlogs/prism-{self._creator.id}-http",
            retention=_retention(self._creator),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        plain = stage.node.default_child
        assert isinstance(plain, apigateway.CfnStage)
        plain.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_log.log_group_arn, format=json.dumps(_ACCESS_LOG, separators=(",", ":"))
        )
        return f"{api.api_id}.execute-api.{self.region}.amazonaws.com"

    def _feed_worker(self, worker: lambda_.Function, streams: Mapping[str, str]) -> None:
        # Schedules call it asynchronously: Lambda tries again, then what still fails is kept.
        worker.configure_async_invoke(
            on_failure=destinations.SqsDestination(self._dead_letters),
            retry_attempts=2,
            max_event_age=cdk.Duration.hours(6),
        )
        tables = [table for feature in self._features for table in feature.changes]
        for table in tables:
            worker.add_event_source_mapping(
                f"changes of {table}",
                event_source_arn=streams[table],
                # What committed while the feature was being switched on is read too.
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=BATCH_SIZE,
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=ATTEMPTS - 1,
                max_record_age=_MAX_CHANGE_AGE,
                on_failure=sources.SqsDlq(self._dead_letters),
            )
        if tables:
            worker.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                    resources=[streams[table] for table in tables],
                )
            )
            worker.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]))
            assert worker.role is not None
            accept_detail(
                worker.role,
                "IAM5[Resource::*]",
                "dynamodb:ListStreams knows no resources. It gives the names of streams, no data, and Lambda asks for it.",
            )
        self._schedule(worker)
        self._hear_of_the_channel(worker)

    def _schedule(self, worker: lambda_.Function) -> None:
        for feature in self._features:
            for name, schedule in feature.schedules.items():
                events.Rule(
                    self,
                    f"schedule {name}",
                    rule_name=rule_name(self._creator.id, name),
                    description=f"{name}, every {schedule.every}",
                    # The worker wakes one that sleeps. CloudFormation writes a rule only where its template has changed, so
                    # a deploy in the middle of a show leaves it awake; one that does change the rule puts it to sleep
                    # until the channel says something again.
                    enabled=not schedule.asleep,
                    schedule=events.Schedule.rate(cdk.Duration.minutes(schedule.every.total_seconds() // 60)),
                    targets=[
                        targets.LambdaFunction(
                            worker,
                            event=events.RuleTargetInput.from_object({"prism": "schedule", "name": name}),
                            dead_letter_queue=self._dead_letters,
                            retry_attempts=3,
                            max_event_age=schedule_age(schedule.every.total_seconds()),
                        )
                    ],
                )

    def _hear_of_the_channel(self, worker: lambda_.Function) -> None:
        """What IVS tells EventBridge of this channel, as the manifests want to hear it; by best effort, and in no order."""
        kinds = sorted({kind for feature in self._features for kind in feature.aws_events})
        if not kinds or not self._place.channel:
            return
        events.Rule(
            self,
            "channel-events",
            rule_name=f"prism-{self._creator.id}-ivs-events",
            description="What IVS says of the channel, to the worker",
            event_pattern=events.EventPattern(source=["aws.ivs"], detail_type=kinds, resources=[self._place.channel]),
            targets=[
                targets.LambdaFunction(
                    worker, dead_letter_queue=self._dead_letters, retry_attempts=20, max_event_age=_MAX_EVENT_AGE
                )
            ],
        )

    def _dead_letter_queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "dead-letters",
            queue_name=dead_letters_name(self._creator.id),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        accept(queue, SQS3="This is the dead-letter queue: what lands here has failed for good and raises an alarm.")
        return queue


_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
}
"""No address, no path, no query: these lines say how the API fares, not who was there, and the paths of overlays are secrets. The
functions' logs have the path without them."""


def _route_key(route: edge.Route) -> apigateway.HttpRouteKey:
    if route.path == "$default":
        return apigateway.HttpRouteKey.DEFAULT
    return apigateway.HttpRouteKey.with_(route.path, apigateway.HttpMethod.ANY)


def schedule_age(every_seconds: float) -> cdk.Duration:
    """How long a scheduled call is retried: until the next one is due, at most an hour."""
    return cdk.Duration.seconds(max(60, min(3600, int(every_seconds))))


def _origin_digests(stack: cdk.Stack) -> str:
    return cdk.CfnParameter(
        stack,
        "OriginDigests",
        type="String",
        allowed_pattern="[0-9a-f]{64}(,[0-9a-f]{64})*",
        description="SHA-256 of the secrets by which CloudFront is known, comma-separated (lambdas/platform/keys.py)",
    ).value_as_string


def _retention(creator: Creator) -> logs.RetentionDays:
    return _RETENTIONS[creator.cloud.log_days]


_RETENTIONS: Mapping[int, logs.RetentionDays] = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}
