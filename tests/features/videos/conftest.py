from collections.abc import Iterator

import pytest

from local.emulator import Emulator
from tests.features.videos.cutting_room import CuttingRoom
from tests.local.requests_here import Served
from tests.platform_under_test import PlatformUnderTest


@pytest.fixture
def room(emulator: Emulator, platform: PlatformUnderTest) -> CuttingRoom:
    return CuttingRoom(platform)


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()
