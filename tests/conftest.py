"""What every test may ask for.

No test can reach real AWS: clients get made-up credentials and, until a test asks for the emulator,
an endpoint where nobody answers.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

from local.emulator import ACCESS_KEY_ID, Emulator
from local.signatures import new_secret
from tests import loopback_only

REGION = "eu-central-1"
ACCOUNT = "123456789012"
SECRET = new_secret()
"""One for this test process: boto3's default session keeps the credentials that it saw first."""
NOBODY = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


SHARED = "PRISM_TESTS_SHARED"
"""The variable with the folder of what a run of the tests makes once, for all its processes."""

LONGEST = (
    "e2e/test_studio.py",
    "web/test_openapi.py",
    "e2e/test_looks.py",
    "local/test_dev.py",
    "architecture/test_roles.py",
    "stacks/test_bundles.py",
    "e2e/test_player.py",
    "cli/test_making_commands.py",
    "e2e/",
    "stacks/",
    "bench/",
    "features/test_settings.py",
    "local/",
    "architecture/",
)
"""What takes longest, longest first. A file is one worker's (`--dist loadfile`): one that begins late is waited for by all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((n for n, part in enumerate(LONGEST) if f"/tests/{part}" in path), len(LONGEST))

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    loopback_only.guard()
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.update(NOBODY)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # Made once for all workers of a run, and anew for each run, as what makes them is tested too: fonts, pictures, scripts,
        # and the demo's data (tests/e2e/demo.py).
        os.environ[SHARED] = folder = tempfile.mkdtemp(prefix="prism-tests-")
        os.environ["PRISM_CACHE"] = os.path.join(folder, "cache")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator of this test process, started once; tests want `emulator`."""
    log = tmp_path_factory.mktemp("emulator") / "log"
    running = Emulator.start(account=ACCOUNT, region=REGION, log=log, secret=SECRET)
    yield running
    running.stop()


@pytest.fixture
def emulator(emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """AWS, empty, with the environment pointing at it; what the test leaves there is gone afterwards."""
    for name, value in emulator_process.environment().items():
        monkeypatch.setenv(name, value)
    yield emulator_process
    emulator_process.reset()
