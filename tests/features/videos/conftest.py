from collections.abc import Iterator

import pytest

from local.emulator import Emulator
from tests.features.videos.cutting_room import CuttingRoom
from tests.platform_under_test import PlatformUnderTest


@pytest.fixture
def room(emulator: Emulator, platform: PlatformUnderTest) -> Iterator[CuttingRoom]:
    yield CuttingRoom(platform)
