"""What was made is kept by what it was made from, whole, and not for ever."""

import os
import time
from pathlib import Path

import pytest

from frontend_template.cache import Cache


def test_the_same_parts_are_made_once_and_others_anew(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> bytes:
        made.append("again")
        return b"outcome"

    for _ in range(2):
        assert Cache(tmp_path).one("kind", ("a", b"bc"), make) == b"outcome"
    assert len(made) == 1
    for parts in (("ab", b"c"), ("a", b"b", b"c")):
        Cache(tmp_path).one("kind", parts, make)
    Cache(tmp_path).one("other", ("a", b"bc"), make)
    assert len(made) == 4


def test_a_result_that_could_not_be_kept_whole_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(OSError, match="name"):
        cache.files("kind", ("a",), lambda: {"fine": b"1", "x" * 300: b"2"})
    assert not list((tmp_path / "kind").iterdir())
    assert cache.files("kind", ("a",), lambda: {"fine": b"3"}) == {"fine": b"3"}


def test_what_nobody_asked_for_in_a_month_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for name in ("asked", "forgotten"):
        cache.one("kind", (name,), lambda: b"x")
    for entry in (tmp_path / "kind").iterdir():
        os.utime(entry, (0, time.time() - 40 * 24 * 60 * 60))
    cache.one("kind", ("asked",), lambda: pytest.fail("made again"))
    cache.prune()
    assert len(list((tmp_path / "kind").iterdir())) == 1
    cache.one("kind", ("asked",), lambda: pytest.fail("made again"))


def test_what_another_build_finishes_meanwhile_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.one("kind", ("a",), lambda: b"x")
    (entry,) = (tmp_path / "kind").iterdir()
    monkeypatch.setattr(Path, "glob", lambda *_: iter([tmp_path / "kind" / ".new-gone", entry]))
    cache.prune()
    assert entry.is_dir()
