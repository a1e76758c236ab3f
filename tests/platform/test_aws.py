"""What the functions may ask of AWS, said once and true."""

import gzip
import json
from pathlib import Path

import botocore
import pytest

from lambdas.platform import aws
from stacks import rights

DATA = Path(botocore.__file__).parent / "data"


@pytest.mark.parametrize("service", aws.CALLS)
def test_every_call_exists(service: str) -> None:
    newest = max((DATA / service).glob("*/service-2.json.gz"))
    operations = json.loads(gzip.decompress(newest.read_bytes()))["operations"]
    assert set(aws.CALLS[service]) <= set(operations)


def test_clients_share_one_session(emulator: object) -> None:
    assert aws.session() is aws.session()
    assert aws.client("ssm").meta.region_name == aws.client("s3").meta.region_name


def test_a_function_may_do_what_its_bundle_can_ask_for() -> None:
    """A right without its call would fail in the cloud only: the bundle has no description of others."""
    # A check of a condition is part of a transaction.
    rows = {right.removeprefix("dynamodb:") for right in rights.ROWS} - {"ConditionCheckItem"}
    assert rows <= set(aws.CALLS["dynamodb"])
