"""A site on the disk is the old one or the new one, whatever happens in between."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from frontend_template.publish import FolderTaken, SiteNotWritten, write_site
from tests.creators import a_creator
from tests.frontend_template.small_site import SMALL_ROOT, Build
from tests.frontend_template.test_build import everything

BUILD = """
import resource, sys
from pathlib import Path
from frontend_template.build import build_site
from frontend_template.publish import SiteNotWritten
from lambdas.features.registry import active_features
from tests.creators import a_creator
from tests.frontend_template.small_site import spoken_of

out, source, cache, root, limit = sys.argv[1:]
creator = a_creator(name="Another Name")
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    build_site(creator, features=spoken_of(active_features(creator), (Path(root),)), source=Path(source), out=Path(out), cache=Path(cache), roots=(Path(root),))
except SiteNotWritten as fault:
    print(fault.code, fault.message, fault.fix, sep="|")
"""


def build_elsewhere(out: Path, cache: Path, *, limit: int = 0, before: tuple[str, ...] = ()) -> str:
    command = [*before, sys.executable, "-c", BUILD, str(out), str(out.parent), str(cache), str(SMALL_ROOT), str(limit)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def assert_said_plainly(said: str) -> None:
    assert (
        said
        == "site_not_written|the disk is full; the site that was there is unchanged|Free some space, then build again."
    )


@pytest.mark.parametrize("cached", [True, False])
def test_a_disk_that_takes_no_more_leaves_the_old_site(
    build: Build, tmp_path: Path, cache_folder: Path, cached: bool
) -> None:
    site = build().folder
    before = everything(site)
    cache = cache_folder if cached else tmp_path / "new-cache"
    if cached:
        build(a_creator(name="Another Name"), out=tmp_path / "warm")
    assert_said_plainly(build_elsewhere(site, cache, limit=16 * 1024))
    assert everything(site) == before
    assert [path.name for path in site.parent.iterdir() if path.name.startswith(".site")] == [".site-lock"]


def test_a_full_file_system_leaves_the_old_site(build: Build, tmp_path: Path, cache_folder: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        site = build(out=small / "site").folder
        before = everything(site)
        build(a_creator(name="Another Name"), out=tmp_path / "warm")
        (small / "rest").write_bytes(bytes(free_bytes(small) - 128 * 1024))
        assert_said_plainly(build_elsewhere(site, cache_folder))
        assert everything(site) == before
        assert sorted(path.name for path in small.iterdir()) == [".site-lock", "rest", "site"]
        (small / "rest").unlink()
        assert build_elsewhere(site, cache_folder) == ""
        assert b"Another Name" in everything(site)["index.html"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def free_bytes(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def test_a_folder_that_cannot_be_written_is_named(build: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SiteNotWritten, match="the site that was there is unchanged") as failed:
        build(out=tmp_path / "file" / "site")
    assert "file" in failed.value.message


def test_a_run_killed_between_the_two_renames_is_put_right_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "site"
    index = {"a.txt": {"sha256": "1"}}
    assert write_site(out, {"a.txt": b"old"}, index)
    (tmp_path / ".site-new-left").mkdir()
    out.rename(tmp_path / ".site-old")
    assert not write_site(out, {"a.txt": b"old"}, index)
    assert (out / "a.txt").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site-lock", "site"]


def test_what_a_site_no_longer_has_is_gone(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(out, {"a.txt": b"a", "b/c.txt": b"c"}, {"a.txt": {}, "b/c.txt": {}})
    write_site(out, {"a.txt": b"a"}, {"a.txt": {}})
    assert sorted(everything(out)) == ["a.txt", "site.json"]


def test_a_folder_of_somebodys_own_is_never_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.txt"
    mine.write_text("years of work")
    for index in (None, "no JSON", "[1]", '{"name": "my own site.json"}'):
        if index is not None:
            (tmp_path / "site.json").write_text(index)
        before = everything(tmp_path)
        with pytest.raises(FolderTaken, match="nothing was changed"):
            write_site(tmp_path, {"a.txt": b"a"}, {"a.txt": {}})
        assert everything(tmp_path) == before


def test_an_empty_folder_takes_a_site_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    assert write_site(tmp_path / "link", {"a.txt": b"a"}, {"a.txt": {}})
    assert (tmp_path / "empty" / "a.txt").read_bytes() == b"a"
    assert (tmp_path / "link").is_symlink()
