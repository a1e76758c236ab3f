"""`prism doctor`: what this machine and the AWS account lack, each with the fix."""

import sys

import click

from cli.failures import FAILED
from cli.output import json_option, show_json
from cli.place import CREATORS

MARKS = {
    "ok": click.style("ok", fg="green"),
    "wanted": click.style("--", fg="yellow"),
    "needed": click.style("no", fg="red"),
}


@click.command("doctor")
@click.option("--account", is_flag=True, help="Ask AWS too, with the credentials of this shell.")
@click.option("--port", default=8000, show_default=True, help="The port that `prism dev` will want.")
@json_option
def command(account: bool, port: int, as_json: bool) -> None:
    """Say what this machine and account lack, and the fix.

    \b
      ok  is there
      --  is not there and only needed for what is said
      no  is needed: PRISM does not work without it
    """
    from cli import account_checks, machine_checks

    findings = machine_checks.all_findings(port)
    if account:
        from lambdas.features.creator_files import survey

        findings += account_checks.all_findings(survey(CREATORS).creators.values())
    needed = [finding for finding in findings if finding.state == "needed"]
    if as_json:
        show_json({"ok": not needed, "findings": [vars(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.state]}  {finding.subject:<12} {finding.found}")
            if finding.fix:
                click.echo(f"                  fix: {finding.fix}")
    if needed:
        sys.exit(FAILED)
