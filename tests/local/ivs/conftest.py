"""Films to publish, and media processes to publish them to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local.ivs.streaming import Show
from tests.publisher import clip


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where films are encoded to, each once."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def film(films: Path) -> Path:
    """Sound and picture, a key frame each half second: something to watch after one and a half."""
    return clip(films, gop=15)


@pytest.fixture
def shows(tmp_path: Path) -> Iterator[Callable[..., Show]]:
    """Makes media processes, which are gone after the test."""
    made: list[Show] = []

    def make(**settings: object) -> Show:
        show = Show(folder=tmp_path, **settings)  # type: ignore[arg-type]
        made.append(show)
        return show

    yield make
    for show in made:
        show.close()


@pytest.fixture
def show(shows: Callable[..., Show]) -> Show:
    """A media process with short times, which nobody publishes to yet."""
    return shows()
