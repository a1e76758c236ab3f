"""The `api` and `chat_review` functions as Lambda runs them: the bundle unpacked, in an interpreter of its own, against the emulator."""

import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import boto3

from lambdas.features.chat.models import ChatPerson, ChatRoom
from lambdas.features.registry import active_features, tables_of
from lambdas.platform.environment import FOR_PACKAGES
from lambdas.platform.keys import digest, ensure_keys
from lambdas.platform.limits import Hits
from lambdas.platform.tables import Table, bind, table_name
from stacks.bundles import LAMBDA, Target, base_bundle
from stacks.bytecode import compile_tree, matching_interpreter
from tests.creators import a_creator

ORIGIN_SECRET = "the-edge-knows-this"
PROGRAMS = Path(__file__).with_name("programs")
# What Lambda's own Python has beside the standard library: where a bare function finds boto3.
RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


@dataclass(frozen=True, kw_only=True)
class FunctionUnderBench:
    """`api`, `bare` and `review` are commands that start a function and have it answer once, each in its environment."""

    python: str
    api: tuple[str, ...]
    bare: tuple[str, ...]
    review: tuple[str, ...]
    api_environment: Mapping[str, str]
    bare_environment: Mapping[str, str]
    review_environment: Mapping[str, str]


def prepare(folder: Path, *, aws: Mapping[str, str], with_runtime: bool = True) -> FunctionUnderBench:
    """Unpack and compile what runs; make the tables and keys it asks for in the AWS that `aws` names.

    Lambda's version of Python where this machine has it, else this one.
    """
    found = matching_interpreter(LAMBDA.python)
    version = LAMBDA.python if found else f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = found or Path(sys.executable)
    code, runtime = folder / "function", folder / "runtime"
    bundle, _ = base_bundle("lean", target=Target(platform=None, python=version))
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(code)
    creator = a_creator()
    (code / "creator.json").write_text(creator.model_dump_json(indent=1), encoding="utf-8")
    if with_runtime:
        for package in RUNTIME_PACKAGES:
            _copy(package, runtime)
        compile_tree(runtime, interpreter=interpreter)
    models: set[type[Table]] = {*tables_of(active_features(creator)).values(), ChatRoom, ChatPerson}
    bind(creator_id=creator.id)
    for model in models:
        model.create_table(billing_mode="PAY_PER_REQUEST")
    ensure_keys(boto3.client("ssm"), creator.id)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        # Sets in another order make other work: the same order makes the same number.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **aws,
    }
    return FunctionUnderBench(
        python=version,
        api=(str(interpreter), str(PROGRAMS / "api_function.py"), ORIGIN_SECRET),
        bare=(str(interpreter), str(PROGRAMS / "bare_boto3.py"), table_name(creator.id, Hits.short_name)),
        api_environment={
            **environment,
            **FOR_PACKAGES,
            "PYTHONPATH": str(code),
            "PRISM_SITE_BUCKET": "prism-tester-site",
            "PRISM_MEDIA_BUCKET": "prism-tester-media",
            "PRISM_ORIGIN_DIGESTS": digest(ORIGIN_SECRET),
            "PRISM_VERSION": "bench",
        },
        bare_environment={**environment, "PYTHONPATH": str(runtime)},
        review=(str(interpreter), str(PROGRAMS / "chat_review_function.py")),
        review_environment={**environment, "PYTHONPATH": str(code), "PRISM_CREATOR": creator.id},
    )


def _copy(package: str, folder: Path) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    folder.mkdir(parents=True, exist_ok=True)
    origin = Path(spec.origin)
    if spec.submodule_search_locations:
        shutil.copytree(origin.parent, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(origin, folder / origin.name)
