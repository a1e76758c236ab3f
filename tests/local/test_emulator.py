"""AWS on the laptop: what it keeps through a crash, whom it lets in, and what of it we stand on."""

import importlib.metadata
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.emulator import Emulator, EmulatorFailed, account_id
from local.emulator_server import SAVE_EVERY_SECONDS
from local.signatures import new_secret
from tests.local.requests_here import ask, wait_until

ACCOUNT = account_id("mira")
Start = Callable[[], Emulator]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the emulator on this test's state; what still runs at the end is killed."""
    running: list[Emulator] = []

    def start() -> Emulator:
        state, log = tmp_path / "state", tmp_path / "emulator.log"
        running.append(Emulator.start(account=ACCOUNT, region="eu-central-1", state=state, log=log))
        return running[-1]

    yield start
    for emulator in running:
        emulator.kill()


def client(emulator: Emulator, service: str) -> Any:
    environment = emulator.environment()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=emulator.endpoint,
        region_name=emulator.region,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def make_table(emulator: Emulator, name: str = "rows") -> Any:
    dynamodb = client(emulator, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return dynamodb


def rows(emulator: Emulator) -> set[str]:
    pages = client(emulator, "dynamodb").get_paginator("scan").paginate(TableName="rows")
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def streamed(emulator: Emulator) -> set[str]:
    streams = client(emulator, "dynamodbstreams")
    arn = client(emulator, "dynamodb").describe_table(TableName="rows")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found: set[str] = set()
    while True:
        got = streams.get_records(ShardIterator=at)
        if not got["Records"]:
            return found
        found |= {record["dynamodb"]["Keys"]["id"]["S"] for record in got["Records"]}
        at = got["NextShardIterator"]


def saved(path: Path, text: str) -> bool:
    state = path / "state" / "state.json"
    return state.exists() and text in state.read_text()


def test_a_graceful_stop_keeps_everything(start: Start) -> None:
    emulator = start()
    dynamodb, s3 = make_table(emulator), client(emulator, "s3")
    s3.create_bucket(Bucket="mira-site", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for number in range(20):
        dynamodb.put_item(TableName="rows", Item={"id": {"S": str(number)}})
        s3.put_object(Bucket="mira-site", Key=f"pages/{number}.html", Body=b"x" * number, CacheControl="no-cache")
    client(emulator, "ssm").put_parameter(Name="/a", Value="secret", Type="SecureString")
    emulator.stop()
    again = start()
    assert rows(again) == streamed(again) == {str(number) for number in range(20)}
    assert client(again, "ssm").get_parameter(Name="/a", WithDecryption=True)["Parameter"]["Value"] == "secret"
    found = client(again, "s3").get_object(Bucket="mira-site", Key="pages/7.html")
    assert (found["Body"].read(), found["CacheControl"]) == (b"x" * 7, "no-cache")


def test_what_was_acknowledged_two_seconds_before_a_crash_survives_it(start: Start, tmp_path: Path) -> None:
    emulator = start()
    make_table(emulator).put_item(TableName="rows", Item={"id": {"S": "kept-row"}})
    # It saves each second, in a fraction of one; a loaded machine may take longer, so what is waited for is the file.
    assert SAVE_EVERY_SECONDS <= 1
    wait_until(lambda: saved(tmp_path, "kept-row"))
    emulator.kill()
    again = start()
    assert rows(again) == streamed(again) == {"kept-row"}


def write_until_it_is_gone(emulator: Emulator, crash: int, enough: threading.Event) -> None:
    """A row, then its object, and again: so the objects are the rows, or all but the last."""
    dynamodb, s3 = client(emulator, "dynamodb"), client(emulator, "s3")
    for number in range(100_000):
        name = f"{crash}-{number:05d}"
        try:
            dynamodb.put_item(TableName="rows", Item={"id": {"S": name}})
            s3.put_object(Bucket="mira-site", Key=name, Body=name.encode())
        except (BotoCoreError, ClientError):
            return
        if number > 30 + 60 * crash:
            enough.set()


def test_a_crash_at_any_moment_leaves_a_state_that_was_real(start: Start) -> None:
    """Every write is a row, its stream record and its object: after each crash the three tell the same story."""
    expected: set[str] = set()
    emulator = start()
    make_table(emulator)
    s3 = client(emulator, "s3")
    s3.create_bucket(Bucket="mira-site", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="mira-site", Key="0-first", Body=b"0-first")
    emulator.stop()
    for crash in range(3):
        emulator = start()
        enough = threading.Event()

        writer = threading.Thread(target=write_until_it_is_gone, args=(emulator, crash, enough))
        writer.start()
        assert enough.wait(60)
        emulator.kill()
        writer.join(20)
        emulator = start()
        kept = rows(emulator)
        assert kept == streamed(emulator)
        assert expected <= kept
        mine = sorted(kept - expected)
        assert mine == [f"{crash}-{number:05d}" for number in range(len(mine))]
        s3 = client(emulator, "s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="mira-site")
        objects = {item["Key"] for page in pages for item in page.get("Contents", [])} - {"0-first"}
        assert kept >= objects
        assert len(kept - objects) <= 1 + crash
        newest = max(objects, default="0-first")
        assert s3.get_object(Bucket="mira-site", Key=newest)["Body"].read() == newest.encode()
        expected = kept
        emulator.stop()


def test_an_object_deleted_before_a_crash_stays_deleted_or_stays_whole(start: Start, tmp_path: Path) -> None:
    emulator = start()
    s3 = client(emulator, "s3")
    s3.create_bucket(Bucket="mira-site", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="mira-site", Key="a", Body=b"old")
    emulator.stop()
    emulator = start()
    client(emulator, "s3").put_object(Bucket="mira-site", Key="a", Body=b"newer")
    emulator.kill()
    found = client(start(), "s3").get_object(Bucket="mira-site", Key="a")
    body = found["Body"].read()
    assert found["ContentLength"] == len(body)
    assert body in {b"old", b"newer"}


def test_nobody_else_may_read_the_state(start: Start, tmp_path: Path) -> None:
    start().stop()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "state.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "emulator.log").stat().st_mode & 0o077 == 0


def test_a_state_that_cannot_be_read_is_said_and_left_alone(start: Start, tmp_path: Path) -> None:
    start().stop()
    state = tmp_path / "state" / "state.json"
    state.write_text("{")
    with pytest.raises(EmulatorFailed, match="cannot be read"):
        start()
    assert state.read_text() == "{"


def test_a_state_that_cannot_be_saved_is_said_once_and_saved_when_it_can_be(tmp_path: Path) -> None:
    state = tmp_path / "state"
    said: list[str] = []
    emulator = Emulator.start(
        account=ACCOUNT, region="eu-central-1", state=state, tell=lambda line: said.append(line["trouble"])
    )
    try:
        wait_until(lambda: not (state / "state.json.new").exists())
        (state / "state.json.new").mkdir()  # in the way of the file that is written
        make_table(emulator)
        wait_until(lambda: said != [])
        (state / "state.json.new").rmdir()
        wait_until(lambda: len(said) == 2)
    finally:
        emulator.stop()
    assert "cannot be saved" in said[0]
    assert "saved again" in said[1]
    assert saved(tmp_path, "rows")


def test_it_stops_when_whoever_started_it_is_gone(start: Start) -> None:
    emulator = start()
    emulator.process.hang_up()
    wait_until(lambda: not emulator.running)


def test_a_port_in_use_is_said(start: Start) -> None:
    with pytest.raises(EmulatorFailed, match="in use"):
        Emulator.start(account=ACCOUNT, region="eu-central-1", port=start().port)


def test_a_page_of_another_origin_is_refused(emulator: Emulator) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": f"evil.example:{emulator.port}"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        reply = ask(emulator.port, "/_ministack/reset", method="POST", body=b"", headers=headers)
        assert reply.status == 403
        assert reply.json["code"] == "forbidden"
        assert "signed" not in reply.json["detail"]


def stranger(emulator: Emulator, service: str) -> Any:
    """A client that knows everything but the secret."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=emulator.environment()["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=new_secret(),
        config=Config(retries={"total_max_attempts": 1}, signature_version="v4" if service != "s3" else "s3v4"),
    )


def status_of(refused: pytest.ExceptionInfo[ClientError]) -> int:
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_who_signs_with_another_secret_reads_and_changes_nothing(emulator: Emulator) -> None:
    boto3.client("ssm").put_parameter(Name="/a", Value="ours", Type="SecureString")
    with pytest.raises(ClientError) as reading:
        stranger(emulator, "ssm").get_parameter(Name="/a")
    with pytest.raises(ClientError) as writing:
        stranger(emulator, "ssm").put_parameter(Name="/a", Value="theirs", Overwrite=True)
    with pytest.raises(ClientError) as making:
        stranger(emulator, "s3").create_bucket(Bucket="theirs")
    assert status_of(reading) == status_of(writing) == status_of(making) == 403
    assert boto3.client("ssm").get_parameter(Name="/a", WithDecryption=True)["Parameter"]["Value"] == "ours"
    assert boto3.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0a1b2c3d.execute-api.localhost", "x.localhost"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_ministack/ses/messages"),
        ("GET", "/_prism/mail"),
        ("GET", "/2015-03-31/functions/"),
        ("POST", "/v2/email/outbound-emails"),
        ("PUT", "/theirs"),
    ],
)
def test_an_unsigned_request_is_refused_whatever_host_it_names(
    emulator: Emulator, host: str, method: str, path: str
) -> None:
    boto3.client("ssm").put_parameter(Name="/a", Value="ours", Type="String")
    reply = ask(emulator.port, path, method=method, body=b"{}", headers={"Host": f"{host}:{emulator.port}"})
    # The host of an HTTP API leads to that API alone, and there is none.
    assert reply.status == (404 if "execute-api" in host else 403)
    assert boto3.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "ours"
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_a_presigned_url_does_what_it_was_signed_for_and_nothing_else(emulator: Emulator) -> None:
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="mira-site", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def call(method: str, url: str, body: bytes | None = None) -> int:
        return ask(emulator.port, url.removeprefix(emulator.endpoint), method=method, body=body).status

    def url(client: Any, operation: str, seconds: int = 60) -> str:
        made: str = client.generate_presigned_url(
            operation, Params={"Bucket": "mira-site", "Key": "a b.txt"}, ExpiresIn=seconds
        )
        return made

    assert call("PUT", url(s3, "put_object"), b"hello") == 200
    assert s3.get_object(Bucket="mira-site", Key="a b.txt")["Body"].read() == b"hello"
    reading = url(s3, "get_object")
    assert call("GET", reading) == 200
    assert call("DELETE", reading) == 403
    assert call("GET", reading.replace("a%20b.txt", "other")) == 403
    assert call("GET", url(s3, "get_object", -1)) == 403
    assert call("PUT", url(stranger(emulator, "s3"), "put_object"), b"theirs") == 403
    assert s3.get_object(Bucket="mira-site", Key="a b.txt")["Body"].read() == b"hello"


def test_each_start_has_a_secret_of_its_own_that_no_other_user_can_read(start: Start, emulator: Emulator) -> None:
    other = start()
    assert other.secret != emulator.secret
    assert other.secret not in repr(other)
    process = Path(f"/proc/{other.pid}")
    if process.exists():
        assert other.secret.encode() not in (process / "cmdline").read_bytes()
        assert (process / "environ").stat().st_mode & 0o077 == 0


def test_it_listens_on_loopback_only(emulator: Emulator) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines() if Path("/proc/net/tcp").exists() else []
    mine = [line.split()[1] for line in lines if line.split()[1].endswith(f":{emulator.port:04X}") and " 0A " in line]
    assert mine == [f"0100007F:{emulator.port:04X}"] or not lines


def test_each_creator_has_an_account_of_their_own(emulator: Emulator) -> None:
    assert len({account_id(creator) for creator in ("mira", "noor", "kasper")}) == 3
    assert boto3.client("sts").get_caller_identity()["Account"] == emulator.account


def test_a_raw_mail_is_kept_whole(emulator: Emulator) -> None:
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="mira.example")
    ses.send_email(
        FromEmailAddress="hello@mira.example",
        Destination={"ToAddresses": ["fan@example.com"]},
        Content={"Raw": {"Data": b"Reply-To: x@example.com\r\nSubject: Hi\r\n\r\nHello"}},
    )
    ses.send_email(
        FromEmailAddress="hello@mira.example",
        Destination={"ToAddresses": ["fan@example.com"]},
        Content={"Simple": {"Subject": {"Data": "Plain"}, "Body": {"Text": {"Data": "Hello"}}}},
    )
    plain, raw = emulator.mail()
    assert plain["Subject"] == "Plain"
    assert "Raw" not in plain
    assert raw["To"] == ["fan@example.com"]
    assert raw["Raw"]


def test_a_raw_mail_survives_a_crash(start: Start, tmp_path: Path) -> None:
    emulator = start()
    client(emulator, "sesv2").create_email_identity(EmailIdentity="mira.example")
    client(emulator, "sesv2").send_email(
        FromEmailAddress="hello@mira.example",
        Destination={"ToAddresses": ["fan@example.com"]},
        Content={"Raw": {"Data": b"Subject: Hi\r\n\r\nHello"}},
    )
    wait_until(lambda: saved(tmp_path, '"Raw"'))
    emulator.kill()
    assert [mail["Subject"] for mail in start().mail()] == ["Hi"]


def test_a_proxy_in_the_environment_is_passed_by(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert emulator.mail() == []
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []


def test_nothing_is_left_for_the_next_test(emulator: Emulator) -> None:
    make_table(emulator)
    emulator.reset()
    assert client(emulator, "dynamodb").list_tables()["TableNames"] == []


def test_the_emulator_is_the_version_whose_insides_we_know() -> None:
    """`local/snapshots.py`, `outbox.py` and `emulator_server.py` reach into these. With another version, read them again, then change this."""
    assert importlib.metadata.version("ministack") == "1.5.33"
    script = """
import json
from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, s3, ses
stores = [dynamodb._stream_records, dynamodb._stream_trimmed, dynamodb._closed_streams, dynamodb._txn_idempotency, ses._sent_emails]
assert all(isinstance(store, AccountRegionScopedDict) for store in stores)
assert isinstance(dynamodb._stream_seq_counter, int) and dynamodb._STREAM_RETENTION_SECONDS == 86400
assert dynamodb._lock.acquire(blocking=False)
app._get_module("dynamodb")
assert {"dynamodb", "s3"} <= set(app._build_persistence_save_dict()) <= set(app._state_map)
assert all(map(callable, (app._handle_execute_api_request, app._read_request_body, app._send_if_handled)))
assert callable(persistence._json_default) and callable(persistence._json_object_hook)
assert s3._atomic_write.__code__.co_names.count("replace") == 1
print("ok")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "ok", done.stderr


def test_the_log_of_a_failed_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(EmulatorFailed) as failed:
        Emulator.start(account=ACCOUNT, region="eu-central-1", state=tmp_path / "state", log=tmp_path / "emulator.log")
    assert str(tmp_path / "emulator.log") in failed.value.message
    assert failed.value.fix
