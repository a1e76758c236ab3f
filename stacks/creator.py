"""A creator's stacks: data, live where something streams, api, site and ops."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES, tables_of
from lambdas.platform.keys import StackKeys
from lambdas.platform.storage import SITE_REGION
from lambdas.web.edge import FunctionName
from stacks.api import ApiStack, Identities
from stacks.data import DataStack, media_bucket_name
from stacks.live import LiveStack, resources_class, with_infrastructure
from stacks.ops import OpsStack
from stacks.site import MEDIA_SIGNING_KEY, MediaOrigin, SiteStack, guards_media, site_bucket_name


@dataclass(frozen=True, kw_only=True)
class CreatorStacks:
    data: DataStack
    live: LiveStack | None
    api: ApiStack
    site: SiteStack
    ops: OpsStack


def stack_name(creator_id: str, stack: str) -> str:
    """The name in AWS: prism-kasper-api."""
    return f"prism-{creator_id}-{stack}"


def creator_stacks(
    app: cdk.App,
    creator: Creator,
    *,
    features: tuple[Feature[Any], ...],
    bundles: Mapping[FunctionName, Path],
    version: str,
    known: tuple[Feature[Any], ...] = FEATURES,
) -> CreatorStacks:
    """Declare one creator's stacks.

    `features` are the active ones, `known` all there are: a feature switched off keeps its tables.
    `bundles` are the functions' zips, `version` the release.

    Stacks know each other by names derived from the creator's id. What AWS names (streams, the API's
    domain) is read by weak references, across regions too: no stack can block another's update or
    deletion. See docs/decisions/0011-references-between-stacks.md.
    """
    here = cdk.Environment(account=creator.cloud.account, region=creator.region)
    at_the_edge = cdk.Environment(account=creator.cloud.account, region=SITE_REGION)
    data = DataStack(app, stack_name(creator.id, "data"), creator=creator, models=tables_of(known), env=here)
    live = None
    if with_infrastructure(features):
        live = LiveStack(
            app,
            stack_name(creator.id, "live"),
            creator=creator,
            features=features,
            media_bucket=media_bucket_name(creator.id),
            env=here,
        )
        # Its recordings go to the bucket there, and its review asks the tables there: by name, so the CDK cannot know.
        live.add_stack_dependency(data)
    api = ApiStack(
        app,
        stack_name(creator.id, "api"),
        creator=creator,
        features=features,
        bundles=bundles,
        streams=data.streams,
        site_bucket=site_bucket_name(creator.id),
        media_bucket=media_bucket_name(creator.id),
        identities=Identities(
            user_pool_arn=data.user_pool.user_pool_arn,
            user_pool=data.user_pool.user_pool_id,
            app_client=data.app_client.user_pool_client_id,
        ),
        live=live.variables if live else {},
        version=version,
        env=here,
    )
    site = SiteStack(
        app,
        stack_name(creator.id, "site"),
        creator=creator,
        features=features,
        api_domain=api.domain,
        media=MediaOrigin(bucket=media_bucket_name(creator.id), region=data.region),
        env=at_the_edge,
    )
    ops = OpsStack(
        app,
        stack_name(creator.id, "ops"),
        creator=creator,
        functions=tuple(api.functions),
        others=live.functions if live else (),
        env=here,
    )
    for stack in filter(None, (data, live, api, site, ops)):
        cdk.Tags.of(stack).add("prism:creator", creator.id)
    return CreatorStacks(data=data, live=live, api=api, site=site, ops=ops)


def parameters_for(
    creator_id: str, keys: StackKeys, *, features: tuple[Feature[Any], ...]
) -> dict[str, dict[str, str]]:
    """What the deploy passes to each stack by name; the others take none. `OriginSecret` is a secret: never log it.

    `features` are the active ones.
    """
    api, site = {"OriginDigests": ",".join(keys.origin_digests)}, {"OriginSecret": keys.origin_secret}
    if guards_media(features):
        site[MEDIA_SIGNING_KEY] = keys.media_signing_public
    live = {
        name: value(keys)
        for feature in with_infrastructure(features)
        for name, value in resources_class(feature).parameters.items()
    }
    told = {"api": api, "site": site, **({"live": live} if live else {})}
    return {stack_name(creator_id, stack): values for stack, values in told.items()}
