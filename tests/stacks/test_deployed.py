"""The synthesised templates, deployed by CloudFormation into the emulator and used through their HTTP API.

What is declared is what runs: routes, environment, rights' targets, streams and schedules are those of the
templates. The zip is the bundle made for this machine, because the cloud's is for another processor. (The
emulator's CloudFront knows neither origin groups nor an HTTP API as origin: what CloudFront does is asked
of the local gateway, in tests/local.)
"""

import base64
import io
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image

from frontend_template.build import build_site
from frontend_template.cache import cache_folder
from lambdas.core.creator import Creator
from lambdas.features.registry import active_features
from lambdas.platform.keys import ensure_keys
from lambdas.platform.storage import SITE_REGION, sync_site
from lambdas.web import edge
from local import http_api
from local.emulator import Emulator
from stacks.assembly import add_creator, app_for
from stacks.creator import parameters_for, stack_name
from tests.creators import a_creator
from tests.stacks.test_bundles import HERE

# Of all the types that the stacks have, the emulator's CloudFormation lacks these. What IVS and IVS Chat do is asked of the local
# media process, in tests/local; what reads one of these here gets a name that leads nowhere.
NOT_IN_THE_EMULATOR = {
    "AWS::Budgets::Budget",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::PublicKey",
    "AWS::IVS::Channel",
    "AWS::IVS::PlaybackKeyPair",
    "AWS::IVS::RecordingConfiguration",
    "AWS::IVSChat::LoggingConfiguration",
    "AWS::IVSChat::Room",
}
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: str

    @property
    def cookies(self) -> dict[str, str]:
        """Those that are set, by name."""
        set_now = (cookie.partition(";")[0] for cookie in self.headers.get_all("set-cookie") or ())
        return {name: value for name, _, value in (cookie.partition("=") for cookie in set_now)}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Deployed:
    emulator: Emulator
    creator: Creator
    api_id: str
    secret: str = field(repr=False)
    client: Callable[[str], Any] = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        files: Mapping[str, bytes] | None = None,
        cookies: Mapping[str, str] | None = None,
        through_edge: bool = True,
        address: str = "203.0.113.9:4711",
    ) -> Answer:
        """Ask the HTTP API; `through_edge` as CloudFront does it, `cookies` as a browser that has them."""
        headers = {"host": f"{self.api_id}.execute-api.localhost:{self.emulator.port}"}
        if through_edge:
            headers |= {
                edge.ORIGIN_SECRET_HEADER: self.secret,
                edge.VIEWER_ADDRESS_HEADER: address,
                edge.VIEWER_HOST_HEADER: self.creator.domain,
            }
        data = json.dumps(body).encode() if body is not None else None
        if body is not None:
            headers["content-type"] = "application/json"
        if files is not None:
            headers["content-type"] = "multipart/form-data; boundary=between"
            data = b"".join(
                b'--between\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\n%s\r\n'
                % (name.encode(), content)
                for name, content in files.items()
            )
            data += b"--between--\r\n"
        if cookies:
            # The emulator's HTTP API drops them: the function is called with what the real one would make of the request.
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            headers["origin"] = f"https://{self.creator.domain}"
            return self._invoke(method, path, headers, data or b"")
        return self._ask(method, path, headers, data)

    def _invoke(self, method: str, path: str, headers: dict[str, str], data: bytes) -> Answer:
        found = http_api.match(edge.routes(active_features(self.creator)), path)
        request = http_api.Request(method=method, path=path, query="", headers=tuple(headers.items()), body=data)
        event = http_api.event_of(
            request,
            found,
            account=self.emulator.account,
            domain=f"{self.api_id}.execute-api.eu-central-1.amazonaws.com",
            source="127.0.0.1",
            at=datetime.now(UTC),
        )
        function = f"prism-{self.creator.id}-{found.route.function}"
        told = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        result = json.loads(told["Payload"].read())
        assert "FunctionError" not in told, result
        answer = http_api.answer_of(result)
        answered = Message()
        for name, value in answer.headers:
            answered[name] = value
        return Answer(answer.status, answered, answer.body.decode())

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
    parameters = parameters_for(creator.id, keys, features=active_features(creator))
    for region in (creator.region, SITE_REGION):
        client("ssm", region).put_parameter(Name=BOOTSTRAP_VERSION, Value="30", Type="String")
    client("sesv2").create_email_identity(EmailIdentity=creator.domain)
    for stack in ("live", "api"):
        manifest = folder / f"{stack_name(creator.id, stack)}.assets.json"
        _publish_assets(client("s3"), manifest, account=emulator.account)
    outputs: dict[str, str] = {}
    for stack in ("data", "live", "api", "site", "ops"):
        name = stack_name(creator.id, stack)
        template = _for_the_emulator(json.loads((folder / f"{name}.template.json").read_text()))
        # The emulator's stacks are asked for across regions in one region only.
        cloudformation = client("cloudformation")
        cloudformation.create_stack(
            StackName=name,
            TemplateURL=_uploaded(client("s3"), f"{name}.json", json.dumps(template), emulator),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.get(name, {}).items()
            ],
        )
        outputs |= _completed(cloudformation, name)
    bucket = outputs["SiteBucket"]
    site = folder.with_name("site")
    features = active_features(creator)
    build_site(creator, features=features, source=folder, out=site, cache=cache_folder(folder), pages=False)
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
        client=client,
    )


def _uploaded(s3: Any, key: str, template: str, emulator: Emulator) -> str:
    """As `cdk deploy` does it: a request holds 51,200 bytes of template, an object a million."""
    bucket = f"cdk-hnb659fds-assets-{emulator.account}-{emulator.region}"
    s3.put_object(Bucket=bucket, Key=key, Body=template.encode())
    return f"https://s3.{emulator.region}.amazonaws.com/{bucket}/{key}"


def _for_the_emulator(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what the emulator lacks."""
    missing = {key for key, of in template["Resources"].items() if of["Type"] in NOT_IN_THE_EMULATOR}
    for key in missing:
        del template["Resources"][key]
    for resource in template["Resources"].values():
        if isinstance(resource.get("DependsOn"), list):
            resource["DependsOn"] = [key for key in resource["DependsOn"] if key not in missing]
    without: dict[str, Any] = _without(template, missing)
    return without


def _without(part: Any, missing: set[str]) -> Any:
    """With a name that leads nowhere in place of every reference to what is missing."""
    if isinstance(part, dict):
        named = part.get("Ref") or next(iter(part.get("Fn::GetAtt", ())), None)
        if len(part) == 1 and named in missing:
            return f"not-in-the-emulator-{named}"
        return {key: _without(inner, missing) for key, inner in part.items()}
    return [_without(inner, missing) for inner in part] if isinstance(part, list) else part


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
    made = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
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


@pytest.mark.parametrize(("path", "language"), [("/account/sign-in/", "en"), ("/de/account/sign-in/", "de")])
def test_the_way_in_is_shown_by_the_account_function(path: str, language: str, deployed: Deployed) -> None:
    answer = deployed.call("GET", path)
    assert answer.status == 200, answer.body
    assert f'<html lang="{language}"' in answer.body
    assert answer.headers["cache-control"] == "no-store"


def test_the_studio_leads_who_is_not_signed_in_to_the_way_in(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/studio/search/results")
    assert answer.status == 401, answer.body


def test_somebody_signs_up_and_gives_themselves_a_picture(deployed: Deployed) -> None:
    """Through five functions' worth of declarations: the pool, its client, keys, streams, mail, the worker's Pillow, the bucket."""
    ada = {"name": "Ada Fictional", "email": "ada@people.example"}
    begun = deployed.call("POST", "/api/auth/sign-up", body=ada)
    assert begun.status == 200, begun.body
    code = wait_for(lambda: _mailed_code(deployed, ada["email"]))
    confirmation = {"code": code, "password": "four words of mine"}
    wrong = deployed.call("POST", "/api/auth/confirm", body={**confirmation, "code": "00000000"}, cookies=begun.cookies)
    assert wrong.status in {401, 422}, wrong.body
    confirmed = deployed.call("POST", "/api/auth/confirm", body=confirmation, cookies=begun.cookies)
    assert confirmed.status == 200, confirmed.body
    session = {name: value for name, value in confirmed.cookies.items() if value}
    assert [*session] == ["__Host-session"]
    assert deployed.call("GET", "/api/me", cookies=session).json["person"]["email"] == ada["email"]
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(drawn, "PNG")
    sent = deployed.call("POST", "/api/auth/picture", files={"picture": drawn.getvalue()}, cookies=session)
    assert sent.status in {200, 303}, sent.body
    address = wait_for(lambda: deployed.call("GET", "/api/me", cookies=session).json["person"]["picture"])
    assert address.startswith("/media/public/people/")
    again = {"email": ada["email"], "password": confirmation["password"]}
    assert "__Host-session" in deployed.call("POST", "/api/auth/sign-in", body=again).cookies
    refused = deployed.call("POST", "/api/auth/sign-in", body={**again, "password": "four words of yours"})
    assert refused.status in {401, 422}, refused.body


def _mailed_code(deployed: Deployed, address: str) -> str | None:
    """The code of the newest mail to an address, None before there is one."""
    for mail in deployed.emulator.mail():
        if address in mail["To"]:
            text = message_from_bytes(base64.b64decode(mail["Raw"]), policy=policy.default).get_body(("plain",))
            assert text is not None
            found = re.search(r"^(\d{4}) (\d{4})\s*$", text.get_content(), re.MULTILINE)
            return f"{found[1]}{found[2]}" if found else None
    return None


def test_the_deployed_review_of_chat_lets_a_message_through_and_another_not(deployed: Deployed) -> None:
    """Its zip, its environment and its tables' names, as the room would call it."""

    def review(content: str) -> Any:
        message = {
            "Content": content,
            "MessageId": "abcdefghijkl",
            "RoomArn": "arn:aws:ivschat:eu-central-1:210987654321:room/abcdefghijkl",
            "Attributes": {},
            "Sender": {"UserId": "per_1", "Attributes": {"name": "Ada Fictional", "role": "fan"}, "Ip": "203.0.113.9"},
        }
        told = deployed.client("lambda").invoke(
            FunctionName=f"prism-{deployed.creator.id}-chat-review", Payload=json.dumps(message).encode()
        )
        answer = json.loads(told["Payload"].read())
        assert "FunctionError" not in told, answer
        return answer

    assert review("Good evening!")["ReviewResult"] == "ALLOW"
    assert review("")["ReviewResult"] == "DENY"
