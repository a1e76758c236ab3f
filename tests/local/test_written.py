"""The emulator tells what was written, as soon as it was."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from local.emulator import Emulator
from local.written import Written, written_since

ROWS, OTHERS = "prism-mira-rows", "prism-mira-others"


@pytest.fixture(autouse=True)
def tables(emulator: Emulator) -> None:
    for name in (ROWS, OTHERS):
        boto3.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )


def write(table: str = ROWS, id: str = "one") -> None:
    boto3.client("dynamodb").put_item(TableName=table, Item={"id": {"S": id}})


def test_what_there_is_already_is_told_at_once_and_by_table() -> None:
    start = written_since(0, seconds=0).last
    write()
    found = written_since(start, seconds=60)
    assert found.tables == {ROWS}
    write(OTHERS)
    assert written_since(found.last, seconds=60).tables == {OTHERS}
    assert written_since(start, seconds=60).tables == {ROWS, OTHERS}


def test_who_waits_hears_of_the_next_write() -> None:
    start = written_since(0, seconds=0).last
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(written_since, start, seconds=60)
        assert not waiting.done()
        write()
        assert waiting.result(30).tables == {ROWS}


def test_a_write_that_changes_nothing_is_none() -> None:
    write()
    start = written_since(0, seconds=0).last
    write()
    assert written_since(start, seconds=0) == Written(last=start, tables=frozenset())


def test_after_a_state_from_before_everything_is_told() -> None:
    write()
    found = written_since(10**9, seconds=60)
    assert found.tables == {ROWS}
    assert found.last < 10**9


def test_who_waits_does_not_keep_the_emulator_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Emulator.start(account="100000000001", region="eu-central-1")
    for name, value in own.environment().items():
        monkeypatch.setenv(name, value)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(written_since, 0, seconds=60)
        own.stop()
        assert not own.running
        assert isinstance(waiting.exception(30), OSError)
