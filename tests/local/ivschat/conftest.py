"""A chat room on a port of its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.local.ivschat.chatting import Chat, Serve
from tests.local.requests_here import Served


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a room with the settings that a test asks for; all are stopped at its end."""
    with ExitStack() as stack:

        def start(**settings: object) -> Chat:
            served = Served()
            stack.callback(served.stop)
            chat = Chat.start(served, **settings)
            stack.callback(chat.opened.close)
            return chat

        yield start


@pytest.fixture
def chat(serve: Serve) -> Chat:
    """A room without a review."""
    return serve()
