"""What the privacy page promises holds for every feature."""

from datetime import timedelta

from frontend_template.render import ROOT
from frontend_template.texts import Texts
from lambdas.core.references import load
from lambdas.features.registry import FEATURES
from lambdas.platform.routing import extras
from lambdas.web.app import GENERAL_LIMIT


def test_no_address_is_counted_for_longer_than_the_page_says() -> None:
    assert "over an hour at most" in Texts((ROOT,)).keys("site", "en")["site.privacy.visit.limits"]
    routers = [load(reference) for f in FEATURES for reference in (f.api, f.studio, f.webhooks) if reference]
    limits = [limit for router in routers for handler in router._routes.values() for limit in extras(handler).limits]
    assert limits
    assert max(limit.per for limit in (GENERAL_LIMIT, *limits)) <= timedelta(hours=1)
