"""What a page may reach beside the site: what live needs where it is on, and nothing anywhere else."""

from typing import Any, Literal

import pytest

from lambdas.core.feature import Feature, FeatureConfig
from lambdas.web import edge
from tests.creators import a_creator


class Playing(FeatureConfig):
    player: Literal["hls", "ivs"] = "hls"


LIVE: Feature[Any] = Feature(name="live", config=Playing)
CHAT: Feature[Any] = Feature(name="chat", config=FeatureConfig)
VIDEOS: Feature[Any] = Feature(name="videos", config=FeatureConfig)


def directives(media: edge.MediaOrigins) -> dict[str, set[str]]:
    parts = (directive.split(" ") for directive in edge.content_security_policy(media).split("; "))
    return {name: {*sources} for name, *sources in parts}


def cloud(*features: Feature[Any], player: str = "hls") -> dict[str, set[str]]:
    switches = {"live": {"player": player}} if LIVE in features else {}
    creator = a_creator(features=features, switches=switches)
    return directives(edge.media_origins(creator, features))


def test_without_live_a_page_reaches_the_site_alone() -> None:
    policy = cloud()
    for name in ("connect-src", "font-src", "img-src", "script-src", "style-src", "worker-src", "form-action"):
        assert policy[name] == {"'self'"}
    assert policy["media-src"] == {"'self'", "blob:"}
    assert policy["default-src"] == policy["frame-ancestors"] == {"'none'"}
    assert policy["require-trusted-types-for"] == {"'script'"}


def test_live_opens_what_its_player_needs_and_chat_its_one_host() -> None:
    policy = cloud(LIVE, CHAT)
    assert policy["connect-src"] == {
        "'self'",
        "https://*.live-video.net",
        "wss://edge.ivschat.eu-central-1.amazonaws.com",
    }
    assert policy["media-src"] == {"'self'", "blob:", "data:", "https://*.live-video.net"}
    assert policy["worker-src"] == {"'self'", "blob:"}
    assert policy["script-src"] == policy["img-src"] == {"'self'"}


def test_recordings_are_played_by_the_same_player_and_come_from_the_site() -> None:
    policy = cloud(VIDEOS)
    assert policy["worker-src"] == {"'self'", "blob:"}
    assert policy["media-src"] == {"'self'", "blob:", "data:"}
    assert policy["connect-src"] == {"'self'"}


def test_live_without_chat_reaches_no_chat() -> None:
    assert not [source for source in cloud(LIVE)["connect-src"] if source.startswith("ws")]


@pytest.mark.parametrize(("player", "wasm"), [("hls", False), ("ivs", True)])
def test_only_the_player_that_is_made_of_webassembly_may_compile_it(player: str, wasm: bool) -> None:
    assert ("'wasm-unsafe-eval'" in cloud(LIVE, player=player)["script-src"]) is wasm


def test_on_a_laptop_it_is_the_media_process_and_nobody_else() -> None:
    here = edge.MediaOrigins(player=True, playback=("http://127.0.0.1:4000",), chat=("ws://127.0.0.1:4000",))
    policy = directives(here)
    assert policy["connect-src"] == {"'self'", "http://127.0.0.1:4000", "ws://127.0.0.1:4000"}
    assert policy["media-src"] == {"'self'", "blob:", "data:", "http://127.0.0.1:4000"}


def test_every_header_goes_with_every_policy() -> None:
    headers = edge.security_headers(edge.NO_MEDIA)
    assert {*headers} == {"content-security-policy", *edge.FIXED_HEADERS}
    assert "unsafe-inline" not in headers["content-security-policy"]
