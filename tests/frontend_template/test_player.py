"""What a site publishes to play video with: others' files to the byte, loaded by no page before something plays."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from frontend_template.build import ROOT
from frontend_template.manifest import AssetManifest
from frontend_template.objects import IMMUTABLE
from frontend_template.render import Renderer
from lambdas.features.registry import active_features
from tests.creators import a_creator
from tests.frontend_template.small_site import Build
from tests.frontend_template.test_build import everything

HLS = ROOT / "vendor" / "hls"

VENDORED = {
    # Of the npm package hls.js 1.7.4.
    "hls.min.js": "cfc70cc9e9fc63d071919e087670abc760c8fd1bc889b88588026e4d22193bbe",
    "hls.worker.js": "8553e459962fdbb5813fc2d2cb45d171c7f9e91cfb82a3e44789e438e61aa743",
    "LICENSE": "ca8773cf798c7ed997d4dd7c8e23c348699f8d5b7462636694cc14de6cda12db",
}
SHOW: dict[str, Any] = {
    "id": "shw_1",
    "title": "Songs & a kettle",
    "description": "With **tea**.",
    "category": "Music",
    "cover": {"640": "/media/public/covers/c-640.webp", "1280": "/media/public/covers/c-1280.webp"},
    "audience": "members",
    "tiers": [],
    "started_at": None,
    "starts_at": "2027-03-04T19:00:00+00:00",
    "minutes": 60,
}
NOTHING: dict[str, Any] = {
    "show": None,
    "viewers": None,
    "since": None,
    "next": None,
    "last": None,
    "chat": True,
    "version": 3,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path) -> dict[str, bytes]:
    from frontend_template.build import build_site

    creator = a_creator()
    folder = tmp_path_factory.mktemp("site")
    (folder / "pictures").mkdir()
    built = build_site(
        creator,
        features=active_features(creator),
        source=folder / "pictures",
        out=folder / "out",
        cache=cache_folder,
    )
    return everything(built.folder)


def live_page(site: Mapping[str, bytes], path: str = "/live/", **state: Any) -> str:
    """A page as it is published while the state is this one."""
    from datetime import datetime

    creator = a_creator()
    assets = AssetManifest.from_json(site["assets/manifest.json"])
    coming = state.get("next")
    upcoming = (
        [{**coming, "starts_at": datetime.fromisoformat(coming["starts_at"]), "calendar": "/live/shows.ics"}]
        if coming
        else []
    )
    given = {
        "state": {**NOTHING, **state},
        "upcoming": upcoming,
        "links": [{"label": "Elsewhere", "url": "https://elsewhere.example/tester"}],
        "player": "hls",
        "state_file": "/media/public/live/state.json",
    }
    return Renderer(creator, active_features(creator), assets, stored=False).page(path, "en", given)


@pytest.mark.parametrize("name", VENDORED)
def test_what_others_wrote_is_what_they_published(name: str) -> None:
    assert hashlib.sha256((HLS / name).read_bytes()).hexdigest() == VENDORED[name]


def test_it_is_published_to_the_byte_for_ever_and_with_its_licence(site: dict[str, bytes]) -> None:
    index = json.loads(site["site.json"])
    for name in VENDORED:
        published = "LICENSE.txt" if name == "LICENSE" else name
        stem, _, ending = published.rpartition(".")
        key = f"assets/vendor/hls/{stem}.{VENDORED[name][:12]}.{ending}"
        assert site[key] == (HLS / name).read_bytes()
        assert index[key]["cache_control"] == IMMUTABLE


def test_no_page_loads_a_player_before_something_plays(site: dict[str, bytes]) -> None:
    lazy = re.compile(rb'(?:href|src)="/assets/(?:vendor/|js/parts/player|css/more/player)')
    for key, content in site.items():
        if key.endswith(".html"):
            assert not lazy.search(content), key
    assert b'data-hls="/assets/vendor/hls/hls.min.' in site["live/index.html"]


def test_a_style_sheet_beside_another_says_nothing_of_fonts_again(site: dict[str, bytes]) -> None:
    more = {key: css for key, css in site.items() if re.fullmatch(r"assets/css/more/[^/]+\.css", key)}
    assert len(more) >= 3
    assert not [key for key, css in more.items() if b"@font-face" in css]
    assert all(b"@font-face" in css for key, css in site.items() if re.fullmatch(r"assets/css/site\.\w+\.css", key))


def test_only_workers_of_the_site_itself_become_scripts() -> None:
    source = (ROOT / "static/js/parts/worker.js").read_text(encoding="utf-8")
    found = re.search(r"WORKERS = /(.+)/;", source)
    assert found is not None
    allowed = re.compile(found[1].replace("\\/", "/"))
    for good in ("/sw.js", "/assets/vendor/hls/hls.worker.8553e459962f.js"):
        assert allowed.match(good)
    for bad in (
        "/sw.js/x",
        "/assets/vendor/hls/hls.min.8553e459962f.js",
        "/media/public/x.worker.8553e459962f.js",
        "//x/sw.js",
    ):
        assert not allowed.match(bad)


def test_without_a_script_the_page_says_how_things_were_when_it_was_published(site: dict[str, bytes]) -> None:
    def shown(**state: Any) -> str:
        return re.sub(r"<template.*?</template>", "", live_page(site, **state), flags=re.DOTALL)

    quiet = shown(
        state="offline", last={"id": "shw_0", "title": "The first one", "ended_at": None, "video": "/videos/vid_1/"}
    )
    assert "Testa Fictional is not live right now" in quiet
    assert "The last show was “The first one”." in quiet
    assert 'href="/videos/vid_1/"' in quiet
    assert 'href="https://elsewhere.example/tester"' in quiet

    coming = shown(state="upcoming", next=SHOW)
    assert '<h1 data-slot="title">Songs &amp; a kettle</h1>' in coming
    assert 'datetime="2027-03-04T19:00:00+00:00"' in coming
    assert 'href="/live/shows.ics"' in coming
    assert "<strong>tea</strong>" in coming
    assert "For members" in coming
    assert "c-640.webp 640w" in coming

    on = shown(state="live", show=SHOW, since="2027-03-04T19:00:00+00:00")
    assert '<h1 data-slot="title">Songs &amp; a kettle</h1>' in on
    assert "switch JavaScript on and open this page again. The chat needs JavaScript, too." in on
    assert "<video" not in on


def test_what_the_script_shows_later_has_a_part_in_every_language(site: dict[str, bytes]) -> None:
    for key in ("live/index.html", "de/live/index.html", "index.html"):
        html = site[key].decode()
        assert set(re.findall(r'data-view="(\w+)"', html)) == {"live", "upcoming", "offline", "ended", "wall", "poster"}


def test_every_word_of_the_player_is_there_in_every_language() -> None:
    used = set()
    for script in (ROOT / "static/js/parts").glob("player*.js"):
        used |= set(re.findall(r"\bwords\.(\w+)", script.read_text(encoding="utf-8")))
    for locale in ("en", "de"):
        texts = tomllib.loads((ROOT / f"locales/live/{locale}.toml").read_text(encoding="utf-8"))["player"]
        assert used <= set(texts)


def test_where_live_is_off_no_page_asks_what_is_on_air(build: Build) -> None:
    creator = a_creator(switches={"live": {"enabled": False}})
    built = everything(build(creator, roots=(ROOT,)).folder)
    for key, content in built.items():
        if key.endswith(".html"):
            assert b"data-live" not in content, key
