import pytest

from tests.platform_under_test import PlatformUnderTest, start_platform


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    return start_platform()
