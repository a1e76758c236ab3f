"""The synthesised templates, deployed by CloudFormation into the emulator and used through their HTTP API.

What is declared is what runs: routes, environment, rights' targets, streams and schedules are those of the
templates. The zip is the bundle made for this machine, because the cloud's is for another processor. (The
emulator's CloudFront knows neither origin groups nor an HTTP API as origin: what CloudFront does is asked
of the local gateway, in tests/local.)
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import boto3
import pytest

from frontend_template.build import build_site
from lambdas.core.creator import Creator
from lambdas.features.registry import active_features
from lambdas.platform.keys import ensure_keys
from lambdas.platform.storage import SITE_REGION, sync_site
from lambdas.web import edge
from local.emulator import Emulator
from stacks.assembly import add_creator, app_for
from stacks.creator import parameters_for, stack_name
from tests.creators import a_creator
from tests.stacks.test_bundles import HERE

# Of all the types that the stacks have, the emulator's CloudFormation lacks this one.
NOT_IN_THE_EMULATOR = {"AWS::Budgets::Budget"}
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Deployed:
    emulator: Emulator
    creator: Creator
    api_id: str
    secret: str = field(repr=False)

    def call(
        self, method: str, path: str, *, body: Any = None, through_edge: bool = True, address: str = "203.0.113.9:4711"
    ) -> Answer:
        """Ask the HTTP API; `through_edge` as CloudFront does it."""
        headers = {"host": f"{self.api_id}.execute-api.localhost:{self.emulator.port}"}
        if through_edge:
            headers |= {
                edge.ORIGIN_SECRET_HEADER: self.secret,
                edge.VIEWER_ADDRESS_HEADER: address,
                edge.VIEWER_HOST_HEADER: self.creator.domain,
            }
        if body is not None:
            headers |= {"content-type": "application/json"}
        return self._ask(method, path, headers, json.dumps(body).encode() if body is not None else None)

    def _ask(self, method: str, path: str, headers: dict[str, str], data: bytes | None) -> Answer:
        request = urllib.request.Request(f"{self.emulator.endpoint}{path}", data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read().decode())


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    creator = a_creator()
    folder = tmp_path_factory.mktemp("assembly")
    app = app_for(folder)
    add_creator(app, creator, version="1.2.3", target=HERE)
    app.synth()
    emulator = Emulator.start(
        account="210987654321", region=creator.region, log=tmp_path_factory.mktemp("emulator") / "log"
    )
    try:
        yield _deploy(emulator, creator, folder)
    finally:
        emulator.stop()


def _deploy(emulator: Emulator, creator: Creator, folder: Path) -> Deployed:
    def client(service: str, region: str = creator.region) -> Any:
        session = boto3.Session(region_name=region)
        make: Any = session.client  # its type wants the service as a literal
        return make(
            service,
            endpoint_url=emulator.endpoint,
            aws_access_key_id=emulator.environment()["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=emulator.environment()["AWS_SECRET_ACCESS_KEY"],
        )

    keys = ensure_keys(client("ssm"), creator.id)
    parameters = parameters_for(creator.id, keys)
    for region in (creator.region, SITE_REGION):
        client("ssm", region).put_parameter(Name=BOOTSTRAP_VERSION, Value="30", Type="String")
    client("sesv2").create_email_identity(EmailIdentity=creator.domain)
    _publish_assets(client("s3"), folder / f"{stack_name(creator.id, 'api')}.assets.json", account=emulator.account)
    outputs: dict[str, str] = {}
    for stack in ("data", "api", "site", "ops"):
        name = stack_name(creator.id, stack)
        template = json.loads((folder / f"{name}.template.json").read_text())
        template["Resources"] = {
            key: resource
            for key, resource in template["Resources"].items()
            if resource["Type"] not in NOT_IN_THE_EMULATOR
        }
        # The emulator's stacks are asked for across regions in one region only.
        cloudformation = client("cloudformation")
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.get(name, {}).items()
            ],
        )
        outputs |= _completed(cloudformation, name)
    bucket = outputs["SiteBucket"]
    site = folder.with_name("site")
    features = active_features(creator)
    build_site(creator, features=features, source=folder, out=site, cache=folder.with_name("site-cache"), pages=False)
    sync_site(client("s3"), bucket, site)
    published = client("lambda").invoke(
        FunctionName=f"prism-{creator.id}-worker", Payload=json.dumps({"prism": "publish"}).encode()
    )
    assert "FunctionError" not in published, published["Payload"].read()
    (api,) = [a for a in client("apigatewayv2").get_apis()["Items"] if a["Name"] == f"prism-{creator.id}"]
    return Deployed(
        emulator=emulator,
        creator=creator,
        api_id=api["ApiId"],
        secret=keys.origin_secret,
    )


def _completed(cloudformation: Any, name: str) -> dict[str, str]:
    """The stack's outputs, once it is there."""

    def status() -> dict[str, Any] | None:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    stack = wait_for(status)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failures = [e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failures
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _publish_assets(s3: Any, manifest: Path, *, account: str) -> None:
    """What `cdk deploy` does before the templates: each file into the bootstrap's bucket."""
    made = set()
    for file in json.loads(manifest.read_text())["files"].values():
        source = manifest.parent / file["source"]["path"]
        for destination in file["destinations"].values():
            bucket = destination["bucketName"].replace("${AWS::AccountId}", account)
            if bucket not in made:
                where = {"LocationConstraint": destination["region"]}
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
                made.add(bucket)
            s3.put_object(Bucket=bucket, Key=destination["objectKey"], Body=source.read_bytes())


def wait_for(condition: Callable[[], Any]) -> Any:
    """What the condition answers, once it answers something."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if answer := condition():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{condition} did not come true in {PATIENCE_SECONDS} seconds")


def test_health_answers_through_the_deployed_api(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/api/health")
    assert answer.status == 200, answer.body
    assert answer.json["version"] == "1.2.3"


def test_who_bypasses_cloudfront_is_refused(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/api/health", through_edge=False)
    assert answer.status == 403
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_missing_page_is_answered_in_the_language_of_its_address(deployed: Deployed) -> None:
    for path, language in (("/nothing/", "en"), ("/de/nichts/", "de")):
        answer = deployed.call("GET", path)
        assert answer.status == 404
        assert f'<html lang="{language}"' in answer.body


def test_a_message_is_stored_and_mailed_by_the_deployed_worker(deployed: Deployed) -> None:
    token = deployed.call("GET", "/api/contact/token").json["token"]
    issued = time.monotonic()
    wait_for(lambda: time.monotonic() - issued > 2.2)  # a person needs longer to write
    message = {
        "name": "Vera Visitor",
        "email": "vera@visitor.example",
        "subject": "Hello",
        "message": "This went through everything that was declared.",
        "language": "de",
        "token": token,
    }
    answer = deployed.call("POST", "/api/contact", body=message)
    assert answer.status == 201, answer.body
    wait_for(lambda: len(deployed.emulator.mail()) >= 2)
    assert {tuple(mail["To"]) for mail in deployed.emulator.mail()} == {
        ("hello@tester.example",),
        ("vera@visitor.example",),
    }
