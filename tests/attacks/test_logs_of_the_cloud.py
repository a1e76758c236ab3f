"""Logs that AWS writes by itself, where nothing of ours can take a secret out."""

import json

from stacks.api import _ACCESS_LOG


def test_the_access_log_has_no_path_as_those_of_overlays_are_secrets() -> None:
    told = json.dumps(_ACCESS_LOG)
    assert "$context.routeKey" in told
    for field in ("path", "protocol", "domainName", "identity", "authorizer"):
        assert f"$context.{field}" not in told
