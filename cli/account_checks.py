"""What the AWS account of this shell's credentials lacks for a creator's platform."""

import os
from typing import Any

from cli.findings import Finding

ENOUGH_CONCURRENCY = 50
REGION = "eu-central-1"


def all_findings() -> list[Finding]:
    """Who we are, whether mail goes out, whether functions may run side by side. Reads only."""
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
            findings.append(Finding(subject, "needed" if subject == "account" else "wanted", str(error), fix))
            if subject == "account":
                break
    return findings


def _identity(sts: Any, region: str) -> Finding:
    who = sts.get_caller_identity()
    return Finding("account", "ok", f"{who['Account']} as {who['Arn'].rpartition('/')[2]}, {region}")


def _mail(ses: Any, region: str) -> Finding:
    account = ses.get_account()
    if account.get("ProductionAccessEnabled"):
        return Finding("mail", "ok", f"SES sends up to {account['SendQuota']['Max24HourSend']:.0f} mails a day")
    fix = "ask for production access: SES console, Account dashboard"
    return Finding("mail", "wanted", f"SES is in its sandbox in {region}: it reaches verified addresses only", fix)


def _functions(functions: Any, region: str) -> Finding:
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit >= ENOUGH_CONCURRENCY:
        return Finding("functions", "ok", f"{limit} may run at once")
    fix = "raise it: Service Quotas, AWS Lambda, Concurrent executions"
    return Finding("functions", "wanted", f"only {limit} may run at once in {region}", fix)
