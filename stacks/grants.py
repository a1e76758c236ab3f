"""The functions' rights as IAM statements of their roles."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from stacks.findings import accept_detail
from stacks.right import Place, Right


def place_of(
    stack: cdk.Stack,
    *,
    site_bucket: str,
    media_bucket: str,
    user_pool: str,
    channel: str = "",
    room: str = "",
    chat_log: str = "",
) -> Place:
    """Where a stack's creator has everything; `user_pool`, `channel` and `room` are ARNs."""
    return Place(
        partition=stack.partition,
        region=stack.region,
        account=stack.account,
        site_bucket=site_bucket,
        media_bucket=media_bucket,
        user_pool=user_pool,
        channel=channel,
        room=room,
        chat_log=chat_log,
    )


def grant(role: iam.Role, right: Right) -> None:
    """Let a role have a right; where it ends in a star, the reason is given to the security rules."""
    role.add_to_policy(
        iam.PolicyStatement(
            actions=list(right.actions),
            resources=list(right.resources),
            conditions={operator: dict(of) for operator, of in right.conditions.items()} or None,
        )
    )
    if right.wide:
        for resource in (_as_reported(role, resource) for resource in right.resources):
            if resource.endswith("*"):
                accept_detail(role, f"IAM5[Resource::{resource}]", right.wide)


def _as_reported(role: iam.Role, resource: str) -> str:
    """The resource as cdk-nag writes it: with names in place of tokens."""
    resolved = cdk.Stack.of(role).resolve(resource)
    if isinstance(resolved, str):
        return resolved
    parts = resolved["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
