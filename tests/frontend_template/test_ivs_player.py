"""Amazon's player comes from the registry, checked, once; and only for whom it is wanted."""

import base64
import hashlib
import io
import tarfile
from collections.abc import Mapping

import pytest

from frontend_template.cache import Cache
from frontend_template.ivs_player import BINARY, PLAYER, SCRIPT, WORKER, Package, PlayerNotFetched, player_files, wanted
from tests.creators import a_creator

FILES = {
    "package/dist/index.js": b'const one=require("other/one");module.exports={supported:one.two}',
    "package/dist/assets/amazon-ivs-wasmworker.min.js": b"worker",
    "package/dist/assets/amazon-ivs-wasmworker.min.wasm": b"\0asm",
}
OTHER = {"package/one.js": b"exports.two=require('./two')", "package/two/index.js": b"module.exports=2"}


def packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Registry:
    """Two packages, and how often each was asked for."""

    def __init__(self, player: Mapping[str, bytes] = FILES) -> None:
        contents = {"amazon-ivs-player": packed(player), "other": packed(OTHER)}
        self.packages = tuple(
            Package(name, "1.0.0", "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(), main)
            for (name, content), main in zip(contents.items(), (PLAYER.main, ""), strict=True)
        )
        self.answers = contents
        self.asked: list[str] = []

    def __call__(self, package: Package) -> bytes:
        self.asked.append(package.spec)
        return self.answers[package.name]


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


def test_it_is_fetched_once_with_what_it_requires(kept: Cache) -> None:
    registry = Registry()
    first = player_files(kept, registry, registry.packages)
    assert player_files(kept, registry, registry.packages) == first
    assert registry.asked == [package.spec for package in registry.packages]
    assert first.keys() == {SCRIPT, WORKER, BINARY}
    assert first[BINARY] == b"\0asm"
    for name in ("amazon-ivs-player/dist/index.js", "other/one.js", "other/two/index.js"):
        assert name.encode() in first[SCRIPT]


def test_another_file_is_refused_and_not_kept(kept: Cache) -> None:
    registry = Registry()
    good = dict(registry.answers)
    registry.answers = {name: content + b"x" for name, content in good.items()}
    with pytest.raises(PlayerNotFetched, match="not the file that was checked"):
        player_files(kept, registry, registry.packages)
    registry.answers = good
    assert player_files(kept, registry, registry.packages)[WORKER] == b"worker"


def test_no_connection_says_what_else_there_is(kept: Cache) -> None:
    def fetch(package: Package) -> bytes:
        raise OSError("no route to host")

    with pytest.raises(PlayerNotFetched) as caught:
        player_files(kept, fetch)
    assert "features.live.player to hls" in str(caught.value.fix)


def test_a_package_without_what_is_needed_is_refused(kept: Cache) -> None:
    for player in ({"package/dist/index.js": b""}, {**FILES, "package/dist/index.js": b'require("nobody")'}):
        registry = Registry(player)
        with pytest.raises(PlayerNotFetched, match="lacks"):
            player_files(kept, registry, registry.packages)


def test_it_is_only_for_whom_it_is_wanted() -> None:
    assert not wanted(a_creator())
    assert wanted(a_creator(switches={"live": {"player": "ivs"}}))
    assert not wanted(a_creator(switches={"live": {"player": "ivs", "enabled": False}}))
