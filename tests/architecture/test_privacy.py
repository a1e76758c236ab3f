"""What the privacy page promises holds for every feature."""

from datetime import timedelta
from typing import Any

import pytest

from frontend_template.manifest import AssetManifest
from frontend_template.render import ROOT, Renderer
from frontend_template.texts import Texts
from lambdas.core.creator import Locale
from lambdas.core.references import load
from lambdas.features.accounts import arriving, codes, deletion, step_cookie, tries
from lambdas.features.live import playback as live_playback
from lambdas.features.registry import FEATURES, active_features
from lambdas.features.videos import playback as video_playback
from lambdas.features.videos import progress
from lambdas.platform import audit, sessions, signed_media
from lambdas.platform.routing import extras
from lambdas.web.app import GENERAL_LIMIT
from tests.creators import a_creator
from tests.published import published_site


def test_no_address_is_counted_for_longer_than_the_page_says() -> None:
    assert "over an hour at most" in Texts((ROOT,)).keys("site", "en")["site.privacy.visit.limits"]
    routers = [load(reference) for f in FEATURES for reference in (f.api, f.account, f.studio, f.webhooks) if reference]
    limits = [limit for router in routers for handler in router._routes.values() for limit in extras(handler).limits]
    assert limits
    assert max(tries.PER, *(limit.per for limit in (GENERAL_LIMIT, *limits))) <= timedelta(hours=1)


def test_cookies_and_sessions_are_what_the_page_says() -> None:
    said = Texts((ROOT,)).keys("site", "en")["site.privacy.account.session"]
    assert f"a cookie ({sessions.COOKIE}) names your session" in said
    assert f"after {sessions.IDLE.days} days without a visit, and after {sessions.ABSOLUTE.days} days" in said
    longest = max(codes.LASTS, arriving.SECOND_FACTOR_LASTS)
    assert f"a second cookie ({step_cookie.COOKIE}) keeps for at most {longest.seconds // 60} minutes" in said


def test_what_is_kept_of_an_account_ends_when_the_page_says() -> None:
    said = Texts((ROOT,)).keys("site", "en")
    assert f"deleted {deletion.GRACE.days} days after" in said["site.privacy.account.end"]
    assert "kept for two years" in said["site.privacy.account.team"]
    assert timedelta(days=365 * 2) >= audit.KEPT
    assert "over a quarter of an hour" in said["site.privacy.account.guard"]
    assert timedelta(minutes=15) == tries.PER


def test_what_watching_leaves_behind_is_what_the_page_says() -> None:
    said = Texts((ROOT,)).keys("site", "en")
    assert f"for {live_playback.ROWS_KEPT.days} days" in said["site.privacy.live.kept"]
    assert f"deleted {progress.KEPT.days} days after" in said["site.privacy.videos.text"]
    assert all(name in said["site.privacy.videos.cookies"] for name in signed_media.NAMES)
    assert f"at most {video_playback.LASTS.seconds // 3600} hours" in said["site.privacy.videos.cookies"]


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_page_speaks_of_live_chat_and_videos_where_they_are_on_and_only_there(locale: Locale) -> None:
    manifest = AssetManifest.model_validate_json((published_site() / "assets/manifest.json").read_bytes())

    def page(**switches: Any) -> str:
        creator = a_creator(switches=switches)
        return Renderer(creator, active_features(creator), manifest).page("/privacy/", locale)

    on = page(chat={"keep_days": 14})
    parts = ("Amazon IVS", "CloudFront-Policy", "14 ")
    assert [part in on for part in parts] == [True] * 3
    off = page(live={"enabled": False}, chat={"enabled": False}, videos={"enabled": False})
    assert not any(part in off for part in parts[:2])
    said = Texts((ROOT,)).keys("site", locale)
    for feature in ("live", "chat", "videos"):
        assert (said[f"site.privacy.{feature}.title"] in on, said[f"site.privacy.{feature}.title"] in off) == (
            True,
            False,
        )
