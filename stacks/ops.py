"""Who watches: alarms, the mail they go to, and the month's budget."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.web.edge import FunctionName
from stacks.api import dead_letters_name, function_name

FREE_ALARMS = 10
_FIVE_MINUTES = cdk.Duration.minutes(5)


class OpsStack(cdk.Stack):
    """At most ten alarms, each on one metric: so many are free. It knows the others by their names alone.

    `functions` are the platform's, `others` the names in AWS of those that features bring. With every function there is (five, and
    the review of chat messages) it is ten: six for errors, throttles, latency, dead letters, late events.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        creator: Creator,
        functions: Sequence[FunctionName],
        others: Sequence[str],
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, name, env=env, description=f"PRISM {creator.id}: alarms and budget")
        self._creator = creator
        address = str(creator.cloud.alarm_email or creator.email)
        # Not encrypted at rest: CloudWatch cannot publish through the key that AWS manages for SNS, and a
        # key of our own costs $1 a month. An alarm's text names metrics and holds nothing personal.
        self._topic = sns.Topic(self, "alarms", topic_name=f"prism-{creator.id}-alarms", enforce_ssl=True)
        # A policy of its own takes the place of SNS's, which lets everything of the account publish.
        self._topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self._topic.topic_arn],
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": self.format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name=f"prism-{creator.id}-*",
                            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                    "StringEquals": {"aws:SourceAccount": self.account},
                },
            )
        )
        self._topic.add_subscription(subscriptions.EmailSubscription(address))
        for function in functions:
            self._errors(function, function_name(creator.id, function))
        for name_in_aws in others:
            self._errors(name_in_aws.removeprefix(f"prism-{creator.id}-"), name_in_aws)
        self._throttles()
        self._latency()
        self._dead_letters()
        if "worker" in functions:
            self._iterator_age()
        self._budget(address)

    def _errors(self, name: str, name_in_aws: str) -> None:
        self._alarm(
            f"{name}-errors",
            f"The {name} function failed: see its log, /aws/lambda/{name_in_aws}.",
            self._of_function(name_in_aws, "Errors", "Sum"),
            over=0,
        )

    def _throttles(self) -> None:
        self._alarm(
            "throttles",
            "Lambda turned calls away: too many at once for this account's concurrency. Ask AWS for more.",
            cloudwatch.Metric(namespace="AWS/Lambda", metric_name="Throttles", statistic="Sum", period=_FIVE_MINUTES),
            over=0,
        )

    def _latency(self) -> None:
        self._alarm(
            "api-latency",
            "For 15 minutes one answer of the API in twenty has taken over 3 seconds.",
            self._of_function(function_name(self._creator.id, "api"), "Duration", "p95"),
            over=3000,
            periods=3,
        )

    def _dead_letters(self) -> None:
        self._alarm(
            "dead-letters",
            "Something could not be done after every retry and lies in the dead-letter queue.",
            cloudwatch.Metric(
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions_map={"QueueName": dead_letters_name(self._creator.id)},
                statistic="Maximum",
                period=_FIVE_MINUTES,
            ),
            over=0,
        )

    def _iterator_age(self) -> None:
        self._alarm(
            "late-events",
            "The worker is more than 5 minutes behind the tables' changes.",
            self._of_function(function_name(self._creator.id, "worker"), "IteratorAge", "Maximum"),
            over=300_000,
            periods=2,
        )

    def _of_function(self, name_in_aws: str, metric: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions_map={"FunctionName": name_in_aws},
            statistic=statistic,
            period=_FIVE_MINUTES,
        )

    def _alarm(self, name: str, meaning: str, metric: cloudwatch.Metric, *, over: float, periods: int = 1) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"prism-{self._creator.id}-{name}",
            alarm_description=meaning,
            metric=metric,
            threshold=over,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _budget(self, address: str) -> None:
        budgets.CfnBudget(
            self,
            "budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"prism-{self._creator.id}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._creator.cloud.budget_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN", notification_type=kind, threshold=100
                    ),
                    subscribers=[budgets.CfnBudget.SubscriberProperty(address=address, subscription_type="EMAIL")],
                )
                for kind in ("FORECASTED", "ACTUAL")
            ],
        )
