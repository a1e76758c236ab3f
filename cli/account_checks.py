"""What the AWS account of this shell's credentials lacks for a creator's platform."""

import os
from collections.abc import Iterable
from typing import Any

from cli.findings import Finding
from lambdas.core.creator import Creator
from lambdas.platform.mail import domain_verified

ENOUGH_CONCURRENCY = 50
REGION = "eu-central-1"


def all_findings(creators: Iterable[Creator] = ()) -> list[Finding]:
    """Who we are, whether mail goes out, also for those of the creators who live in this account, whether functions may run side by side.

    Reads only. What could not be checked is said.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
    settings = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
    session: Any = boto3.Session(region_name=region)
    findings: list[Finding] = []
    for service, subject, check in (
        ("sts", "account", _identity),
        ("sesv2", "mail", _mail),
        ("lambda", "functions", _functions),
    ):
        try:
            findings.append(check(session.client(service, config=settings), region))
        except (BotoCoreError, ClientError) as error:
            # Without an identity the other answers would be the same refusal twice more.
            fix = "sign in again (aws sso login), or give this identity the right to read it"
            if subject == "account":
                found = f"{error}; so nothing was checked of mail (sandbox, domains) and functions"
                return [Finding(subject, "needed", found, fix)]
            findings.append(Finding(subject, "wanted", f"could not be checked: {error}", fix))
    account = findings[0].found.partition(" ")[0]
    for creator in creators:
        if creator.cloud.account == account:
            ses = session.client("sesv2", region_name=creator.region, config=settings)
            try:
                findings.append(_domain(ses, creator))
            except (BotoCoreError, ClientError) as error:
                fix = "give this identity the right ses:GetEmailIdentity"
                findings.append(Finding(creator.domain, "wanted", f"could not be checked: {error}", fix))
    return findings


def _identity(sts: Any, region: str) -> Finding:
    who = sts.get_caller_identity()
    return Finding("account", "ok", f"{who['Account']} as {who['Arn'].rpartition('/')[2]}, {region}")


def _mail(ses: Any, region: str) -> Finding:
    account = ses.get_account()
    if account.get("ProductionAccessEnabled"):
        return Finding("mail", "ok", f"SES sends up to {account['SendQuota']['Max24HourSend']:.0f} mails a day")
    found = f"SES is in its sandbox in {region}: it reaches verified addresses only"
    review = account.get("Details", {}).get("ReviewDetails", {}).get("Status")
    if review == "PENDING":
        fix = "wait for Amazon's answer, a day or two"
        return Finding("mail", "wanted", f"{found}; your request is being looked at", fix)
    if review == "DENIED":
        fix = "answer the case in the AWS Support Center: say whom you mail, why, and how they stop it"
        return Finding("mail", "wanted", f"{found}; your request was refused", fix)
    fix = (
        "ask for production access: SES console, Account dashboard, Request production access; mail type "
        "transactional, your site's address, and whom you mail: people who signed up or wrote to you"
    )
    return Finding("mail", "wanted", found, fix)


def _domain(ses: Any, creator: Creator) -> Finding:
    if domain_verified(ses, creator.domain):
        return Finding(creator.domain, "ok", f"SES may send for it in {creator.region}")
    fix = "deploy, then point the domain's name servers at those that the deploy shows; SES looks again by itself"
    return Finding(creator.domain, "wanted", f"SES may not send for it in {creator.region}: no mail goes out", fix)


def _functions(functions: Any, region: str) -> Finding:
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit >= ENOUGH_CONCURRENCY:
        return Finding("functions", "ok", f"{limit} may run at once")
    fix = "raise it: Service Quotas, AWS Lambda, Concurrent executions"
    return Finding("functions", "wanted", f"only {limit} may run at once in {region}", fix)
