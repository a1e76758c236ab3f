"""A local server to send requests to."""

from collections.abc import Iterator

import pytest

from tests.local.requests_here import Served


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()
