"""Findings of the security rules that are accepted, each where it arises and with its reason."""

import aws_cdk as cdk
from constructs import IConstruct


def accept(construct: IConstruct, **reasons: str) -> None:
    """Accept findings of cdk-nag's AwsSolutions rules at this construct: `accept(bucket, S1="only CloudFront reads it")`."""
    for rule, reason in reasons.items():
        accept_detail(construct, rule, reason)


def accept_detail(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding by its id with its detail, such as "IAM5[Resource::*]"; the bare id would not do."""
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
