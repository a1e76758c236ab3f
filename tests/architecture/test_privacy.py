"""What the privacy page promises holds for every feature."""

from datetime import timedelta

from frontend_template.render import ROOT
from frontend_template.texts import Texts
from lambdas.core.references import load
from lambdas.features.accounts import arriving, codes, deletion, step_cookie, tries
from lambdas.features.registry import FEATURES
from lambdas.platform import audit, sessions
from lambdas.platform.routing import extras
from lambdas.web.app import GENERAL_LIMIT


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
