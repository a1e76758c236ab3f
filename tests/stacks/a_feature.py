"""A feature that has everything a manifest can ask the stacks for."""

from datetime import timedelta

from pynamodb.attributes import UnicodeAttribute

from lambdas.core.feature import Feature, FeatureConfig, Schedule
from lambdas.core.permissions import Permission
from lambdas.platform.tables import Table


class Thing(Table):
    class Meta:
        short_name = "things"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)


EVERYTHING = Feature(
    name="everything",
    config=FeatureConfig,
    tables=("tests.stacks.a_feature:Thing",),
    api="tests.stacks.a_feature:router",
    account="tests.stacks.a_feature:router",
    studio="tests.stacks.a_feature:router",
    webhooks="tests.stacks.a_feature:router",
    changes={"things": "tests.stacks.a_feature:changes"},
    schedules={"everything.sweep": Schedule(every=timedelta(days=1), run="tests.stacks.a_feature:sweep")},
    permissions=(Permission("things.read", "manager"),),
    mails=True,
)
